"""What the application holds for its handlers, typed."""

from dataclasses import dataclass

from aiohttp import web

from chunksmith.services.chunk_import import ChunkImport
from chunksmith.services.chunks import ChunkService
from chunksmith.services.datasets import DatasetService
from chunksmith.services.documents import DocumentService
from chunksmith.services.estimating import EstimateService
from chunksmith.services.events import EventService
from chunksmith.services.exporting import ExportService
from chunksmith.services.generation import GenerationService
from chunksmith.services.jobs import JobService
from chunksmith.services.ledger import LedgerService
from chunksmith.services.metrics import Metrics
from chunksmith.services.project_moving import ProjectMoving
from chunksmith.services.projects import ProjectService
from chunksmith.services.prompts import PromptService
from chunksmith.services.providers import ProviderService
from chunksmith.services.rescoring import RescoreService
from chunksmith.services.specifying import Specifier
from chunksmith.settings import Settings

SETTINGS = web.AppKey("settings", Settings)
PROJECTS = web.AppKey("projects", ProjectService)
PROJECT_MOVING = web.AppKey("project_moving", ProjectMoving)
DOCUMENTS = web.AppKey("documents", DocumentService)
CHUNKS = web.AppKey("chunks", ChunkService)
CHUNK_IMPORT = web.AppKey("chunk_import", ChunkImport)
PROMPTS = web.AppKey("prompts", PromptService)
JOBS = web.AppKey("jobs", JobService)
SPECIFIER = web.AppKey("specifier", Specifier)
GENERATION = web.AppKey("generation", GenerationService)
ESTIMATES = web.AppKey("estimates", EstimateService)
DATASETS = web.AppKey("datasets", DatasetService)
EVENTS = web.AppKey("events", EventService)
EXPORTS = web.AppKey("exports", ExportService)
LEDGER = web.AppKey("ledger", LedgerService)
RESCORING = web.AppKey("rescoring", RescoreService)
METRICS = web.AppKey("metrics", Metrics)
PROVIDERS = web.AppKey("providers", ProviderService)


@dataclass
class Readiness:
    """What ``/health`` and ``/ready`` tell."""

    version: str
    ready: bool = False
    stopping: bool = False


READINESS = web.AppKey("readiness", Readiness)
