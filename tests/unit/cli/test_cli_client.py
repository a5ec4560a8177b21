import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from chunksmith.cli import datasets, projects
from chunksmith.cli.client import Api
from chunksmith.cli.exits import ExitCode, Failure

Handler = Callable[[httpx.Request], httpx.Response]
SECRET = "ck_a-secret-that-is-never-shown"


def api_with(handler: Handler, slept: list[float] | None = None) -> Api:
    sleep = slept.append if slept is not None else lambda _: None
    return Api("http://server", SECRET, transport=httpx.MockTransport(handler), sleep=sleep)


def problem(status: int, **fields: object) -> httpx.Response:
    document = {"type": "about:blank", "title": "Refused", "status": status, "detail": "because", **fields}
    return httpx.Response(status, json=document, headers={"Content-Type": "application/problem+json"})


def caught(handler: Handler) -> Failure:
    with api_with(handler) as api, pytest.raises(Failure) as info:
        api.get("/jobs")
    return info.value


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, ExitCode.INVALID),
        (401, ExitCode.KEY),
        (404, ExitCode.STATE),
        (409, ExitCode.STATE),
        (412, ExitCode.STATE),
        (413, ExitCode.INVALID),
        (500, ExitCode.FAILED),
        (502, ExitCode.FAILED),
        (503, ExitCode.UNAVAILABLE),
    ],
)
def test_each_status_has_its_exit_code(status: int, code: ExitCode) -> None:
    assert caught(lambda _: problem(status)).code is code


def test_each_fault_of_a_refused_body_is_kept() -> None:
    errors = [{"pointer": "/a", "detail": "required"}, {"pointer": "/b", "detail": "too long"}]

    failure = caught(lambda _: problem(400, errors=errors))

    assert [(fault.pointer, fault.detail) for fault in failure.faults] == [("/a", "required"), ("/b", "too long")]


def test_an_answer_without_a_problem_document_is_described() -> None:
    failure = caught(lambda _: httpx.Response(502, text="<h1>Bad gateway</h1>"))

    assert failure.message == "http://server/api/v1/jobs answered 502 Bad Gateway"


@pytest.mark.parametrize("body", ["<html>", "[1]"], ids=["no JSON", "no object"])
def test_another_programs_answer_is_recognised(body: str) -> None:
    assert "does not answer like a Chunksmith server" in caught(lambda _: httpx.Response(200, text=body)).message


def test_a_server_that_is_not_there_says_how_to_start_one() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("Connection refused", request=request)

    failure = caught(refuse)

    assert failure.code is ExitCode.UNAVAILABLE
    assert "chunksmith serve" in failure.message


def test_no_message_has_the_key() -> None:
    def echo(request: httpx.Request) -> httpx.Response:
        assert request.headers["X-API-Key"] == SECRET
        return problem(401)

    failure = caught(echo)

    assert SECRET not in failure.message + json.dumps(failure.document())


def test_a_limited_request_is_repeated_after_the_time_that_the_server_names() -> None:
    answers = [httpx.Response(429, headers={"Retry-After": "3"}), httpx.Response(200, json={"jobs": []})]
    slept: list[float] = []
    with api_with(lambda _: answers.pop(0), slept) as api:
        assert api.get("/jobs") == {"jobs": []}

    assert slept == [3.0]


def test_a_long_wait_is_left_to_the_person() -> None:
    failure = caught(lambda _: httpx.Response(429, headers={"Retry-After": "600"}))

    assert failure.code is ExitCode.UNAVAILABLE


def test_work_is_asked_for_again_under_the_same_key_when_the_connection_breaks() -> None:
    keys: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["Idempotency-Key"])
        if len(keys) == 1:
            raise httpx.RemoteProtocolError("closed", request=request)
        return httpx.Response(200, json={"job_id": "j"})

    with api_with(answer) as api:
        assert api.submit("/datasets/generate", {}) == {"job_id": "j"}

    assert len(keys) == 2
    assert len(set(keys)) == 1


