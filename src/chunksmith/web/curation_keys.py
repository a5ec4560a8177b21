"""What the application holds for the handlers of comparing and coverage, typed."""

from aiohttp import web

from chunksmith.services.coverage import CoverageService
from chunksmith.services.references import ReferenceService

COVERAGE = web.AppKey("coverage", CoverageService)
REFERENCES = web.AppKey("references", ReferenceService)
