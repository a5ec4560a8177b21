"""Uploads, contents, deletions, and the choice of what a job works on."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunksmith.domain.corpus import ProcessOptions, Project
from chunksmith.domain.paging import Window
from chunksmith.errors import Conflict, InvalidRequest, NotFound, TooLarge
from chunksmith.services.documents import LONGEST_NAME, display_name
from corpus_parts import UPLOADS, Corpus, in_pieces


def files_in(data_dir: Path) -> list[Path]:
    return [path for path in (data_dir / "uploads").rglob("*") if path.is_file()]


async def test_uploaded_files_are_listed(corpus: Corpus, project: Project) -> None:
    documents = await corpus.upload(project, a_txt="alpha", b_md="# beta")
    page = await corpus.documents.page(project, Window())
    assert list(page.items) == documents
    assert [(each.name, each.status, each.size_bytes) for each in documents] == [
        ("a.txt", "uploaded", 5),
        ("b.md", "uploaded", 6),
    ]


async def test_one_file_too_large_and_none_is_kept(corpus: Corpus, project: Project) -> None:
    with pytest.raises(TooLarge):
        await corpus.upload(project, a_txt="fine", b_txt="x" * (UPLOADS.max_file_bytes + 1))
    page = await corpus.documents.page(project, Window())
    assert (page.total, files_in(corpus.data_dir)) == (0, [])


async def test_one_file_too_many_and_none_is_kept(corpus: Corpus, project: Project) -> None:
    with pytest.raises(InvalidRequest, match="at most 5 files"):
        await corpus.upload(project, **{f"{letter}_txt": "x" for letter in "abcdef"})
    assert files_in(corpus.data_dir) == []


async def test_an_upload_that_is_never_kept_leaves_nothing(corpus: Corpus) -> None:
    async with corpus.documents.receiving() as upload:
        await upload.add("a.txt", in_pieces(b"alpha"))
    assert files_in(corpus.data_dir) == []


async def test_an_upload_into_a_project_that_goes_meanwhile_leaves_nothing(corpus: Corpus, project: Project) -> None:
    async with corpus.documents.receiving() as upload:
        await upload.add("a.txt", in_pieces(b"alpha"))
        await corpus.projects.delete(project.id)
        with pytest.raises(NotFound):
            await upload.keep(project)
    assert files_in(corpus.data_dir) == []


async def test_an_upload_without_files_is_refused(corpus: Corpus, project: Project) -> None:
    with pytest.raises(InvalidRequest, match="at least one file"):
        await corpus.upload(project)


async def test_the_same_content_again_is_kept_with_a_warning(corpus: Corpus, project: Project) -> None:
    await corpus.upload(project, a_txt="same")
    async with corpus.documents.receiving() as upload:
        await upload.add("b.txt", in_pieces(b"same"))
        uploaded = await upload.keep(project)
    assert uploaded.warnings == ["b.txt has the same content as document 1 (a.txt)"]


async def test_deleting_removes_the_file_and_hides_the_chunks(corpus: Corpus, project: Project) -> None:
    (document,) = await corpus.upload(project, a_txt="Water boils at 100 degrees at sea level. " * 5)
    await corpus.processing.process(document.id, ProcessOptions())
    await corpus.documents.delete(str(document.id))
    left = await corpus.count("SELECT count(*) FROM document_texts")
    assert (files_in(corpus.data_dir), await corpus.texts(project), left) == ([], [], 0)
    with pytest.raises(NotFound):
        await corpus.documents.get(document.id)


@pytest.mark.parametrize("identifier", ["0", "99", "x", "-1", "1.0", "99999999999999999999", "１"])
async def test_an_unknown_document_is_not_found(corpus: Corpus, project: Project, identifier: str) -> None:
    await corpus.upload(project, a_txt="alpha")
    with pytest.raises(NotFound):
        await corpus.documents.get(identifier)


async def test_a_part_of_the_content(corpus: Corpus, project: Project) -> None:
    (document,) = await corpus.upload(project, a_txt="Water boils at 100 degrees at sea level.")
    await corpus.processing.process(document.id, ProcessOptions())
    part = await corpus.documents.content(document.id, 6, 11)
    assert (part.text, part.start, part.end) == ("boils", 6, 11)


async def test_offsets_of_chunks_refer_to_the_content(corpus: Corpus, project: Project) -> None:
    text = "# Water\n\n" + "Water boils at 100 degrees at sea level. Ice melts at zero degrees.\n\n" * 20
    (document,) = await corpus.upload(project, a_md=text)
    await corpus.processing.process(document.id, ProcessOptions(chunk_size=50))
    content = await corpus.documents.content(document.id)
    chunks = (await corpus.chunk_rows.of_document(document.id, Window())).items
    assert len(chunks) > 1
    assert all(chunk.text == content.text[chunk.start : chunk.end] for chunk in chunks)


async def test_a_document_that_was_never_parsed_has_no_content(corpus: Corpus, project: Project) -> None:
    (document,) = await corpus.upload(project, a_txt="alpha")
    with pytest.raises(Conflict, match="is uploaded; process it first"):
        await corpus.documents.content(document.id)


async def test_everything_that_waits_is_chosen_when_nothing_is_named(corpus: Corpus, project: Project) -> None:
    await corpus.upload(project, a_txt="a", b_txt="b")
    assert await corpus.documents.to_process(project, None) == [1, 2]


async def test_nothing_waiting_is_a_conflict(corpus: Corpus, project: Project) -> None:
    (document,) = await corpus.upload(project, a_txt="The kiln dries clay.")
    await corpus.processing.process(document.id, ProcessOptions())
    with pytest.raises(Conflict, match="no document of this project waits"):
        await corpus.documents.to_process(project, None)


async def test_all_unknown_documents_are_named(corpus: Corpus, project: Project) -> None:
    await corpus.upload(project, a_txt="a")
    with pytest.raises(NotFound, match="Documents not found: 7, 9"):
        await corpus.documents.to_process(project, [9, 1, 7])


async def test_imported_documents_cannot_be_processed(corpus: Corpus, project: Project) -> None:
    await corpus.import_rows(project, [{"text": "t", "document": "d"}])
    with pytest.raises(InvalidRequest, match="imported as chunks"):
        await corpus.documents.to_process(project, [1])


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\report.pdf", "report.pdf"),
        ("a\x00b\r\n.txt", "ab.txt"),
        ("\u202egnp.exe", "gnp.exe"),
        ("", "document"),
        ("..", "document"),
        ("Grüße 你好.md", "Grüße 你好.md"),
        ("x" * 300 + ".pdf", "x" * 251 + ".pdf"),
    ],
)
def test_names_are_fit_to_be_shown(given_name: str, shown: str) -> None:
    assert display_name(given_name) == shown


@given(st.text(max_size=400))
def test_any_name_becomes_one_short_visible_part(given_name: str) -> None:
    shown = display_name(given_name)
    assert 0 < len(shown) <= LONGEST_NAME
    assert "/" not in shown
    assert shown.isprintable() or " " in shown or "\u3000" in shown or not shown.isascii()


async def test_where_there_are_no_documents_some_are_asked_for(corpus: Corpus, project: Project) -> None:
    with pytest.raises(Conflict, match="has no documents; upload some first"):
        await corpus.documents.to_process(project, None)
