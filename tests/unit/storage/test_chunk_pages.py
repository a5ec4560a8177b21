"""Pages of chunks: by number and by cursor, over imports, deletions and documents."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chunksmith.domain.corpus import Project
from chunksmith.domain.paging import Window
from chunksmith.errors import InvalidRequest
from corpus_parts import NOW, Corpus, ids, open_corpus


async def by_number(corpus: Corpus, project: Project, per_page: int) -> list[int]:
    found: list[int] = []
    number = 1
    while page := ids(await corpus.chunk_rows.of_project(project.id, Window(number, per_page))):
        found += page
        number += 1
    return found


async def by_cursor(corpus: Corpus, project: Project, per_page: int) -> list[int]:
    page = await corpus.chunk_rows.of_project(project.id, Window(per_page=per_page))
    found = ids(page)
    while page.next_cursor is not None:
        page = await corpus.chunk_rows.of_project(project.id, Window(per_page=per_page, cursor=page.next_cursor))
        found += ids(page)
    return found


async def of_document(corpus: Corpus, document: int, per_page: int) -> list[int]:
    page = await corpus.chunk_rows.of_document(document, Window(per_page=per_page))
    found = ids(page)
    while page.next_cursor is not None:
        page = await corpus.chunk_rows.of_document(document, Window(per_page=per_page, cursor=page.next_cursor))
        found += ids(page)
    return found


@given(
    sizes=st.lists(st.integers(1, 12), min_size=1, max_size=4),
    deleted=st.sets(st.integers(1, 40), max_size=10),
    per_page=st.integers(1, 15),
)
@settings(max_examples=25)
async def test_pages_put_together_are_the_whole_list(sizes: list[int], deleted: set[int], per_page: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with open_corpus(Path(folder)) as corpus:
            project, other = await corpus.project(), await corpus.project("other")
            for size in sizes:
                await corpus.import_rows(project, [{"text": "t", "document": f"d{n % 2}"} for n in range(size)])
                await corpus.import_rows(other, [{"text": "not here"}])
            for chunk in deleted:
                await corpus.chunk_rows.hide(chunk, NOW)
            rows = await corpus.database.read(
                "SELECT id FROM chunks WHERE project_id = ? AND deleted_at IS NULL ORDER BY id", (project.id,)
            )
            whole = [row["id"] for row in rows]
            total = (await corpus.chunk_rows.of_project(project.id, Window())).total
            assert await by_number(corpus, project, per_page) == whole
            assert await by_cursor(corpus, project, per_page) == whole
            assert total == len(whole)


async def test_pages_of_a_document_follow_its_order(corpus: Corpus, project: Project) -> None:
    for start in (0, 3, 6):
        await corpus.import_rows(project, [{"text": f"{start + n}", "document": "d"} for n in range(3)])
    found = await corpus.chunk_rows.chunks_by_ids(await of_document(corpus, 1, 2))
    assert sorted((chunk.chunk_index, chunk.text) for chunk in found.values()) == [(n, str(n)) for n in range(9)]


async def test_a_page_past_the_end_is_empty(corpus: Corpus, project: Project) -> None:
    await corpus.import_rows(project, [{"text": "one"}])
    page = await corpus.chunk_rows.of_project(project.id, Window(10**15, 1000))
    assert (list(page.items), page.total, page.next_cursor) == ([], 1, None)


@pytest.mark.parametrize("cursor", ["", "x", "cHJvamVjdC0xOjU", "äöü", "cHJvamVjdC0xOi01", "cHJvamVjdC0yOjU"])
async def test_a_cursor_of_something_else_is_refused(corpus: Corpus, project: Project, cursor: str) -> None:
    await corpus.import_rows(project, [{"text": "one"}])
    with pytest.raises(InvalidRequest, match="next_cursor"):
        await corpus.chunk_rows.of_document(1, Window(cursor=cursor))


async def test_ids_for_a_job_come_in_order_and_of_the_named_documents(corpus: Corpus, project: Project) -> None:
    await corpus.import_rows(project, [{"text": "t", "document": f"d{n % 3}"} for n in range(9)])
    rows = corpus.chunk_rows
    first = await rows.visible_chunk_ids(project.id, 0, 4, [1, 3])
    assert (first, await rows.visible_chunk_ids(project.id, first[-1], 9, [1, 3])) == ([1, 3, 4, 6], [7, 9])


async def test_a_deleted_chunk_is_hidden_but_can_be_read_by_a_job(corpus: Corpus, project: Project) -> None:
    await corpus.import_rows(project, [{"text": "one"}, {"text": "two"}])
    assert await corpus.chunk_rows.hide(1, NOW)
    assert await corpus.chunk_rows.get(1) is None
    assert await corpus.chunk_rows.visible_chunk_ids(project.id, 0, 9) == [2]
    assert (await corpus.chunk_rows.chunks_by_ids([1]))[1].text == "one"


@pytest.mark.parametrize(("documents", "expected"), [(None, True), ([1], True), ([2], False), ([], False)])
async def test_whether_there_is_anything_to_work_on(
    corpus: Corpus, project: Project, documents: list[int] | None, expected: bool
) -> None:
    await corpus.import_rows(project, [{"text": "t", "document": "d"}])
    await corpus.upload(project, a_txt="x")
    assert await corpus.chunk_rows.has_chunks(project.id, documents) is expected


async def test_pages_need_no_scan_of_the_table(corpus: Corpus) -> None:
    sql = "EXPLAIN QUERY PLAN SELECT id FROM visible_chunks WHERE project_id = ? AND id > ? ORDER BY id LIMIT 50"
    plan = " ".join(row["detail"] for row in await corpus.database.read(sql, (1, 0)))
    assert "COVERING INDEX chunks_of_project (project_id=? AND deleted_at=? AND id>?)" in plan
