"""Log lines: one JSON object each, with ids and fields, without secrets."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from chunksmith import logs

SECRET = 'k"ey-with-quote-é-123'


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> logs.Secrets:
    fresh = logs.Secrets()
    monkeypatch.setattr(logs, "secrets", fresh)
    return fresh


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_event_is_one_line_with_its_fields(stream: io.StringIO) -> None:
    logs.configure("info", "json", stream)
    logging.getLogger("a.b").info("batch_committed", extra={"batch": 3, "text": "é\n\ud800", "what": object})
    (line,) = lines(stream)
    assert line | {"time": ""} == {
        "time": "",
        "level": "info",
        "logger": "a.b",
        "event": "batch_committed",
        "batch": 3,
        "text": "é\n\ud800",
        "what": "<class 'object'>",
    }


def test_time_is_utc(stream: io.StringIO) -> None:
    logs.configure("info", "json", stream)
    logging.getLogger().info("x")
    assert lines(stream)[0]["time"].endswith("Z")


def test_ids_are_bound_and_unbound(stream: io.StringIO) -> None:
    logs.configure("info", "json", stream)
    log = logging.getLogger("ids")
    with logs.bound(request_id="r"), logs.bound(job_id="j"):
        log.info("inside")
    log.info("outside")
    inside, outside = lines(stream)
    assert (inside["request_id"], inside["job_id"], "request_id" in outside) == ("r", "j", False)


def test_traceback_is_part_of_the_line(stream: io.StringIO) -> None:
    logs.configure("info", "json", stream)
    try:
        raise RuntimeError("why")
    except RuntimeError:
        logging.getLogger().exception("failed")
    assert lines(stream)[0]["exception"].endswith("RuntimeError: why\n")


@pytest.mark.parametrize("line_format", ["json", "text"])
def test_secrets_are_hidden_wherever_they_are(stream: io.StringIO, secrets: logs.Secrets, line_format: Any) -> None:
    secrets.add("plain-secret", SECRET)
    logs.configure("info", line_format, stream)
    try:
        raise RuntimeError("refused plain-secret")
    except RuntimeError:
        logging.getLogger().exception("called with %s", SECRET, extra={"url": "https://x/?a=1&key=zzz", "k": SECRET})
    written = stream.getvalue()
    assert [word for word in ("plain-secret", "ey-with-quote", "zzz") if word in written] == []


@pytest.mark.parametrize(
    "text",
    ["Authorization: Bearer abc.def", "GET /?key=abc.def&x=1", "{'x-goog-api-key': 'abc.def'}", "X-API-Key: abc.def"],
)
def test_keys_in_transit_are_hidden_unknown_as_they_are(secrets: logs.Secrets, text: str) -> None:
    assert "abc.def" not in secrets.hide(text)


def test_short_texts_are_no_secrets(secrets: logs.Secrets) -> None:
    secrets.add("a", "")
    assert secrets.hide("a banana") == "a banana"


def test_text_format_is_one_readable_line(stream: io.StringIO) -> None:
    logs.configure("info", "text", stream)
    logging.getLogger().info("started", extra={"port": 8000})
    assert stream.getvalue().endswith("Z info    started port=8000\n")


def test_level_and_noisy_libraries(stream: io.StringIO) -> None:
    logs.configure("info", "json", stream)
    logging.getLogger("httpx").info("noise")
    logging.getLogger("ours").debug("detail")
    assert stream.getvalue() == ""


def test_what_is_stored_is_not_logged_even_in_debug(stream: io.StringIO) -> None:
    logs.configure("debug", "json", stream)
    logging.getLogger("aiosqlite").debug("executing INSERT ... (prompt)")
    logging.getLogger("ours").debug("detail")
    assert [line["event"] for line in lines(stream)] == ["detail"]


def test_configuring_again_replaces(stream: io.StringIO) -> None:
    logs.configure("info", "json", stream)
    logs.configure("info", "json", stream)
    logging.getLogger().info("once")
    assert len(lines(stream)) == 1
