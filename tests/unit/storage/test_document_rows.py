"""Documents: lists, texts, and the switch from one set of chunks to the next."""

from pathlib import Path

import pytest

from chunksmith.domain.corpus import Document, NewChunk, ParsedText, ProcessOptions, Project
from chunksmith.domain.paging import Window
from chunksmith.storage.rows import SLICE
from corpus_parts import NOW, Corpus, ids, open_corpus

OPTIONS = ProcessOptions()
MARK = "UPDATE projects SET description = 'marked' WHERE id = 1"


@pytest.fixture
async def document(corpus: Corpus, project: Project) -> Document:
    (uploaded,) = await corpus.upload(project, a_txt="alpha beta")
    return uploaded


def cut(count: int, word: str = "w") -> list[NewChunk]:
    return [NewChunk(f"{word}{n}", n, n + 1, heading_path=("A", "B")) for n in range(count)]


async def test_chunks_replace_those_before(corpus: Corpus, project: Project, document: Document) -> None:
    for word in ("old", "new"):
        assert await corpus.document_rows.replace_chunks(document.id, cut(3, word), OPTIONS, NOW, ())
    assert await corpus.texts(project) == ["new0", "new1", "new2"]


async def test_more_chunks_than_a_slice_replace_those_before(
    corpus: Corpus, project: Project, document: Document
) -> None:
    for count in (SLICE * 2 + 1, SLICE + 1):
        assert await corpus.document_rows.replace_chunks(document.id, cut(count), OPTIONS, NOW, ())
    page = await corpus.chunk_rows.of_project(project.id, Window(per_page=1))
    found = await corpus.document_rows.get(document.id)
    assert found is not None
    assert (page.total, found.chunk_count, found.status) == (SLICE + 1, SLICE + 1, "chunked")


async def test_a_kill_between_slices_leaves_the_chunks_before(tmp_path: Path) -> None:
    async with open_corpus(tmp_path / "data") as corpus:
        project = await corpus.project()
        (document,) = await corpus.upload(project, a_txt="alpha")
        await corpus.document_rows.replace_chunks(document.id, cut(2, "old"), OPTIONS, NOW, ())
        import_id = await corpus.imports.open(project.id, NOW)
        await corpus.document_rows._stage([(project.id, document.id, 0, "new", 0, 1, "prose", "[]", import_id)])
    async with open_corpus(tmp_path / "data") as corpus:
        await corpus.purging.purge_all()
        assert await corpus.texts(project) == ["old0", "old1"]
        assert await corpus.count("SELECT count(*) FROM chunks") == 2


async def test_what_belongs_to_the_end_of_the_unit_is_in_the_same_transaction(
    corpus: Corpus, project: Project, document: Document
) -> None:
    commits = corpus.database.commits
    await corpus.document_rows.replace_chunks(document.id, cut(3), OPTIONS, NOW, [(MARK, ())])
    found = await corpus.project_rows.by_id(project.id)
    assert found is not None
    assert (found.description, corpus.database.commits - commits) == ("marked", 1)


async def test_a_deleted_document_gets_no_chunks(corpus: Corpus, project: Project, document: Document) -> None:
    await corpus.documents.delete(document.id)
    stored = await corpus.document_rows.replace_chunks(document.id, cut(1), OPTIONS, NOW, [(MARK, ())])
    found = await corpus.project_rows.by_id(project.id)
    assert found is not None
    assert (stored, found.description, found.chunk_count) == (False, "", 0)


async def test_offsets_and_headings_are_kept(corpus: Corpus, document: Document) -> None:
    await corpus.document_rows.replace_chunks(document.id, cut(2), OPTIONS, NOW, ())
    (_, chunk) = (await corpus.chunk_rows.of_document(document.id, Window())).items
    assert (chunk.start, chunk.end, chunk.heading_path, chunk.document_name) == (1, 2, ("A", "B"), "a.txt")


async def test_a_new_text_hides_chunks_of_the_old(corpus: Corpus, project: Project, document: Document) -> None:
    await corpus.document_rows.replace_chunks(document.id, cut(2), OPTIONS, NOW, ())
    assert await corpus.document_rows.save_text(document.id, ParsedText("other", "text/plain", None), "builtin", NOW)
    assert await corpus.texts(project) == []


