from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunksmith.providers import answers, gemini, grok, ollama

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"retry-after": "30"}, 30.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "Sun, 22 Nov 2026 12:01:00 GMT"}, 60.0),
        ({"retry-after": "Sun, 22 Nov 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after": "Sun, 22 Nov 2026 12:01:00"}, 60.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "9" * 400}, None),
        ({"retry-after-ms": "250"}, 0.25),
        ({}, None),
    ],
    ids=["seconds", "fraction", "date", "past", "no-zone", "words", "negative", "nan", "huge", "ms", "none"],
)
def test_retry_after_forms(headers: dict[str, str], wait_s: float | None) -> None:
    assert answers.retry_after_s(headers, NOW) == wait_s


@pytest.mark.parametrize(
    "secret",
    ["AIzaSyA1234567890abcdefghijk", "xai-abcdefghijklmnop1234", "Bearer abcdefghijkl", "https://x/?key=abcdefgh&b=1"],
    ids=["google", "xai", "bearer", "query"],
)
def test_whatever_looks_like_a_key_is_masked(secret: str) -> None:
    assert answers.MASK in answers.line(f"wrong: {secret}.")
    assert secret[-6:] not in answers.line(f"wrong: {secret}").replace("&b=1", "")


def test_own_key_is_masked_whatever_it_looks_like() -> None:
    assert answers.masked(b"no such key: hunter2", "hunter2") == b"no such key: ***"


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"", "(empty body)"),
        (b"<html><title> 502\n Bad </title><body>x", "502 Bad"),
        (b"<p>Not <b>found</b></p>", "Not found"),
        (b"a\x00b\r\nc", "a b c"),
        (b"\xff\xfe", "\ufffd\ufffd"),
    ],
    ids=["empty", "title", "tags", "control", "binary"],
)
def test_readable(body: bytes, shown: str) -> None:
    assert answers.readable(body) == shown


def test_long_text_is_cut() -> None:
    assert len(answers.line("word " * 1000)) == answers.MAX_DETAIL


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "message", "details", "code", "status", "violations", "x"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(
    status=st.integers(100, 599),
    body=st.binary(max_size=60) | JSON.map(lambda value: repr(value).encode("utf-8", "replace")),
)
def test_no_body_crashes_the_reading_of_an_error(status: int, body: bytes) -> None:
    for module in (gemini, grok, ollama):
        assert module.classify(status, {}, body).status == status


@given(value=JSON)
def test_no_json_crashes_the_reading_of_an_error(value: Any) -> None:
    body = answers.json.dumps(value).encode()
    for module in (gemini, grok, ollama):
        assert module.classify(400, {}, body).detail.startswith("HTTP 400: ")
