"""Projects by every identifier that a caller may use."""

import asyncio
import uuid

import pytest

from chunksmith.domain.corpus import Project
from chunksmith.domain.paging import Window
from chunksmith.errors import NotFound
from corpus_parts import Corpus


@pytest.mark.parametrize("form", ["number", "digits", "uuid", "upper"])
async def test_a_project_is_found_by_id_and_uuid(corpus: Corpus, project: Project, form: str) -> None:
    forms: dict[str, int | str] = {
        "number": project.id,
        "digits": str(project.id),
        "uuid": project.uuid,
        "upper": project.uuid.upper(),
    }
    assert await corpus.projects.resolve(forms[form]) == project


@pytest.mark.parametrize(
    "identifier",
    [0, -1, 2**63, 10**40, "9" * 5000, "", "shelf", "1 ", "²", str(uuid.UUID(int=0)), "\x00", "1e0"],
)
async def test_anything_else_is_not_found(corpus: Corpus, project: Project, identifier: int | str) -> None:
    with pytest.raises(NotFound):
        await corpus.projects.resolve(identifier)


async def test_overviews_have_counts(corpus: Corpus, project: Project) -> None:
    await corpus.import_rows(project, [{"text": "a", "document": "d"}, {"text": "b"}])
    (overview,) = (await corpus.projects.page(Window())).items
    assert (overview.counts.documents, overview.counts.chunks, overview.counts.datasets) == (1, 2, 0)


async def test_the_purge_task_finishes_a_deletion(corpus: Corpus, project: Project) -> None:
    await corpus.import_rows(project, [{"text": "a"}])
    task = asyncio.create_task(corpus.purging.run())
    await corpus.projects.delete(project.id)
    async with asyncio.timeout(5):
        while await corpus.count("SELECT count(*) FROM projects"):
            pass
    task.cancel()
    assert await corpus.count("SELECT count(*) FROM chunks") == 0


async def test_deleting_twice_is_not_found(corpus: Corpus, project: Project) -> None:
    await corpus.projects.delete(project.id)
    with pytest.raises(NotFound):
        await corpus.projects.delete(project.id)