def test_lists_are_read_page_by_page_up_to_the_limit() -> None:
    def page(request: httpx.Request) -> httpx.Response:
        number, size = int(request.url.params["page"]), int(request.url.params["per_page"])
        items = [{"n": n} for n in range((number - 1) * size, min(number * size, 2500))]
        return httpx.Response(200, json={"jobs": items, "total": 2500})

    with api_with(page) as api:
        assert [item["n"] for item in api.items("/jobs", "jobs")] == list(range(2500))
        assert [item["n"] for item in api.items("/jobs", "jobs", limit=3)] == [0, 1, 2]


def test_an_address_without_scheme_is_meant_as_http() -> None:
    assert Api("localhost:8000/").server == "http://localhost:8000"


def file_answer(content: bytes, etag: str) -> Handler:
    return lambda _: httpx.Response(200, content=content, headers={"ETag": f'"{etag}"'})


def test_a_download_appears_under_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    target.write_bytes(b"old")
    with api_with(file_answer(b"new", "0" * 64)) as api, pytest.raises(Failure, match="damaged"):
        datasets.save(api, "d", str(target), {})

    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("out.jsonl", b"old")]


def test_a_download_is_checked_against_its_hash(tmp_path: Path) -> None:
    digest = hashlib.sha256(b"new").hexdigest()
    with api_with(file_answer(b"new", digest)) as api:
        saved = datasets.save(api, "d", str(tmp_path / "out.jsonl"), {})

    assert (saved.size_bytes, saved.sha256) == (3, digest)
    assert (tmp_path / "out.jsonl").read_bytes() == b"new"


@pytest.mark.parametrize("name", ["nowhere/out.jsonl", "."], ids=["no such folder", "a folder"])
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, name: str) -> None:
    with api_with(file_answer(b"x", "")) as api, pytest.raises(Failure, match="cannot be written"):
        datasets.save(api, "d", str(tmp_path / name), {})


class Unread(httpx.SyncByteStream):
    """The body of an answer that nobody may ask for."""

    def __iter__(self) -> Iterator[bytes]:
        raise AssertionError("the download was begun")


def archive_answer(request: httpx.Request) -> httpx.Response:
    if request.url.path.endswith("/formats"):
        return httpx.Response(200, json={"formats": [{"extension": one} for one in ("jsonl", "csv", "zip")]})
    return httpx.Response(200, stream=Unread(), headers={"Content-Type": "application/zip"})


@pytest.mark.parametrize(
    ("name", "query", "said"),
    [
        ("x.csv", {}, "one file for each split.* -o .*/x.zip, .* --split train"),
        ("x.JSONL", {"format": "csv"}, "one file for each split.* -o .*/x.zip, .* --split train"),
        ("x.csv", {"format": "huggingface"}, "would be a ZIP: say -o .*/x.zip$"),
    ],
    ids=["by ending", "format named", "folder for the Hub"],
)
def test_a_zip_under_the_name_of_one_file_is_refused_before_it_is_read(
    tmp_path: Path, name: str, query: dict[str, str], said: str
) -> None:
    with api_with(archive_answer) as api, pytest.raises(Failure, match=said) as refused:
        datasets.save(api, "d", str(tmp_path / name), query)
    assert refused.value.code == ExitCode.INVALID
    assert list(tmp_path.iterdir()) == []


def projects_named(*ids: int) -> Handler:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/v1/projects":
            return httpx.Response(200, json={"projects": [{"id": number} for number in ids], "total": len(ids)})
        return httpx.Response(200, json={"id": int(request.url.path.rpartition("/")[2])})

    return answer


def test_a_name_that_several_projects_have_is_refused() -> None:
    with api_with(projects_named(3, 5)) as api, pytest.raises(Failure, match=r"use an id \(3, 5\)") as info:
        projects.find(api, "Handbook")

    assert info.value.code is ExitCode.STATE


def test_a_project_that_nobody_is_named_like_is_looked_up_by_its_id() -> None:
    with api_with(projects_named()) as api:
        assert projects.find(api, "7") == {"id": 7}
        assert projects.find(api, "Handbook") is None