async def test_a_failure_is_recorded(corpus: Corpus, document: Document) -> None:
    await corpus.document_rows.fail(document.id, "corrupt", "broken", NOW, ())
    found = await corpus.document_rows.get(document.id)
    assert found is not None
    assert (found.status, found.error_kind, found.error_detail) == ("failed", "corrupt", "broken")


async def test_a_failure_leaves_a_document_with_chunks_usable(corpus: Corpus, document: Document) -> None:
    await corpus.document_rows.replace_chunks(document.id, cut(2), OPTIONS, NOW, ())
    await corpus.document_rows.fail(document.id, "no_chunks", "delimiter not found", NOW, ())
    found = await corpus.document_rows.get(document.id)
    assert found is not None
    assert (found.status, found.error_kind, found.chunk_count) == ("chunked", "no_chunks", 2)


async def test_pending_are_those_without_an_attempt(corpus: Corpus, project: Project) -> None:
    a, b, c, _ = await corpus.upload(project, a_txt="a", b_txt="b", c_txt="c", d_txt="d")
    await corpus.document_rows.replace_chunks(a.id, cut(1), OPTIONS, NOW, ())
    await corpus.document_rows.fail(b.id, "corrupt", "x", NOW, ())
    await corpus.import_rows(project, [{"text": "t", "document": "imported"}])
    assert await corpus.document_rows.pending(project.id, 0, 10) == [c.id, c.id + 1]


@pytest.mark.parametrize(("chosen", "expected"), [(None, [1, 2, 3]), ([2, 3, 4], [2, 3])])
async def test_failed_are_those_chosen_ones_without_chunks_and_all_are_counted(
    corpus: Corpus, project: Project, chosen: list[int] | None, expected: list[int]
) -> None:
    *failed, read = await corpus.upload(project, a_txt="a", b_txt="b", c_txt="c", d_txt="d")
    await corpus.document_rows.replace_chunks(read.id, cut(1), OPTIONS, NOW, ())
    for document in (*failed, read):
        await corpus.document_rows.fail(document.id, "corrupt", "x", NOW, ())
    found = await corpus.document_rows.failed(project.id, chosen, 1)
    assert ([one.id for one in found.items], found.total) == (expected[:1], len(expected))


@pytest.mark.parametrize(("status", "expected"), [(None, [1, 2, 3]), ("uploaded", [2, 3]), ("failed", [1])])
async def test_lists_are_filtered_by_status(
    corpus: Corpus, project: Project, status: str | None, expected: list[int]
) -> None:
    await corpus.upload(project, a_txt="a", b_txt="b", c_txt="c")
    await corpus.document_rows.fail(1, "corrupt", "x", NOW, ())
    page = await corpus.document_rows.page(project.id, Window(), status)  # type: ignore[arg-type]  # from parameters
    assert (ids(page), page.total) == (expected, len(expected))


@pytest.mark.parametrize(
    ("start", "length", "expected"), [(0, 3, "añ😀"), (2, 2, "😀b"), (3, 99, "b"), (99, 5, ""), (0, 0, "")]
)
async def test_parts_of_a_text_are_counted_in_characters(
    corpus: Corpus, document: Document, start: int, length: int, expected: str
) -> None:
    await corpus.document_rows.save_text(document.id, ParsedText("añ😀b", "text/plain", None), "builtin", NOW)
    assert await corpus.document_rows.slice_of_text(document.id, start, length) == expected


async def test_a_large_deleted_document_is_hidden_in_slices(
    corpus: Corpus, project: Project, document: Document
) -> None:
    await corpus.document_rows.replace_chunks(document.id, cut(SLICE * 2 + 5), OPTIONS, NOW, ())
    await corpus.document_rows.hide(document.id, NOW)
    halfway = (await corpus.chunk_rows.of_project(project.id, Window(per_page=1))).total
    await corpus.purging.purge_all()
    found = await corpus.project_rows.by_id(project.id)
    assert found is not None
    assert (halfway, found.chunk_count, await corpus.texts(project)) == (SLICE + 5, 0, [])


async def test_a_document_of_another_project_is_unknown(corpus: Corpus, project: Project, document: Document) -> None:
    (foreign,) = await corpus.upload(await corpus.project("other"), b_txt="b")
    assert await corpus.document_rows.unknown(project.id, [document.id, foreign.id, 77]) == [foreign.id, 77]
