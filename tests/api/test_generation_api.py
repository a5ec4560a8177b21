"""Generation through the API, with each provider's wire faked."""

from pathlib import Path
from typing import Any

import pytest

from app_parts import PASSAGES, running_app, settings_for
from fake_llm import FakeLLM

SEED_EXAMPLE: dict[str, Any] = {
    "project_id": 1,
    "data_source": "Chunks Only",
    "prompt_name": "default",
    "custom_prompt": "Optional custom prompt content",
    "selected_categories": ["category1", "category2"],
    "generation_mode": "default",
    "format_type": "jsonl",
    "concurrency": 1,
    "batch_size": 50,
    "include_evaluation_sets": False,
    "taxonomy_project": None,
    "taxonomy_name": None,
    "output_dir": ".",
    "analyze_quality": True,
    "quality_threshold": 0.7,
    "enable_versioning": False,
    "dataset_name": None,
    "run_benchmarks": False,
    "benchmark_suite": "glue",
    "parsing_model": "gemini",
    "chunking_model": "gemini",
    "classification_model": "gemini",
    "datasets_per_chunk": 3,
    "only_validated": False,
}


@pytest.mark.parametrize("provider", ["gemini", "grok", "ollama"])
async def test_the_example_body_makes_a_dataset(tmp_path: Path, provider: str) -> None:
    models = {f"{stage}_model": provider for stage in ("parsing", "chunking", "classification")}
    async with FakeLLM() as fake, running_app(settings_for(tmp_path, fake)) as server:
        project = await server.project()
        status = await server.generate(SEED_EXAMPLE | models | {"project_id": project})
        assert status["result"]["outcomes"]["accepted"] == len(PASSAGES)
        assert fake.stats.chats == len(PASSAGES)
