"""What can be said of a request to generate by itself, and the draft in which all faults gather."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import PurePosixPath
from typing import Any

from chunksmith.domain.calls import ModelRef
from chunksmith.domain.corpus import FailedDocument, ProcessOptions
from chunksmith.domain.curation import SPLITS
from chunksmith.domain.generation import DataSource, GenerationSpec, parse_model
from chunksmith.domain.paging import Page
from chunksmith.errors import (
    Fault,
    InvalidRequest,
    ProviderNotConfigured,
)
from chunksmith.exports.formats import format_named
from chunksmith.gateway.pricing import NANO
from chunksmith.services.gathering import Gathered
from chunksmith.services.processing import DELIMITER_UNREAD

RATIO_TOLERANCE = 1e-6
MODEL_FIELDS = ("parsing_model", "chunking_model", "classification_model", "generation_model", "judge_model")
CHUNKING_FIELDS = ("chunk_strategy", "chunk_size", "chunk_overlap", "chunk_delimiter")
# Fields that some data sources use: with the others accepted, and named in the answer's warnings.
WITHOUT_EFFECT: dict[str, tuple[Any, str, tuple[DataSource, ...]]] = {
    "extraction_file_id": (None, "only the data source Extract reads an extraction job", ("Extract",)),
    "selected_categories": (
        None,
        "with Chunks Only there are no categories to filter by",
        ("Taxonomy", "Extract"),
    ),
    "only_validated": (False, "only the data source Extract has validated results", ("Extract",)),
    "taxonomy_project": (None, "only the data source Taxonomy reads a taxonomy", ("Taxonomy",)),
    "taxonomy_name": (None, "only the data source Taxonomy reads a taxonomy", ("Taxonomy",)),
}


@dataclass
class Draft(Gathered):
    """A request while it is looked at; nothing is started."""

    values: Mapping[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def missing_key(self, name: str, provider: str) -> None:
        self.refuse(name, ProviderNotConfigured(provider))


def parse_usd(text: str, pointer: str = "/max_cost_usd") -> int:
    """A decimal amount of dollars as nano-dollars. Errors: InvalidRequest."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 < amount <= 1_000_000:
        raise InvalidRequest.field(pointer, 'must be an amount in USD above 0, such as "2.50"')
    return int((amount * NANO).to_integral_value())


def faults_of(values: Mapping[str, Any]) -> list[Fault]:
    """What is wrong with a request by itself, whatever is stored or set up. Fields may be missing from ``values``."""
    draft = Draft(values=values)
    check_unused_fields(draft)
    check_filter(draft)
    check_judge(draft)
    check_splits(draft)
    check_versioning(draft)
    if "format_type" in values:
        check_format(draft)
    if "output_dir" in values:
        folder_of(draft)
    for name in MODEL_FIELDS:
        if values.get(name) is not None:
            with draft.gathering(name):
                parse_model(values[name], {}, f"/{name}")
    if values.get("max_cost_usd") is not None:
        with draft.gathering("max_cost_usd"):
            parse_usd(str(values["max_cost_usd"]))
    return draft.faults


def check_filter(draft: Draft) -> None:
    if draft.values.get("quality_filter") and draft.values.get("analyze_quality") is False:
        draft.fault("quality_filter", "needs analyze_quality: true, there is no score without it")
    if draft.values.get("quality_threshold") and draft.values.get("analyze_quality") is False:
        draft.fault("quality_threshold", "needs analyze_quality: true, there is no score without it")


def check_judge(draft: Draft) -> None:
    judge = draft.values.get("judge_model")
    if judge is None:
        return
    if draft.values.get("analyze_quality") is False:
        draft.fault("judge_model", "needs analyze_quality: true, it judges what the scores measure")
    if str(judge).strip().partition("/")[0] == "builtin":
        draft.warnings.append("judge_model has no effect: builtin works by rules, which are the scores themselves")


