"""Imports are all or nothing, whatever ends them."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chunksmith.domain.corpus import ImportedChunk, Project
from chunksmith.domain.paging import Window
from chunksmith.errors import Conflict, NotFound
from corpus_parts import NOW, Corpus, as_lines, open_corpus


def some(count: int, document: str | None = "d", start: int = 1) -> list[ImportedChunk]:
    return [ImportedChunk(line, f"text {line}", document, f"id-{line}") for line in range(start, start + count)]


async def test_nothing_is_visible_before_the_end(corpus: Corpus, project: Project) -> None:
    import_id = await corpus.imports.open(project.id, NOW)
    await corpus.imports.add(import_id, some(3), NOW)
    documents = await corpus.document_rows.page(project.id, Window(), None)
    assert (await corpus.texts(project), documents.total, await corpus.chunk_rows.get(1)) == ([], 0, None)


async def test_everything_is_visible_after_the_end(corpus: Corpus, project: Project) -> None:
    import_id = await corpus.imports.open(project.id, NOW)
    await corpus.imports.add(import_id, some(3), NOW)
    await corpus.imports.add(import_id, some(2, start=4), NOW)
    result = await corpus.imports.finish(import_id, NOW)
    (document,) = (await corpus.document_rows.page(project.id, Window(), None)).items
    assert (result.imported, result.documents, result.first_chunk_id, document.chunk_count) == (5, 1, 1, 5)


async def test_an_import_of_a_killed_process_disappears(tmp_path: Path) -> None:
    async with open_corpus(tmp_path / "data") as corpus:
        project = await corpus.project()
        await corpus.import_rows(project, [{"text": "before", "document": "d", "id": "id-99"}])
        import_id = await corpus.imports.open(project.id, NOW)
        await corpus.imports.add(import_id, some(5000), NOW)
    async with open_corpus(tmp_path / "data") as corpus:
        assert await corpus.texts(project) == ["before"]
        await corpus.purging.purge_all()
        assert await corpus.count("SELECT count(*) FROM chunks") == 1
        assert await corpus.count("SELECT count(*) FROM documents") == 1
        assert await corpus.count("SELECT count(*) FROM open_imports") == 0


async def test_the_same_import_can_be_sent_again_after_a_kill(tmp_path: Path) -> None:
    rows = [{"text": "one", "id": "a"}, {"text": "two", "id": "b"}]
    async with open_corpus(tmp_path / "data") as corpus:
        project = await corpus.project()
        import_id = await corpus.imports.open(project.id, NOW)
        await corpus.imports.add(import_id, [ImportedChunk(1, "one", None, "a")], NOW)
    async with open_corpus(tmp_path / "data") as corpus:
        await corpus.import_rows(project, rows)
        assert await corpus.texts(project) == ["one", "two"]


async def test_a_request_that_is_cut_off_leaves_nothing(corpus: Corpus, project: Project) -> None:
    arrived = asyncio.Event()

    async def pieces() -> AsyncIterator[bytes]:
        yield as_lines({"text": f"t{n}"} for n in range(3000))
        arrived.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(corpus.chunk_import.from_lines(project, pieces()))
    await arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await corpus.purging.purge_all()
    assert await corpus.count("SELECT count(*) FROM chunks") == 0


async def test_an_import_that_is_being_worked_on_is_not_abandoned(corpus: Corpus, project: Project) -> None:
    import_id = await corpus.imports.open(project.id, NOW)
    await corpus.imports.add(import_id, some(3), NOW)
    await corpus.purging.purge_all()
    assert (await corpus.imports.finish(import_id, NOW)).imported == 3


async def test_discarding_a_finished_import_changes_nothing(corpus: Corpus, project: Project) -> None:
    import_id = await corpus.imports.open(project.id, NOW)
    await corpus.imports.add(import_id, some(3), NOW)
    await corpus.imports.finish(import_id, NOW)
    assert not await corpus.imports.discard_slice(import_id)
    assert len(await corpus.texts(project)) == 3


async def test_ids_that_are_taken_are_named_and_nothing_is_stored(corpus: Corpus, project: Project) -> None:
    await corpus.import_rows(project, [{"text": "one", "id": "id-2"}])
    import_id = await corpus.imports.open(project.id, NOW)
    taken = await corpus.imports.add(import_id, some(3), NOW)
    assert ([chunk.line for chunk in taken], await corpus.count("SELECT count(*) FROM chunks")) == ([2], 1)


async def test_the_id_of_a_deleted_chunk_is_free_again(corpus: Corpus, project: Project) -> None:
    await corpus.import_rows(project, [{"text": "one", "id": "a"}])
    await corpus.chunk_rows.hide(1, NOW)
    await corpus.import_rows(project, [{"text": "new", "id": "a"}])
    assert await corpus.texts(project) == ["new"]


async def test_ids_are_unique_in_a_project_only(corpus: Corpus, project: Project) -> None:
    other = await corpus.project("other")
    for each in (project, other):
        await corpus.import_rows(each, [{"text": "one", "id": "a"}])
    assert await corpus.texts(other) == ["one"]


async def test_two_imports_at_once_number_a_shared_document_without_gaps(corpus: Corpus, project: Project) -> None:
    await corpus.import_rows(project, [{"text": "zero", "document": "d"}])
    first, second = [await corpus.imports.open(project.id, NOW) for _ in range(2)]
    await corpus.imports.add(first, some(2), NOW)
    await corpus.imports.add(second, some(2, start=3), NOW)
    for import_id in (second, first):
        await corpus.imports.finish(import_id, NOW)
    page = await corpus.chunk_rows.of_document(1, Window())
    assert [chunk.chunk_index for chunk in page.items] == [0, 1, 2, 3, 4]


async def test_two_imports_at_once_make_documents_of_their_own(corpus: Corpus, project: Project) -> None:
    first, second = [await corpus.imports.open(project.id, NOW) for _ in range(2)]
    await corpus.imports.add(first, some(1), NOW)
    await corpus.imports.add(second, some(1, start=2), NOW)
    corpus.imports.close(first)
    await corpus.purging.settle_imports()
    await corpus.imports.finish(second, NOW)
    assert await corpus.texts(project) == ["text 2"]


async def test_an_import_into_a_deleted_project_is_refused(corpus: Corpus, project: Project) -> None:
    await corpus.projects.delete(project.id)
    with pytest.raises(NotFound):
        await corpus.imports.open(project.id, NOW)


async def test_a_document_is_not_deleted_while_it_grows(corpus: Corpus, project: Project) -> None:
    await corpus.import_rows(project, [{"text": "one", "document": "d"}])
    import_id = await corpus.imports.open(project.id, NOW)
    await corpus.imports.add(import_id, some(1), NOW)
    with pytest.raises(Conflict, match="being added"):
        await corpus.document_rows.hide(1, NOW)
