"""What the application holds for the handlers of comparing, typed."""

from aiohttp import web

from chunksmith.services.references import ReferenceService

REFERENCES = web.AppKey("references", ReferenceService)
