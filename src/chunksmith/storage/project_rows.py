"""Which rows belong to a project, and which of their numbers mean rows of other tables.

An archive of a project has the rows as they are. Where they are put, numbers are taken by others: each space of numbers
is moved as a whole, so that order and every reference stay.
"""

from collections.abc import Mapping
from typing import NamedTuple

# An entry's row id has its dataset's number above these bits.
ENTRY_BITS = 36
# Tables whose ``id`` numbers rows that others refer to. ``entries`` move with their dataset.
SPACES = (
    "projects",
    "documents",
    "chunks",
    "readings",
    "taxonomies",
    "datasets",
    "feedback",
    "jobs",
    "job_events",
    "calls",
    "extraction_results",
    "dataset_versions",
)
ENTRIES = "entries"
_DOCUMENTS = "(SELECT id FROM documents WHERE project_id = :project)"
_DATASETS = "(SELECT id FROM datasets WHERE project_id = :project)"
_JOBS = "(SELECT id FROM jobs WHERE project_id = :project)"


class Copied(NamedTuple):
    """Rows of ``table`` for which ``condition`` holds; ``numbers`` are columns by the space their numbers are of.

    Shapes: ``json`` are columns whose JSON has numbers: by key, or ``""`` for a list of them. ``last`` are columns that
            are 0 until every row is there: triggers act on other tables' rows by them.
    """

    table: str
    condition: str
    numbers: Mapping[str, str]
    json: Mapping[str, Mapping[str, str]] = {}
    last: tuple[str, ...] = ()


_OF_JOB = f"job IN {_JOBS}"
_SPEC = {"project_id": "projects", "document_ids": "documents", "source_job": "jobs"}
# In an order in which what is referred to comes first.
COPIED = (
    Copied("projects", "id = :project", {"id": "projects"}),
    Copied("documents", "project_id = :project", {"id": "documents", "project_id": "projects"}),
    Copied("document_texts", f"document_id IN {_DOCUMENTS}", {"document_id": "documents"}),
    Copied("readings", f"document_id IN {_DOCUMENTS}", {"id": "readings", "document_id": "documents"}),
    Copied(
        "reading_pages",
        f"reading IN (SELECT id FROM readings WHERE document_id IN {_DOCUMENTS})",
        {"reading": "readings"},
    ),
    Copied("chunks", "project_id = :project", {"id": "chunks", "project_id": "projects", "document_id": "documents"}),
    Copied("taxonomies", "project_id = :project", {"id": "taxonomies", "project_id": "projects"}),
    Copied(
        "datasets",
        "project_id = :project",
        {"id": "datasets", "project_id": "projects"},
        {"settings": {"document_ids": "documents"}},
        ("states", "state", "changed"),
    ),
    Copied(
        "jobs",
        "project_id = :project",
        {"id": "jobs", "project_id": "projects", "dataset_id": "datasets"},
        {"spec": _SPEC},
    ),
    Copied("job_counters", _OF_JOB, {"job": "jobs"}),
    Copied("job_events", _OF_JOB, {"id": "job_events", "job": "jobs"}),
    Copied("job_inputs", _OF_JOB, {"job": "jobs"}),
    Copied("units", _OF_JOB, {"job": "jobs"}),
    Copied("batches", _OF_JOB, {"job": "jobs"}),
    Copied("calls", _OF_JOB, {"id": "calls", "job": "jobs"}),
    Copied("replies", f"call_id IN (SELECT id FROM calls WHERE {_OF_JOB})", {"call_id": "calls"}),
    Copied(
        "entries",
        f"dataset IN {_DATASETS}",
        {"id": ENTRIES, "dataset": "datasets", "chunk_id": "chunks", "call_id": "calls"},
    ),
    Copied("revisions", f"entry IN (SELECT id FROM entries WHERE dataset IN {_DATASETS})", {"entry": ENTRIES}),
    Copied("feedback", f"dataset IN {_DATASETS}", {"id": "feedback", "dataset": "datasets", "entry": ENTRIES}),
    Copied(
        "dataset_versions",
        "project_id = :project",
        {
            "id": "dataset_versions",
            "project_id": "projects",
            "dataset": "datasets",
            "content_of": "dataset_versions",
            "restored_to": ENTRIES,
            "job": "jobs",
        },
        {"settings": {"document_ids": "documents"}},
    ),
    Copied(
        "former_entries",
        f"dataset IN {_DATASETS}",
        {"entry": ENTRIES, "dataset": "datasets", "chunk_id": "chunks", "call_id": "calls"},
    ),
    Copied(
        "former_document_names",
        f"document_id IN {_DOCUMENTS}",
        {"document_id": "documents", "last_version": "dataset_versions"},
    ),
    Copied("extractions", "project_id = :project AND deleted_at IS NULL", {"job": "jobs", "project_id": "projects"}),
    Copied("extraction_categories", _OF_JOB, {"job": "jobs"}),
    Copied("extraction_items", _OF_JOB, {"job": "jobs", "chunk_id": "chunks"}),
    Copied(
        "extraction_results",
        _OF_JOB,
        {"id": "extraction_results", "job": "jobs", "project_id": "projects", "chunk_id": "chunks"},
    ),
    Copied("benchmarks", _OF_JOB, {"job": "jobs", "project_id": "projects", "dataset": "datasets"}),
    Copied("benchmark_samples", _OF_JOB, {"job": "jobs"}),
    Copied("taxonomy_batches", _OF_JOB, {"job": "jobs"}, {"chunk_ids": {"": "chunks"}}),
    Copied("taxonomy_parts", _OF_JOB, {"job": "jobs"}),
)
# What a unit is about, by the kind of its job; of the others the number is of the job's own.
UNIT_SOURCES = {"dataset-gen": "chunks", "extraction": "chunks", "process": "documents"}
# Tables that are not of one project, or say what holds in this instance alone.
OF_ALL = frozenset(
    {"api_keys", "prompts", "open_imports", "provider_waits", "job_rests", "reference_sets", "reference_rows"}
)
