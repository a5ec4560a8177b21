"""Imports as they are sent: lines, faults, limits."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunksmith.domain.corpus import Project
from chunksmith.domain.paging import Window
from chunksmith.errors import InvalidRequest
from chunksmith.services.chunk_import import FAULTS_SHOWN
from chunksmith.services.chunk_rows import lines_of
from corpus_parts import Corpus, in_pieces

GOOD = b'{"text": "good"}\n'


async def refused(corpus: Corpus, project: Project, body: bytes) -> list[str]:
    with pytest.raises(InvalidRequest) as caught:
        await corpus.chunk_import.from_lines(project, in_pieces(body))
    assert await corpus.texts(project) == []
    return [f"{fault.pointer}: {fault.detail}" for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b'{"text": ""}', "line 2: text: must not be empty"),
        (b'{"text": " \\n\\t"}', "line 2: text: must not be empty"),
        (b'{"text": 5}', "line 2: text: must be a string"),
        (b'{"text": null}', "line 2: text: must be a string"),
        (b"{}", "line 2: text: required"),
        (b"[]", "line 2: must be a JSON object"),
        (b'{"text": "a\\u0000b"}', "line 2: text: must not contain NUL"),
        (b'{"text": "a", "txt": 1}', "line 2: txt: unknown field; known: document, id, metadata, text"),
        (b'{"text": "a", "document": ""}', "line 2: document: must not be empty"),
        (b'{"text": "a", "document": 5}', "line 2: document: must be a string"),
        (b'{"text": "a", "id": true}', "line 2: id: must be a string"),
        (b'{"text": "a", "id": "%s"}' % (b"x" * 201), "line 2: id: must be at most 200 characters long"),
        (b'{"text": "a", "metadata": [1]}', "line 2: metadata: must be a JSON object"),
        (b'{"text": "a", "text": "b"}', 'line 2: the key "text" is given more than once'),
        (b'{"text": "a", "metadata": {"n": 1, "n": 2}}', 'line 2: the key "n" is given more than once'),
    ],
)
async def test_a_wrong_line_is_named(corpus: Corpus, project: Project, line: bytes, fault: str) -> None:
    assert await refused(corpus, project, GOOD + line) == [fault]


@pytest.mark.parametrize(
    "line",
    [
        b'{"text": ',
        b'{"text": "a\xff"}',
        b'{"text": "a", "metadata": {"n": NaN}}',
        b"[" * 5000,
    ],
    ids=["truncated", "not utf-8", "nan", "deep"],
)
async def test_a_line_that_is_not_json_is_named(corpus: Corpus, project: Project, line: bytes) -> None:
    (fault,) = await refused(corpus, project, GOOD + line)
    assert fault.startswith("line 2: is not valid JSON: ")


async def test_faults_of_many_lines_come_together(corpus: Corpus, project: Project) -> None:
    faults = await refused(corpus, project, b"{}\n" + GOOD + b'{"text": "", "x": 1}\n')
    assert [fault[:12] for fault in faults] == ["line 1: text", "line 3: text", "line 3: x: u"]


async def test_an_endless_stream_of_faults_ends(corpus: Corpus, project: Project) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"{}\n"

    with pytest.raises(InvalidRequest) as caught:
        await corpus.chunk_import.from_lines(project, endless())
    assert len(caught.value.faults) == FAULTS_SHOWN


async def test_an_endless_line_ends(corpus: Corpus, project: Project) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield GOOD
        while True:
            yield b"x" * 1000

    with pytest.raises(InvalidRequest, match="line 2: is over the limit of 10000 bytes"):
        await corpus.chunk_import.from_lines(project, endless())


@pytest.mark.parametrize("body", [b"", b"\n\n  \n"], ids=["empty", "blank lines"])
async def test_an_import_of_nothing_is_refused(corpus: Corpus, project: Project, body: bytes) -> None:
    assert await refused(corpus, project, body) == [": required: at least one chunk"]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b'{"text": "a", "metadata": {"n": 1e999}}', "line 2: metadata/n: must be a finite number"),
        (b'{"text": "a\\ud800"}', "line 2: text: must be Unicode text; it has a lone surrogate"),
        (b'{"text": "a", "text": "b"}', 'line 2: the key "text" is given more than once'),
    ],
    ids=["infinite", "lone surrogate", "key twice"],
)
async def test_a_line_is_as_strict_as_a_body(corpus: Corpus, project: Project, line: bytes, fault: str) -> None:
    assert await refused(corpus, project, GOOD + line) == [fault]


@pytest.mark.parametrize("between", [1, 3000], ids=["same slice", "later slice"])
async def test_an_id_used_twice_is_named(corpus: Corpus, project: Project, between: int) -> None:
    lines = [{"text": "a", "id": "x"}, *({"text": "b"} for _ in range(between)), {"text": "c", "id": "x"}]
    (fault,) = await refused(corpus, project, b"".join(json.dumps(line).encode() + b"\n" for line in lines))
    assert fault.startswith(f"line {between + 2}: id: 'x' is ")


async def test_rows_are_stored_as_they_were_sent(corpus: Corpus, project: Project) -> None:
    row = {"text": "Grüße 😀\n", "document": "d", "id": 7, "metadata": {"n": {"x": [1, None, "\x00ü"]}}}
    body = b"\xef\xbb\xbf" + json.dumps(row).encode() + b"\r\n\r\n" + GOOD.rstrip()
    result = await corpus.chunk_import.from_lines(project, in_pieces(body, 3))
    chunk, loose = (await corpus.chunk_rows.of_project(project.id, Window())).items
    assert (result.imported, result.documents, result.first_chunk_id) == (2, 1, chunk.id)
    assert (chunk.text, chunk.document_name, chunk.external_id, chunk.metadata) == (
        row["text"],
        "d",
        "7",
        row["metadata"],
    )
    assert (loose.text, loose.document_id, loose.external_id, loose.metadata) == ("good", None, None, None)


async def test_more_rows_than_a_slice_keep_their_order(corpus: Corpus, project: Project) -> None:
    rows: list[dict[str, Any]] = [{"text": str(n), "document": "d" if n % 2 else None} for n in range(4500)]
    assert await corpus.import_rows(project, rows) == 4500
    page = await corpus.chunk_rows.of_document(1, Window(per_page=1000, page=2))
    assert [(chunk.chunk_index, chunk.text) for chunk in page.items[:2]] == [(1000, "2001"), (1001, "2003")]


async def test_a_list_is_checked_by_the_same_rules(corpus: Corpus, project: Project) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await corpus.chunk_import.from_list(project, [{"text": "a"}, {"text": "", "x": 1}, 5])
    assert [fault.pointer for fault in caught.value.faults] == ["/chunks/1/text", "/chunks/1/x", "/chunks/2"]


async def test_a_list_is_stored(corpus: Corpus, project: Project) -> None:
    result = await corpus.chunk_import.from_list(project, [{"text": "a"}, {"text": "b"}])
    assert (result.imported, await corpus.texts(project)) == (2, ["a", "b"])


@given(st.lists(st.binary(max_size=30).filter(lambda line: b"\n" not in line)), st.integers(1, 20))
async def test_lines_are_the_same_however_they_arrive(lines: list[bytes], size: int) -> None:
    body = b"".join(line + b"\n" for line in lines)
    assert [line async for found in lines_of(in_pieces(body, size), 100) for line in found] == lines
