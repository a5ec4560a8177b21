"""What the application holds for its handlers, typed."""

from dataclasses import dataclass

from aiohttp import web

from chunksmith.services.chunk_import import ChunkImport
from chunksmith.services.chunks import ChunkService
from chunksmith.services.datasets import DatasetService
from chunksmith.services.documents import DocumentService
from chunksmith.services.estimating import EstimateService
from chunksmith.services.exporting import ExportService
from chunksmith.services.generation import GenerationService
from chunksmith.services.jobs import JobService
from chunksmith.services.projects import ProjectService
from chunksmith.services.prompts import PromptService
from chunksmith.services.providers import ProviderService
from chunksmith.settings import Settings

SETTINGS = web.AppKey("settings", Settings)
PROJECTS = web.AppKey("projects", ProjectService)
DOCUMENTS = web.AppKey("documents", DocumentService)
CHUNKS = web.AppKey("chunks", ChunkService)
CHUNK_IMPORT = web.AppKey("chunk_import", ChunkImport)
PROMPTS = web.AppKey("prompts", PromptService)
JOBS = web.AppKey("jobs", JobService)
GENERATION = web.AppKey("generation", GenerationService)
ESTIMATES = web.AppKey("estimates", EstimateService)
DATASETS = web.AppKey("datasets", DatasetService)
EXPORTS = web.AppKey("exports", ExportService)
PROVIDERS = web.AppKey("providers", ProviderService)


@dataclass
class Readiness:
    """What ``/health`` and ``/ready`` tell."""

    version: str
    ready: bool = False
    stopping: bool = False


READINESS = web.AppKey("readiness", Readiness)
