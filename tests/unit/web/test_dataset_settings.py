"""What is described of a dataset's settings is what a dataset keeps of its request."""

import json
from typing import Any

from chunksmith.domain.calls import ModelRef
from chunksmith.domain.generation import GenerationSpec
from chunksmith.web.schemas.dataset_settings import DatasetSettingsOut

KEPT_BESIDE = {"prompt_hash": "0a", "has_documents": True}
MODELS = ("parsing_model", "chunking_model", "classification_model", "generation_model")
LEAST: dict[str, Any] = {
    "project_id": 1,
    "prompt_content": "Ask.",
    "chunk_strategy": "heading",
    "chunk_size": 512,
    "chunk_overlap": 0,
    **{name: ModelRef("grok", "grok-4.3") for name in MODELS},
}
GIVEN: dict[str, Any] = {
    "data_source": "Extract",
    "taxonomy_name": "Clay",
    "taxonomy_id": "5f8f8c44-9f0e-4b43-8e59-7d6a3c1d2b11",
    "extraction_file_id": "extraction-1",
    "extraction_jobs": (1,),
    "extraction_categories": {1: (2,)},
    "selected_categories": ("kilns",),
    "dataset_name": "clay",
    "judge_model": ModelRef("ollama", "ollama"),
    "document_ids": (1, 2),
    "chunk_strategy": "delimiter",
    "chunk_delimiter": "---",
    "max_cost_nano": 1,
    "max_calls": 1,
    "seed": 1,
    "temperature": 0.5,
    "max_tokens": 100,
    "audience": "potters",
    "purpose": "tests",
    "domain": "clay",
    "complexity_level": "high",
    "run_benchmarks": True,
    "examples": ({"chunk_id": 1, "question": "Why?"},),
    "deduplicate_against": ("reference_1",),
    "contamination_against": ("reference_1",),
    "fill_gaps": True,
    "fill_gaps_of": "dataset_1",
    "warnings": ("nothing",),
}


def kept(**given: Any) -> dict[str, Any]:
    """Settings as they are stored."""
    summary = GenerationSpec(**LEAST | given).summary()
    return dict(json.loads(json.dumps(summary | KEPT_BESIDE)))


def test_settings_that_nobody_gave_are_not_required() -> None:
    assert DatasetSettingsOut().validate(kept()) == {}


def test_every_setting_is_described_and_nothing_else() -> None:
    settings = kept(**GIVEN)
    assert DatasetSettingsOut().validate(settings) == {}
    assert set(settings) == set(DatasetSettingsOut().fields)
