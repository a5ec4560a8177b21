"""How the application is served: what is no HTTP request is told of in the same words as everything else."""

import logging
import uuid

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from chunksmith.logs import bound
from chunksmith.web import problems
from chunksmith.web.middlewares import add_guards

log = logging.getLogger(__name__)


class SiteRunner(web.AppRunner):
    """aiohttp's runner of an application, with connections of our own."""

    async def _make_server(self) -> web.Server:
        return _Connections(await super()._make_server())


class _Connections(web.Server):
    def __init__(self, made: web.Server) -> None:
        """``made`` by aiohttp, for an application, which it lets nobody else do."""
        vars(self).update(vars(made))

    def __call__(self) -> web.RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)


class _Connection(web.RequestHandler):
    """One connection. aiohttp answers in plain text to what it cannot parse, and logs a traceback."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        if not isinstance(exc, HttpProcessingError) or request.writer.output_size > 0:
            return super().handle_error(request, status, exc, message)
        instance, detail = f"req-{uuid.uuid4()}", problems.detail_of_unreadable(exc)
        with bound(request_id=instance):
            log.info("request_unreadable", extra={"status": status, "detail": detail})
        answer = problems.from_unreadable(status, detail, instance)
        add_guards(answer, instance)
        answer.force_close()
        return answer
