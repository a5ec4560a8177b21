"""What the application holds for the handlers of extractions."""

from aiohttp import web

from chunksmith.services.extraction import ExtractionService
from chunksmith.services.extraction_import import ExtractionImport

EXTRACTIONS = web.AppKey("extractions", ExtractionService)
EXTRACTION_IMPORT = web.AppKey("extraction_import", ExtractionImport)
