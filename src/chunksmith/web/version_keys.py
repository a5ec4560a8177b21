"""What the application holds for the handlers of versions, typed."""

from aiohttp import web

from chunksmith.services.versions import VersionService

VERSIONS = web.AppKey("versions", VersionService)
