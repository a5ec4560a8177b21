"""What a model has read stays, page by page, until its document goes."""

from pathlib import Path

import pytest

from chunksmith.domain.reading import PagePart, ReadingPlan
from chunksmith.storage.reading import ReadingStore
from corpus_parts import NOW, Corpus, open_corpus

MODEL = "gemini/gemini-3.5-flash-lite"
PLAN = ReadingPlan(
    "application/pdf",
    "Title",
    (PagePart(1, 2, "text_layer", "Two pages."), PagePart(3, 3, "waiting"), PagePart(4, 4, "waiting")),
)


async def begun(corpus: Corpus) -> tuple[ReadingStore, int]:
    (document,) = await corpus.upload(await corpus.project(), a_pdf=b"%PDF-")
    store = ReadingStore(corpus.database)
    await store.begin(document.id, MODEL, PLAN, NOW)
    return store, document.id


async def test_a_plan_comes_back_as_it_was(tmp_path: Path) -> None:
    async with open_corpus(tmp_path) as corpus:
        store, document = await begun(corpus)
        assert await store.plan(document, MODEL) == PLAN
        assert await store.plan(document, "grok/grok-4.3") is None


async def test_a_plan_that_has_begun_stays(tmp_path: Path) -> None:
    async with open_corpus(tmp_path) as corpus:
        store, document = await begun(corpus)
        await store.begin(document, MODEL, ReadingPlan("image/png", None, ()), NOW)
        assert await store.plan(document, MODEL) == PLAN


@pytest.mark.parametrize(("state", "is_open"), [("read", False), ("unread", True)])
async def test_a_reading_is_open_while_pages_are_not_read(tmp_path: Path, state: str, is_open: bool) -> None:
    async with open_corpus(tmp_path) as corpus:
        store, document = await begun(corpus)
        assert await store.keep_page(document, MODEL, PagePart(3, 3, "read", "Three."), NOW)
        assert await store.is_open(document, MODEL)
        assert await store.keep_page(document, MODEL, PagePart(4, 4, state, "", None), NOW)  # type: ignore[arg-type]  # one of its values
        assert await store.is_open(document, MODEL) is is_open


async def test_pages_of_a_deleted_document_are_not_kept(tmp_path: Path) -> None:
    async with open_corpus(tmp_path) as corpus:
        store, document = await begun(corpus)
        await corpus.documents.delete(document)
        assert not await store.keep_page(document, MODEL, PagePart(3, 3, "read", "Three."), NOW)
        await store.begin(document, "grok/grok-4.3", PLAN, NOW)
        assert await corpus.count("SELECT count(*) FROM readings") == 0
        assert await corpus.count("SELECT count(*) FROM reading_pages") == 0
