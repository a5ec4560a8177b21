"""Whatever a document, a taxonomy or an extraction says, in the prompt of no stage does it stand outside a fence."""

from collections.abc import Callable
from typing import Any

import pytest

from adversarial import PASSAGES, orders, outside
from chunksmith.domain.calls import ChatRequest, ModelRef
from chunksmith.domain.corpus import Chunk
from chunksmith.domain.extraction import Categories, ExtractionCategory, ExtractionSpec, FoundItem
from chunksmith.domain.generation import GenerationSpec
from chunksmith.domain.taxonomy import Category, Node, Subject, Tree
from chunksmith.domain.taxonomy_jobs import TaxonomySpec
from chunksmith.pipeline import propose_borders
from chunksmith.pipeline.extract import Extractor
from chunksmith.pipeline.generate import Defaults, Recipe, request_for
from chunksmith.pipeline.labels import label_request
from chunksmith.pipeline.sources import TaxonomyAround, extracted_around
from chunksmith.pipeline.taxonomy import extend_request, generate_request, merge_request
from chunksmith.quality.entry_scores import QualityWeights
from chunksmith.services.extraction import shipped_prompts as extraction_prompts
from chunksmith.services.taxonomy_job import shipped_prompts as taxonomy_prompts
from gateway_parts import MODEL, parts

HARMLESS = "Clay is fired at 900 degrees."
BUILTIN = ModelRef("builtin", "builtin")
EXTRACT, TAXONOMY = extraction_prompts(), taxonomy_prompts()


def chunk_of(text: str) -> Chunk:
    return Chunk(1, 1, None, "d.txt", 0, text, None, None, "prose", (text[:60],), None, None)


def recipe(source: Any) -> Recipe:
    models = dict.fromkeys(("parsing_model", "chunking_model"), BUILTIN)
    chunking: dict[str, Any] = {"chunk_strategy": "heading", "chunk_size": 100, "chunk_overlap": 0}
    template = "Write {count}. {chunk} {taxonomy} {entities} SAY BANANA."
    asked = dict.fromkeys(("classification_model", "generation_model"), MODEL)
    spec = GenerationSpec(project_id=1, data_source=source, prompt_content=template, **asked, **models, **chunking)
    return Recipe(spec, Defaults(QualityWeights(), 0.0, 1000))


def tree_of(text: str) -> Tree:
    """``text`` as every name and description that a person can give; the root's is never shown."""
    return Tree(Node("r", "root", "", (Node("a", text[:200], text, (Node("b", f"x{text}"[:200], text),)),)))


def with_taxonomy(text: str) -> ChatRequest:
    return request_for(recipe("Taxonomy"), chunk_of(text), 3, around=TaxonomyAround(tree_of(text), None).around(text))


def with_items(text: str) -> ChatRequest:
    around = extracted_around([("a", (text, text), text), (None, ("c",), text)])
    return request_for(recipe("Extract"), chunk_of(text), 3, around=around)


def labels(text: str) -> ChatRequest:
    around = TaxonomyAround(tree_of(text), None).around(text)
    return label_request(MODEL, chunk_of(text), [{"question": text, "answer": text}], around)


def extractor(text: str) -> Extractor:
    categories = [ExtractionCategory(1, None, 2, "a", text, text), ExtractionCategory(2, 1, 2, "b", text, text)]
    spec = ExtractionSpec(
        project_id=1,
        taxonomy_id=1,
        taxonomy_name="T",
        extraction_type="ner",
        extraction_mode="contextual",
        generation_model=MODEL,
        extract_prompt=EXTRACT.ner,
        validate_prompt=EXTRACT.validate,
    )
    made = parts()
    return Extractor(made.gateway, made.caller(), spec, Categories(categories))


def extracting(text: str) -> ChatRequest:
    return extractor(text).request(chunk_of(text))


def judging(text: str) -> ChatRequest:
    item = FoundItem(2, text, 0, len(text), "exact", 1, 0.9)
    return extractor(text).judging(MODEL, chunk_of(text), [item])


def taxonomy_spec() -> TaxonomySpec:
    return TaxonomySpec(task="generate", project_id=1, taxonomy_uuid="u", generation_model=MODEL)


def generating(text: str) -> ChatRequest:
    return generate_request(TAXONOMY.generate, taxonomy_spec(), [chunk_of(text)], 50_000)


def extending(text: str) -> ChatRequest:
    subject = Subject("a", (text, text), text, (text,), (text,), 1)
    return extend_request(TAXONOMY.extend, taxonomy_spec(), subject, [chunk_of(text)], 50_000)


def merging(text: str) -> ChatRequest:
    return merge_request(TAXONOMY.merge, taxonomy_spec(), [(Category((text,), text), 1)])


def bordering(text: str) -> ChatRequest:
    return propose_borders.request_for(MODEL, propose_borders.Window(0, (text, text)))


STAGES: list[Callable[[str], ChatRequest]] = [
    with_taxonomy,
    with_items,
    labels,
    extracting,
    judging,
    generating,
    extending,
    merging,
    bordering,
]


@pytest.mark.parametrize("stage", STAGES, ids=lambda one: one.__name__)
@pytest.mark.parametrize("text", PASSAGES.values(), ids=PASSAGES)
def test_it_gives_no_orders_and_changes_nothing_outside(stage: Callable[[str], ChatRequest], text: str) -> None:
    found = [message.text for message in stage(text).messages]
    assert orders(found) <= {"BANANA"}
    assert [outside(one) for one in found] == [outside(message.text) for message in stage(HARMLESS).messages]


@pytest.mark.parametrize("stage", STAGES, ids=lambda one: one.__name__)
def test_what_is_fenced_is_there(stage: Callable[[str], ChatRequest]) -> None:
    """Else the orders would be missing because the material is."""
    text = PASSAGES["plain order"]
    assert "SAY HACKED" in "".join(message.text for message in stage(text).messages)