def check_splits(draft: Draft) -> None:
    ratios = draft.values.get("split_ratios")
    shares = [ratios.get(name) for name in SPLITS] if ratios is not None else []
    if ratios is not None and None not in shares:  # what cannot be read is told already
        if abs(sum(shares) - 1) > RATIO_TOLERANCE:
            draft.fault("split_ratios", "train, validation and test must add up to 1")
        elif not ratios["train"]:
            draft.fault("split_ratios", "train must be above 0")
    if draft.values.get("fill_gaps_of") is not None and draft.values.get("fill_gaps") is False:
        draft.warnings.append("fill_gaps_of has no effect without fill_gaps")
    if draft.values.get("include_evaluation_sets") is False:
        for name in ("split_ratios", "split_seed"):
            if draft.values.get(name) is not None:
                draft.warnings.append(f"{name} has no effect: there are no splits without include_evaluation_sets")


def check_overridden(draft: Draft) -> None:
    """``overridden``: fields whose ``false`` an evaluation dataset does not heed."""
    for name in draft.values.get("overridden", ()):
        draft.warnings.append(f"{name}: false has no effect: an evaluation dataset has splits and scores")


def check_versioning(draft: Draft) -> None:
    if draft.values.get("enable_versioning") and not draft.values.get("dataset_name"):
        draft.fault("dataset_name", "needed with enable_versioning: versions are told by it")


def check_unused_fields(draft: Draft) -> None:
    source = draft.values.get("data_source", "Chunks Only")
    for name, (default, why, used_by) in WITHOUT_EFFECT.items():
        if source not in used_by and draft.values.get(name, default) not in (default, [], ""):
            draft.warnings.append(f"{name} has no effect: {why}")
    if draft.values.get("benchmark_suite", "glue") != "glue" and not draft.values.get("run_benchmarks"):
        draft.warnings.append("benchmark_suite has no effect: only run_benchmarks reads it")


def check_reading(draft: Draft, models: Mapping[str, ModelRef], options: ProcessOptions, unread: bool) -> None:
    """Models that parse and split matter only where documents wait to be read."""
    what = "no document of the project waits to be"
    if not reads_documents(draft.values["data_source"]):
        what = "the data source Extract uses what was extracted already, no document is"
    for name in ("parsing_model", "chunking_model"):
        if models[name].provider != "builtin" and not unread:
            draft.warnings.append(f"{name} has no effect: {what} read")
    if not unread:
        for name in CHUNKING_FIELDS:
            if draft.values[name] is not None:
                draft.warnings.append(f"{name} has no effect: {what} chunked")
    elif options.chunk_delimiter is not None and options.chunk_strategy != "delimiter":
        draft.warnings.append(DELIMITER_UNREAD.format(options.chunk_strategy))


def check_format(draft: Draft) -> None:
    try:
        format_named(draft.values["format_type"])
    except InvalidRequest as exc:
        draft.faults.extend(exc.faults)


def folder_of(draft: Draft) -> str:
    """``output_dir`` as a plain relative path. Links are followed and checked where files are written."""
    text: str = draft.values["output_dir"]
    path = PurePosixPath(text.replace("\\", "/"))
    hidden = any(part.startswith(".") for part in path.parts)
    if path.is_absolute() or hidden or ":" in text or len(text) > 200 or any(not char.isprintable() for char in text):
        draft.fault("output_dir", "must be a folder under the project's dataset folder, without .. or a leading /")
    return str(path)


def what_is_missing(spec: GenerationSpec) -> Fault:
    """Where to look when there is nothing to generate from."""
    if spec.data_source == "Extract":
        return Fault(
            "/data_source",
            "nothing was extracted that this request may use: run POST /api/v1/extraction, import results, "
            "or leave out what narrows them (extraction_file_id, selected_categories, only_validated, document_ids)",
        )
    return no_chunks(spec.document_ids)


NONE_FAILED: Page[FailedDocument] = Page((), 0)


def no_chunks(document_ids: Sequence[int] | None, failed: Page[FailedDocument] = NONE_FAILED) -> Fault:
    """``failed``: those that could not be read; the first of them is named."""
    more = f" (and {failed.total - 1} more)" if failed.total > 1 else ""
    why = "".join(f"; {one.warning}{more}" for one in failed.items[:1])
    if document_ids is not None:
        return Fault("/document_ids", f"these documents have no chunks{why}")
    told = "has no chunks and no document that waits: upload documents, or import chunks"
    return Fault("/project_id", f"{told}{why}")


def reads_documents(source: DataSource) -> bool:
    """Whether documents that wait to be read are read first: nothing is extracted yet from those."""
    return source != "Extract"
