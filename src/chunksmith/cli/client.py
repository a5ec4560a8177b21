"""The server's HTTP API, for commands. Everything that goes wrong leaves here as a ``Failure``."""

import contextlib
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, NamedTuple, Self
from urllib.parse import quote, urlsplit

import httpx

from chunksmith.cli.exits import ExitCode, Failure, code_of_status
from chunksmith.errors import Fault

DEFAULT_SERVER = "http://127.0.0.1:8000"
API = "/api/v1"
TIMEOUT = httpx.Timeout(120.0, connect=5.0)
# A large export is made, and a large import is stored, before the answer begins.
LONG_TIMEOUT = httpx.Timeout(120.0, connect=5.0, read=3600.0)
# A server that limits a key's requests says how long to wait; longer than this is for the person to decide.
LONGEST_WAIT_S = 30.0
TRIES_WHEN_LIMITED = 4
_LOOPBACK = ("127.", "localhost", "::1")

Json = dict[str, Any]
Query = str | int | float | bool | None


class Sending(NamedTuple):
    """A file on its way: ``content`` may count what is read from it."""

    name: str
    content: BinaryIO


class Api:
    """One server and one key. Paths are below ``/api/v1``; every answer is the decoded JSON document.

    ``reached``: the server has answered, whatever it said. Errors: Failure with the exit code that fits, from every
    method.
    """

    def __init__(
        self,
        server: str = DEFAULT_SERVER,
        key: str | None = None,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.server = address_of(server)
        self._sleep = sleep
        self.reached = False
        headers = {"Accept": "application/json"} | ({"X-API-Key": _header_text(key)} if key else {})
        trust_env = is_elsewhere(self.server)
        self._http = httpx.Client(
            base_url=self.server, headers=headers, timeout=TIMEOUT, transport=transport, trust_env=trust_env
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def get(self, path: str, **query: Query) -> Json:
        return self._answer(self._send("GET", path, params=_given(query)))

    def post(self, path: str, body: Json | None = None) -> Json:
        return self._answer(self._send("POST", path, json=body if body is not None else {}))

    def submit(self, path: str, body: Json) -> Json:
        """Start work. When the connection breaks it is asked for again, and is still started once."""
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        try:
            return self._answer(self._send("POST", path, json=body, headers=headers))
        except Failure as exc:
            if not isinstance(exc.__cause__, httpx.ReadError | httpx.RemoteProtocolError):
                raise
            return self._answer(self._send("POST", path, json=body, headers=headers))

    def delete(self, path: str) -> Json:
        return self._answer(self._send("DELETE", path))

    def patch(self, path: str, body: Json) -> Json:
        return self._answer(self._send("PATCH", path, json=body))

    def items(self, path: str, name: str, /, limit: int | None = None, **query: Query) -> Iterator[Json]:
        """The items of a list called ``name`` in the answers, page after page, at most ``limit``."""
        page, seen = 1, 0
        per_page = min(limit or 1000, 1000)
        while True:
            answer = self.get(path, page=page, per_page=per_page, **query)
            for item in answer[name]:
                if limit is not None and seen >= limit:
                    return
                seen += 1
                yield item
            if len(answer[name]) < per_page or seen >= answer.get("total", 0):
                return
            page += 1

    def upload(self, project_id: int, files: Iterable[Sending]) -> Json:
        """Streamed from the files; all of them become documents, or none."""
        parts = [("files", (file.name, file.content)) for file in files]
        form = {"project_id": str(project_id)}
        return self._answer(self._send("POST", "/documents/upload", data=form, files=parts))

    def import_chunks(self, project_id: int, pieces: Iterable[bytes]) -> Json:
        """NDJSON of any size, as it is read."""
        path, headers = f"/projects/{project_id}/chunks", {"Content-Type": "application/x-ndjson"}
        return self._answer(self._send("POST", path, content=pieces, headers=headers, timeout=LONG_TIMEOUT, tries=1))

    def import_project(self, pieces: Iterable[bytes]) -> Json:
        headers = {"Content-Type": "application/zip"}
        return self._answer(
            self._send("POST", "/projects/import", content=pieces, headers=headers, timeout=LONG_TIMEOUT, tries=1)
        )

    @contextlib.contextmanager
    def file(self, path: str, **query: Query) -> Iterator[httpx.Response]:
        """The answer with its headers; its content is still to be read."""
        with self._translated(), self._stream(API + path, _given(query)) as response:
            if response.is_error:
                response.read()
                raise failure_of(response)
            yield response

    def _stream(self, url: str, query: dict[str, str | int | float | bool]) -> AbstractContextManager[httpx.Response]:
        headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
        return self._http.stream("GET", url, params=query, headers=headers, timeout=LONG_TIMEOUT)

    def _send(self, method: str, path: str, tries: int = TRIES_WHEN_LIMITED, **content: Any) -> httpx.Response:
        with self._translated():
            response = self._http.request(method, API + path, **content)
            while response.status_code == 429 and tries > 1 and (wait_s := _retry_after_s(response)) <= LONGEST_WAIT_S:
                self._sleep(wait_s)
                tries -= 1
                response = self._http.request(method, API + path, **content)
        self.reached = True
        if not response.is_success:
            raise failure_of(response)
        return response

    def _answer(self, response: httpx.Response) -> Json:
        if response.status_code == 204:
            return {}
        with contextlib.suppress(ValueError):
            answer = response.json()
            if isinstance(answer, dict):
                return answer
        raise Failure(f"{self.server} does not answer like a Chunksmith server: is the address right?")

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (httpx.ConnectError, httpx.ConnectTimeout) as exc:
            raise Failure(
                f"no server at {self.server} ({_said(exc)}). Start one with `chunksmith serve`, "
                "or name another with --server or CHUNKSMITH_URL.",
                ExitCode.UNAVAILABLE,
            ) from exc
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as exc:
            raise Failure(f"{self.server} is not the address of a server: {exc}", ExitCode.INVALID) from exc
        except httpx.TimeoutException as exc:
            raise Failure(f"{self.server} did not answer in time", ExitCode.UNAVAILABLE) from exc
        except httpx.TransportError as exc:
            raise Failure(f"the connection to {self.server} broke: {_said(exc)}", ExitCode.UNAVAILABLE) from exc


def failure_of(response: httpx.Response) -> Failure:
    """The server's problem document, or what can be said without one."""
    try:
        problem = response.json()
    except ValueError:
        problem = None
    status = response.status_code
    if not isinstance(problem, dict) or "title" not in problem:
        reason = f"{status} {response.reason_phrase}".strip()
        return Failure(f"{response.url.copy_with(query=None)} answered {reason}", code_of_status(status))
    faults = tuple(
        Fault(str(fault.get("pointer", "")), str(fault.get("detail", "")))
        for fault in problem.get("errors") or ()
        if isinstance(fault, dict)
    )
    title, detail = str(problem["title"]), str(problem.get("detail") or "")
    # The detail of a refused body repeats the faults in one line; listed they read better.
    message = title if faults or not detail else detail
    if status in (429, 503):
        message += f" (try again in {_retry_after_s(response):.0f} s)"
    if status >= 500 and problem.get("instance"):
        message += f" (request {problem['instance']}; the server's log has more)"
    return Failure(message, code_of_status(status), faults, problem)


def pieces_of(path: Path, size: int = 1 << 16) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while piece := stream.read(size):
            yield piece


def segment(text: str) -> str:
    """An identifier as one segment of a path, whatever is in it."""
    return quote(text, safe="")


def address_of(server: str) -> str:
    """``localhost:8000`` is meant as a URL too."""
    return (server if "://" in server else f"http://{server}").rstrip("/")


def is_elsewhere(url: str) -> bool:
    """Not on this machine, about which a proxy for the outside world must not be asked."""
    return not (urlsplit(url).hostname or "").startswith(_LOOPBACK)


def _header_text(key: str) -> str:
    if not key.isascii() or not key.isprintable():
        raise Failure("the API key has characters that no key has", ExitCode.KEY)
    return key.strip()


def _given(query: dict[str, Query]) -> dict[str, str | int | float | bool]:
    return {name: value for name, value in query.items() if value is not None}


def _retry_after_s(response: httpx.Response) -> float:
    text = response.headers.get("Retry-After", "")
    return max(0.1, float(text)) if text.replace(".", "", 1).isdecimal() else 5.0


def _said(exc: Exception) -> str:
    return str(exc) or type(exc).__name__
