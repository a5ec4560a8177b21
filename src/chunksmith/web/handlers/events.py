"""Server-sent events of a job."""

from aiohttp import web
from pydantic_core import to_json

from chunksmith.services.events import Event
from chunksmith.services.jobs import JobStatus
from chunksmith.web.keys import EVENTS
from chunksmith.web.routing import EVENTS as EVENT_STREAM
from chunksmith.web.routing import Answer, Route
from chunksmith.web.schemas.jobs import status_out

# So many silent rounds, and a comment is sent: proxies close what says nothing.
SILENT_ROUNDS = 30


async def job_events(request: web.Request) -> web.StreamResponse:
    given = request.headers.get("Last-Event-ID", "")
    after = int(given) if given.isdecimal() and len(given) < 19 else 0
    events = request.app[EVENTS].follow(request.match_info["job_id"], after)
    first = await anext(events, None)
    headers = {"Content-Type": EVENT_STREAM, "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    if first is not None:
        await response.write(_encoded(first))
    silent = 0
    async for event in events:
        silent = 0 if event is not None else silent + 1
        if event is not None:
            await response.write(_encoded(event))
        elif silent % SILENT_ROUNDS == 0:
            await response.write(b": still here\n\n")
    await response.write_eof()
    return response


def _encoded(event: Event) -> bytes:
    data = status_out(event.data) if isinstance(event.data, JobStatus) else event.data
    number = f"id: {event.id}\n".encode() if event.id is not None else b""
    return number + b"event: " + event.kind.encode() + b"\ndata: " + to_json(data) + b"\n\n"


ROUTES = [
    Route(
        "GET",
        "/api/v1/jobs/{job_id}/events",
        job_events,
        "Follow a job as it runs",
        "Jobs",
        {200: Answer("`state`, `batch` and `progress` events, until the job ends.", media=(EVENT_STREAM,))},
        "`state` and `batch` events have ids and are sent again after `Last-Event-ID`; `progress` is the job's status.",
        headers=("Last-Event-ID",),
    ),
]
