"""Every field of every body that starts work does what its name says: a field without a case here fails."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from marshmallow import Schema

from app_parts import Json, Server
from chunksmith.web.schemas.documents import ProcessIn
from chunksmith.web.schemas.extraction import ExtractionIn, ParametersIn
from chunksmith.web.schemas.generation import GenerateIn
from chunksmith.web.schemas.taxonomies import ExtendTaxonomyIn, GenerateTaxonomyIn
from fake_llm import FakeLLM
from field_cases import Case, Material, plain, prepared, resolved, seen_of

TAXONOMY, EXTRACT = {"data_source": "Taxonomy"}, {"data_source": "Extract"}
SPLITS = {"include_evaluation_sets": True}
RATIOS = {"train": 0.34, "validation": 0.33, "test": 0.33}
# A ceiling that one call would cross.
LITTLE = "0.0000001"

GENERATION = {
    "project_id": Case({"project_id": lambda made: made.elsewhere}, material="elsewhere"),
    "data_source": Case(TAXONOMY, material="taxonomies"),
    "extraction_file_id": Case(
        {"extraction_file_id": lambda made: made.extractions[0]}, EXTRACT, "sent", "extractions"
    ),
    "selected_categories": Case({"selected_categories": ["Rocks"]}, TAXONOMY, "sent", "taxonomies"),
    "prompt_name": Case({"prompt_name": lambda made: made.prompt}, material="prompt"),
    "custom_prompt": Case({"custom_prompt": "Ask about {chunk}"}),
    "generation_mode": Case({"generation_mode": "summarization"}),
    "format_type": Case({"format_type": "parquet"}, facet="status"),
    "concurrency": Case({"concurrency": 3}, facet="in_flight"),
    "batch_size": Case({"batch_size": 2}, facet="status"),
    "include_evaluation_sets": Case(SPLITS, {}, "entries", "many"),
    "split_ratios": Case({"split_ratios": RATIOS}, SPLITS, "entries", "many"),
    "split_seed": Case({"split_seed": 5}, SPLITS, "entries", "many"),
    "taxonomy_project": Case({"taxonomy_project": lambda made: made.elsewhere}, TAXONOMY, "sent", "taxonomies"),
    "taxonomy_name": Case({"taxonomy_name": "Old"}, TAXONOMY, "sent", "taxonomies"),
    "output_dir": Case({"output_dir": "below"}, facet="status"),
    "analyze_quality": Case({"analyze_quality": False}, facet="entries"),
    "quality_threshold": Case({"quality_threshold": 1.0}, facet="end"),
    "quality_filter": Case({"quality_filter": True}, {"quality_threshold": 0.95}, "entries"),
    "enable_versioning": Case({"enable_versioning": True}, {"dataset_name": "Named"}, None),
    "dataset_name": Case({"dataset_name": "Named"}, facet="dataset"),
    "run_benchmarks": Case({"run_benchmarks": True}, facet=None),
    "benchmark_suite": Case({"benchmark_suite": "mmlu"}, {"run_benchmarks": True}, None),
    "parsing_model": Case({"parsing_model": "grok"}, material="scan"),
    "chunking_model": Case({"chunking_model": "grok"}, {"chunk_strategy": "semantic"}, "sent", "text"),
    "classification_model": Case({"classification_model": "grok"}),
    "generation_model": Case({"generation_model": "grok"}),
    "judge_model": Case({"judge_model": "grok"}),
    "datasets_per_chunk": Case({"datasets_per_chunk": 1}),
    "only_validated": Case({"only_validated": True}, EXTRACT, "sent", "extractions"),
    "max_cost_usd": Case({"max_cost_usd": LITTLE}, {"generation_model": "grok"}, "end"),
    "max_calls": Case({"max_calls": 2}, facet="end"),
    "reuse": Case({"reuse": True}, facet="reused"),
    "seed": Case({"seed": 4}),
    "temperature": Case({"temperature": 0.9}),
    "max_tokens": Case({"max_tokens": 777}),
    "audience": Case({"audience": "people of Ghent"}),
    "purpose": Case({"purpose": "an exam in Ghent"}),
    "domain": Case({"domain": "trades of Ghent"}),
    "complexity_level": Case({"complexity_level": "hard"}),
    "few_shot": Case({"few_shot": 1}, material="approved"),
    "deduplicate": Case({"deduplicate": "drop"}, {}, "entries", "repeated"),
    "deduplicate_against": Case({"deduplicate_against": lambda made: [made.known]}, {}, "entries", "known"),
    "contamination_against": Case({"contamination_against": lambda made: [made.known]}, {}, "entries", "known"),
    "contamination_action": Case(
        {"contamination_action": "drop"}, {"contamination_against": lambda made: [made.known]}, "entries", "known"
    ),
    "fill_gaps": Case({"fill_gaps": True}, {}, "sent", "known"),
    "fill_gaps_of": Case({"fill_gaps_of": lambda made: made.known}, {"fill_gaps": True}, "sent", "two known"),
    "document_ids": Case({"document_ids": lambda made: made.documents[:1]}),
    "chunk_strategy": Case({"chunk_strategy": "character"}, {"chunk_size": 90}, "sent", "text"),
    "chunk_size": Case({"chunk_size": 60}, material="text"),
    "chunk_overlap": Case({"chunk_overlap": 50}, {"chunk_size": 200, "chunk_strategy": "character"}, "sent", "text"),
    "chunk_delimiter": Case(
        {"chunk_delimiter": "kiln"}, {"chunk_strategy": "delimiter", "chunk_size": 60}, "sent", "text"
    ),
}
SECOND = {"enable_validation_stage": True}
EXTRACTION = {
    "project_id": Case({"project_id": lambda made: made.elsewhere}, facet="refused", material="taxonomies"),
    "taxonomy_id": Case({"taxonomy_id": lambda made: made.taxonomies[0]}, material="taxonomies"),
    "selected_categories": Case({"selected_categories": ["Rocks"]}, material="taxonomies"),
    "initial_classifier": Case({"initial_classifier": "grok"}, material="taxonomies"),
    "enable_validation_stage": Case(SECOND, material="taxonomies"),
    "validation_classifier": Case({"validation_classifier": "grok"}, SECOND, "sent", "taxonomies"),
    "extraction_type": Case({"extraction_type": "whole_text"}, material="taxonomies"),
    "extraction_mode": Case({"extraction_mode": "document_wide"}, material="taxonomies"),
    "parameters": Case({"parameters": {"max_chunks": 2}}, material="taxonomies"),
    "concurrency": Case({"concurrency": 3}, {}, "in_flight", "taxonomies"),
    "max_calls": Case({"max_calls": 1}, facet="end", material="taxonomies"),
    "max_cost_usd": Case({"max_cost_usd": LITTLE}, {"initial_classifier": "grok"}, "end", "taxonomies"),
    "reuse": Case({"reuse": True}, facet="reused", material="taxonomies"),
    "document_ids": Case({"document_ids": lambda made: made.documents[:1]}, material="taxonomies"),
}
PARAMETERS = {
    "confidence_threshold": Case({"parameters": {"confidence_threshold": 1.0}}, {}, "results", "taxonomies"),
    "max_chunks": Case({"parameters": {"max_chunks": 2}}, material="taxonomies"),
}
MAKING = {
    "model": Case({"model": "grok"}),
    "category_limits": Case({"category_limits": [2, 1]}),
    "specificity": Case({"specificity": "high"}),
    "domain": Case({"domain": "trades of Ghent"}),
    "sample_size": Case({"sample_size": 1}),
    "document_ids": Case({"document_ids": lambda made: made.documents[:1]}),
    "max_calls": Case({"max_calls": 1}, {"mode": "complete"}, "end"),
    "max_cost_usd": Case({"max_cost_usd": LITTLE}, {"model": "grok"}, "end"),
    "reuse": Case({"reuse": True}, facet="reused"),
}
TAXONOMY_GENERATION = MAKING | {
    "project_id": Case({"project_id": lambda made: made.elsewhere}, material="elsewhere"),
    "name": Case({"name": "Another"}, facet="taxonomies"),
    "description": Case({"description": "About Ghent"}, facet="taxonomies"),
    "mode": Case({"mode": "complete"}, {"sample_size": 1}),
    "depth": Case({"depth": 1}),
    "max_calls": Case({"max_calls": 1}, {"mode": "complete"}, "end", "wide"),
    "concurrency": Case({"concurrency": 2}, {"mode": "complete"}, "in_flight", "wide"),
}
EXTENSION = {name: Case(case.changed, case.base, case.facet, "taxonomies") for name, case in MAKING.items()} | {
    "taxonomy_id": Case({"taxonomy_id": lambda made: made.taxonomies[0]}, material="taxonomies"),
    "levels": Case({"levels": 3}, material="taxonomies"),
    "category_limits": Case({"category_limits": [2]}, material="taxonomies"),
    "selected_categories": Case({"selected_categories": ["Granite"]}, material="taxonomies"),
    "max_calls": Case({"max_calls": 1}, facet="end", material="taxonomies"),
    "concurrency": Case({"concurrency": 3}, {}, "in_flight", "taxonomies"),
}
PROCESSING = {
    "project_id": Case({"project_id": lambda made: made.project + 1_000}, facet="refused", material="text"),
    "document_ids": Case({"document_ids": lambda made: [made.documents[0] + 1_000]}, facet="refused", material="text"),
    "parsing_model": Case({"parsing_model": "grok"}, material="scan"),
    "chunking_model": Case({"chunking_model": "grok"}, {"chunk_strategy": "semantic"}, "sent", "text"),
    "chunk_strategy": Case({"chunk_strategy": "character"}, {"chunk_size": 90}, "chunks", "text"),
    "chunk_size": Case({"chunk_size": 60}, facet="chunks", material="text"),
    "chunk_overlap": Case({"chunk_overlap": 50}, {"chunk_size": 200, "chunk_strategy": "character"}, "chunks", "text"),
    "chunk_delimiter": Case(
        {"chunk_delimiter": "kiln"}, {"chunk_strategy": "delimiter", "chunk_size": 60}, "chunks", "text"
    ),
    "concurrency": Case({"concurrency": 2}, {"parsing_model": "grok"}, "in_flight", "new scan"),
    "max_calls": Case({"max_calls": 1}, {"parsing_model": "grok"}, "end", "new scan"),
    "max_cost_usd": Case({"max_cost_usd": LITTLE}, {"parsing_model": "grok"}, "end", "new scan"),
}


async def dataset(server: Server, seen: Json, made: Material) -> Json:
    shown = await server.get(f"datasets/{seen['job']}")
    found = (await server.get(f"datasets/{seen['job']}/entries?per_page=1000"))["entries"]
    return {"dataset": plain(shown), "entries": plain(found)}


async def results(server: Server, seen: Json, made: Material) -> Json:
    return {"results": plain((await server.get(f"extraction/{seen['job']}/results"))["results"])}


async def taxonomies(server: Server, seen: Json, made: Material) -> Json:
    listed = (await server.get(f"taxonomy?project_id={made.project}"))["taxonomies"]
    return {"taxonomies": [[one["name"], one["description"], one["nodes"]] for one in listed]}


async def chunks(server: Server, seen: Json, made: Material) -> Json:
    listed = (await server.get(f"chunks/project/{made.project}?per_page=1000"))["chunks"]
    return {"chunks": [[one["text"], one["start"], one["end"]] for one in listed]}


@dataclass(frozen=True)
class Endpoint:
    """``usual`` is what every request names; ``left`` is what a job leaves behind."""

    path: str
    schema: type[Schema]
    usual: Json
    left: Callable[[Server, Json, Material], Awaitable[Json]]
    cases: dict[str, Case]


NO_REUSE = {"project_id": lambda made: made.project, "reuse": False}
ENDPOINTS = {
    "generate": Endpoint(
        "datasets/generate", GenerateIn, {**NO_REUSE, "generation_model": "ollama"}, dataset, GENERATION
    ),
    "extraction": Endpoint(
        "extraction",
        ExtractionIn,
        {**NO_REUSE, "taxonomy_id": lambda made: made.taxonomies[1], "initial_classifier": "ollama"},
        results,
        EXTRACTION,
    ),
    "extraction parameters": Endpoint(
        "extraction",
        ParametersIn,
        {**NO_REUSE, "taxonomy_id": lambda made: made.taxonomies[1], "initial_classifier": "ollama"},
        results,
        PARAMETERS,
    ),
    "taxonomy": Endpoint(
        "taxonomy/generate",
        GenerateTaxonomyIn,
        {**NO_REUSE, "model": "ollama", "name": "N"},
        taxonomies,
        TAXONOMY_GENERATION,
    ),
    "extend": Endpoint(
        "taxonomy/extend",
        ExtendTaxonomyIn,
        {"taxonomy_id": lambda made: made.taxonomies[1], "model": "ollama", "reuse": False},
        taxonomies,
        EXTENSION,
    ),
    "process": Endpoint("documents/process", ProcessIn, {"project_id": lambda made: made.project}, chunks, PROCESSING),
}
ALL = [(endpoint, name) for endpoint, one in ENDPOINTS.items() for name in one.cases]


@pytest.mark.parametrize("name", ENDPOINTS)
def test_every_field_has_a_case(name: str) -> None:
    endpoint = ENDPOINTS[name]
    assert set(endpoint.cases) == set(endpoint.schema().fields)


@pytest.mark.slow
@pytest.mark.parametrize(("endpoint", "name"), ALL, ids=lambda part: part.replace(" ", "-"))
async def test_a_field_has_the_effect_that_it_is_for(server: Server, fake: FakeLLM, endpoint: str, name: str) -> None:
    where = ENDPOINTS[endpoint]
    case = where.cases[name]
    before = await _run(server, fake, where, case, {})
    after = await _run(server, fake, where, case, case.changed)
    if case.facet == "refused":
        assert "refused" in after
        assert "refused" not in before
        return
    assert "refused" not in before, before
    assert "refused" not in after, after
    facets = [case.facet] if case.facet is not None else [*before]
    assert any(before[facet] != after[facet] for facet in facets), facets


@pytest.mark.slow
@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_without_a_change_nothing_changes(server: Server, fake: FakeLLM, endpoint: str) -> None:
    """Else a difference would say nothing."""
    where = ENDPOINTS[endpoint]
    for material in sorted({case.material for case in where.cases.values()} - {"approved", "new scan", "prompt"}):
        first, second = [await _run(server, fake, where, Case({}, {}, material=material), {}) for _ in range(2)]
        assert first == second, material


async def _run(server: Server, fake: FakeLLM, where: Endpoint, case: Case, changed: Any) -> Json:
    made = await prepared(server, case.material)
    body = resolved({**where.usual, **case.base, **changed}, made)
    seen = await seen_of(server, fake, where.path, body, case.facet == "in_flight")
    if "refused" in seen:
        return seen
    left = await where.left(server, seen, made)
    return {name: value for name, value in (seen | left).items() if name != "job"}
