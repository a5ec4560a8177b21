"""Processing a document: from its file to chunks, and every way in which that fails."""

import pytest

from chunksmith.domain.calls import ProviderAccount
from chunksmith.domain.corpus import ProcessOptions, Project
from chunksmith.domain.jobs import Outcome
from chunksmith.errors import InvalidRequest, ProviderNotConfigured
from chunksmith.services.processing import check_keys, options_of
from chunksmith.settings import ChunkingSettings
from corpus_parts import Corpus

TEXT = "Water boils at 100 degrees Celsius at sea level. Salt raises the boiling point slightly. " * 4
MARK = "UPDATE projects SET description = ? WHERE id = 1"
DEFAULTS = ChunkingSettings(strategy="heading", size=512, overlap=64)


async def description(corpus: Corpus) -> str:
    found = await corpus.project_rows.by_id(1)
    return found.description if found is not None else ""


async def test_a_document_becomes_chunks(corpus: Corpus, project: Project) -> None:
    (document,) = await corpus.upload(project, a_txt=TEXT)
    outcome = await corpus.processing.process(document.id, ProcessOptions(chunk_size=20))
    found = await corpus.documents.get(document.id)
    assert outcome == Outcome("accepted", detail=f"{found.chunk_count} chunks")
    assert found.chunk_count > 1
    assert (found.status, found.media_type, found.text_chars) == ("chunked", "text/plain", len(TEXT.strip()))


async def test_the_options_are_kept_with_the_document(corpus: Corpus, project: Project) -> None:
    (document,) = await corpus.upload(project, a_txt=TEXT)
    await corpus.processing.process(document.id, ProcessOptions(chunk_strategy="character", chunk_size=70))
    processing = (await corpus.documents.get(document.id)).processing or {}
    assert (processing["parsing_model"], processing["chunk_strategy"], processing["chunk_size"]) == (
        "builtin",
        "character",
        70,
    )


async def test_a_parsed_document_is_not_parsed_again(corpus: Corpus, project: Project) -> None:
    (document,) = await corpus.upload(project, a_txt=TEXT)
    await corpus.processing.process(document.id, ProcessOptions(chunk_size=20))
    assert document.stored_path is not None
    corpus.files.path(document.stored_path).unlink()
    outcome = await corpus.processing.process(document.id, ProcessOptions(chunk_size=500))
    assert outcome == Outcome("accepted", detail="1 chunks")


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        (b"", "a_txt", {"empty", "no_text"}),
        (b"   \n\n  ", "a_txt", {"empty", "no_text"}),
        (b"%PDF-1.7 broken", "a_pdf", {"corrupt"}),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8, "a_png", {"binary", "unsupported"}),
    ],
    ids=["empty", "blank", "corrupt", "binary"],
)
async def test_a_document_that_gives_no_chunks_fails_with_a_reason(
    corpus: Corpus, project: Project, content: bytes, name: str, reason: set[str]
) -> None:
    (document,) = await corpus.upload(project, **{name: content})
    outcome = await corpus.processing.process(document.id, ProcessOptions())
    found = await corpus.documents.get(document.id)
    assert outcome.status == "failed"
    assert outcome.reason in reason
    assert (found.status, found.error_kind, found.error_detail) == ("failed", outcome.reason, outcome.detail)


async def test_a_deleted_document_fails(corpus: Corpus, project: Project) -> None:
    (document,) = await corpus.upload(project, a_txt=TEXT)
    await corpus.documents.delete(document.id)
    outcome = await corpus.processing.process(document.id, ProcessOptions())
    assert (outcome.status, outcome.reason) == ("failed", "deleted")


async def test_an_imported_document_fails(corpus: Corpus, project: Project) -> None:
    await corpus.import_rows(project, [{"text": "t", "document": "d"}])
    outcome = await corpus.processing.process(1, ProcessOptions())
    assert ((outcome.status, outcome.reason), await corpus.texts(project)) == (("failed", "not_a_file"), ["t"])


@pytest.mark.parametrize(("content", "expected"), [(TEXT, "accepted"), ("", "failed")], ids=["accepted", "failed"])
async def test_the_unit_ends_with_the_document(corpus: Corpus, project: Project, content: str, expected: str) -> None:
    (document,) = await corpus.upload(project, a_txt=content)
    await corpus.processing.process(document.id, ProcessOptions(), lambda outcome: [(MARK, (outcome.status,))])
    assert await description(corpus) == expected


async def test_the_unit_ends_when_the_document_has_gone(corpus: Corpus, project: Project) -> None:
    await corpus.processing.process(99, ProcessOptions(), lambda outcome: [(MARK, (outcome.reason,))])
    assert await description(corpus) == "deleted"


@pytest.mark.parametrize(
    ("options", "pointers"),
    [
        ({"parsing_model": "gpt"}, ["/parsing_model"]),
        ({"parsing_model": "gpt", "chunking_model": "claude/1"}, ["/parsing_model", "/chunking_model"]),
        ({"chunking_model": "grok", "chunk_strategy": "token"}, ["/chunking_model"]),
        ({"chunk_size": 10, "chunk_overlap": 10}, ["/chunk_overlap"]),
    ],
)
def test_options_that_cannot_be_meant_are_refused(options: dict[str, object], pointers: list[str]) -> None:
    with pytest.raises(InvalidRequest) as caught:
        options_of(options, DEFAULTS)
    assert [fault.pointer for fault in caught.value.faults] == pointers


@pytest.mark.parametrize(
    ("options", "size", "overlap"), [({}, 512, 64), ({"chunk_size": 32}, 32, 30), ({"chunk_overlap": 0}, 512, 0)]
)
def test_options_that_are_not_named_come_from_the_settings(options: dict[str, object], size: int, overlap: int) -> None:
    made = options_of(options, DEFAULTS)
    assert (made.chunk_size, made.chunk_overlap) == (size, overlap)


def test_models_are_kept_with_their_own_name() -> None:
    made = options_of({"parsing_model": "gemini", "chunking_model": "ollama/x:7b"}, DEFAULTS, {"gemini": "gemini-9"})
    assert (made.parsing_model, made.chunking_model, made.chunk_strategy) == (
        "gemini/gemini-9",
        "ollama/x:7b",
        "semantic",
    )


def test_a_missing_key_is_named_for_each_field() -> None:
    accounts = {name: ProviderAccount(name, (), name) for name in ("builtin", "gemini", "grok", "ollama")}
    options = ProcessOptions("gemini/a", "grok/b", "semantic")
    with pytest.raises(ProviderNotConfigured) as caught:
        check_keys(options, accounts)
    assert caught.value.detail == "API key not configured: gemini"
    assert [fault.pointer for fault in caught.value.faults] == ["/parsing_model", "/chunking_model"]
