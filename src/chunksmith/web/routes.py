"""All routes, and what the documentation says of them together."""

from functools import cache, partial

from aiohttp import web
from pydantic_core import to_json

from chunksmith.domain.calls import PROVIDERS
from chunksmith.web import docs_page
from chunksmith.web.handlers import (
    benchmarks,
    chunks,
    coverage,
    datasets,
    documents,
    events,
    extraction,
    feedback,
    generation,
    jobs,
    projects,
    prompts,
    quality,
    references,
    regeneration,
    service,
    taxonomies,
    versions,
)
from chunksmith.web.openapi import ANY_ID, TEXT_ID, document

TAGS = {
    "Projects": "A project holds documents, chunks and the datasets that are made of them.",
    "Documents": "Files: uploaded, parsed, cut into chunks.",
    "Chunks": "Passages, cut from documents or imported ready-made.",
    "Prompts": "Templates; the built-in ones are read-only.",
    "Taxonomies": "Trees of categories: written, imported, or made of the chunks.",
    "Extraction": "What of a taxonomy the passages speak of: entities, or portions of text.",
    "Generation": "Making datasets.",
    "Jobs": "Work in the background: progress, control, outcomes, the ledger of calls.",
    "Datasets": "What generation made: summary, quality, download.",
    "Versions": "Frozen states of the datasets that share a name: compared, downloaded, rolled back to.",
    "Entries": "The rows of a dataset.",
    "Quality": "How good datasets are, and why that should be believed.",
    "References": "Benchmarks and other data that entries are compared with.",
    "Benchmarks": "Models measured on public suites and on datasets.",
    "Service": "The server itself.",
}
PATH_PARAMETERS = {
    "project_id": {"schema": ANY_ID, "description": "Integer id or UUID of the project."},
    "document_id": {"schema": ANY_ID, "description": "Id of the document."},
    "chunk_id": {"schema": TEXT_ID, "description": "`chunk_45`, or 45."},
    "prompt_id": {"schema": ANY_ID, "description": "Id of the prompt; built-in ones are `builtin:<name>`."},
    "prompt_name": {"schema": TEXT_ID, "description": "Name of the prompt."},
    "taxonomy_id": {"schema": ANY_ID, "description": "Integer id or UUID of the taxonomy."},
    "job_id": {"schema": TEXT_ID, "description": "Id of the job."},
    "dataset_id": {"schema": TEXT_ID, "description": "Id of the dataset, or of the job that made it."},
    "reference_id": {"schema": TEXT_ID, "description": "`reference_1`."},
    "entry_id": {"schema": TEXT_ID, "description": "`entry_1`, or 1."},
    "provider": {"schema": {"enum": list(PROVIDERS)}, "description": "Name of the provider."},
    "asset": {"schema": {"enum": sorted(docs_page.ASSETS)}, "description": "A file of the documentation page."},
}
ROUTES = [
    *service.ROUTES,
    *projects.ROUTES,
    *documents.ROUTES,
    *chunks.ROUTES,
    *prompts.ROUTES,
    *taxonomies.ROUTES,
    *extraction.ROUTES,
    *generation.ROUTES,
    *jobs.ROUTES,
    *events.ROUTES,
    *versions.ROUTES,
    *datasets.ROUTES,
    *quality.ROUTES,
    *feedback.ROUTES,
    *regeneration.ROUTES,
    *references.ROUTES,
    *coverage.ROUTES,
    *benchmarks.ROUTES,
    *docs_page.ROUTES,
]


def serve_docs(app: web.Application, version: str) -> None:
    docs_page.serve_document(app, partial(openapi, version))


@cache
def openapi(version: str) -> bytes:
    """Made once in a process, when it is asked for first: it takes longer than all else that a start does."""
    return to_json(document(ROUTES, version=version, tags=TAGS, path_parameters=PATH_PARAMETERS))
