"""Projects: finding, counting, and deleting all that belongs to one."""

from pathlib import Path

import pytest

from chunksmith.domain.corpus import Project
from chunksmith.domain.paging import Window
from chunksmith.errors import Conflict, NotFound
from chunksmith.storage.datasets import entry_range
from corpus_parts import NOW, Corpus, ids, open_corpus

JOB = """
INSERT INTO jobs (job_id, kind, project_id, spec, state, concurrency, created_at)
VALUES (?, 'x', ?, '{}', ?, 1, '')
"""
DATASET = """
INSERT INTO datasets (dataset_id, project_id, name, mode, format_type, folder, settings, created_at, updated_at)
VALUES ('dataset_1', ?, 'd', 'default', 'jsonl', 'datasets/project_1', '{}', '', '')
"""
CALL = """
INSERT INTO calls (request_key, job, stage, attempt, state, provider, model, sent_at)
VALUES (x'00', ?, 'generate', 1, 'answered', 'builtin', 'builtin', '')
"""
LEFT = """
SELECT (SELECT count(*) FROM projects) + (SELECT count(*) FROM documents) + (SELECT count(*) FROM chunks)
    + (SELECT count(*) FROM document_texts) + (SELECT count(*) FROM datasets) + (SELECT count(*) FROM entries)
    + (SELECT count(*) FROM jobs) + (SELECT count(*) FROM units)
"""


async def fill(corpus: Corpus, project: Project) -> Path:
    """A document, chunks, a job with a unit and a call, a dataset with an entry and a file."""
    await corpus.import_rows(project, [{"text": f"passage {n}", "document": f"d{n % 3}"} for n in range(30)])
    await corpus.upload(project, a_txt="some text")
    folder = corpus.data_dir / "datasets" / "project_1"
    folder.mkdir()
    (folder / "batch.jsonl").write_text("{}")
    unit = "INSERT INTO units (job, position, source_id) VALUES (1, 0, 1)"
    entry = "INSERT INTO entries (id, dataset, position, chunk_id, generated_at) VALUES (?, 1, 0, 1, '')"
    for sql, parameters in (
        (JOB, ("job-1", project.id, "completed")),
        (unit, ()),
        (CALL, (1,)),
        (DATASET, (project.id,)),
        (entry, (entry_range(1)[0],)),
    ):
        await corpus.database.apply([(sql, parameters)])
    return folder


async def test_counts_are_of_the_project_alone(corpus: Corpus, project: Project) -> None:
    other = await corpus.project("other")
    await fill(corpus, project)
    await corpus.import_rows(other, [{"text": "one"}])
    counts = await corpus.project_rows.counts((await corpus.project_rows.page(Window(), None)).items)
    assert [(counts[p.id].documents, counts[p.id].chunks, counts[p.id].datasets) for p in (project, other)] == [
        (4, 30, 1),
        (0, 1, 0),
    ]


async def test_filtering_by_name_is_exact(corpus: Corpus) -> None:
    made = [await corpus.project(name) for name in ("a", "ab", "a")]
    page = await corpus.project_rows.page(Window(), "a")
    assert (ids(page), page.total) == ([made[0].id, made[2].id], 2)


async def test_update_leaves_what_is_not_named(corpus: Corpus, project: Project) -> None:
    changed = await corpus.project_rows.update(project.id, None, "about cats", NOW)
    assert (changed.name, changed.description) == ("shelf", "about cats")


async def test_updating_a_project_that_has_gone_is_refused(corpus: Corpus) -> None:
    with pytest.raises(NotFound):
        await corpus.project_rows.update(99, "x", None, NOW)


async def test_a_hidden_project_cannot_be_found(corpus: Corpus, project: Project) -> None:
    await corpus.project_rows.hide(project.id, NOW)
    found = [
        await corpus.project_rows.by_id(project.id),
        await corpus.project_rows.by_uuid(project.uuid),
        *await corpus.project_rows.by_name(project.name),
        *(await corpus.project_rows.page(Window(), None)).items,
    ]
    assert found == [None, None]


@pytest.mark.parametrize("state", ["submitted", "running", "paused"])
async def test_a_project_with_an_active_job_is_not_deleted(corpus: Corpus, project: Project, state: str) -> None:
    await corpus.database.apply([(JOB, ("job-1", project.id, state))])
    with pytest.raises(Conflict, match=f"job-1 of this project is {state}"):
        await corpus.project_rows.hide(project.id, NOW)


async def test_a_project_with_an_open_import_is_not_deleted(corpus: Corpus, project: Project) -> None:
    await corpus.imports.open(project.id, NOW)
    with pytest.raises(Conflict, match="imported"):
        await corpus.project_rows.hide(project.id, NOW)


async def test_deleting_removes_rows_and_files(corpus: Corpus, project: Project) -> None:
    folder = await fill(corpus, project)
    await corpus.projects.delete(project.id)
    await corpus.purging.purge_all()
    uploads = [path for path in (corpus.data_dir / "uploads").rglob("*") if path.is_file()]
    assert (await corpus.count(LEFT), uploads, folder.exists()) == (0, [], False)


async def test_a_folder_that_cannot_be_removed_keeps_only_its_own_project(corpus: Corpus, project: Project) -> None:
    other = await corpus.project("other")
    await fill(corpus, project)
    await corpus.database.apply([("UPDATE datasets SET folder = 'datasets'", ())])
    for each in (project, other):
        await corpus.projects.delete(each.id)
    await corpus.purging.purge_all()
    assert [row["id"] for row in await corpus.database.read("SELECT id FROM projects")] == [project.id]


async def test_what_is_left_of_deleted_datasets_goes_too(corpus: Corpus, project: Project) -> None:
    left = corpus.data_dir / "datasets" / str(project.id) / "old"
    left.mkdir(parents=True)
    await corpus.projects.delete(project.id)
    await corpus.purging.purge_all()
    assert not left.parent.exists()


async def test_calls_outlive_their_project(corpus: Corpus, project: Project) -> None:
    await fill(corpus, project)
    await corpus.projects.delete(project.id)
    await corpus.purging.purge_all()
    assert await corpus.count("SELECT count(*) FROM calls WHERE job IS NULL") == 1


async def test_deleting_spares_other_projects(corpus: Corpus, project: Project) -> None:
    other = await corpus.project("other")
    await corpus.import_rows(other, [{"text": "keep", "document": "d1"}])
    await fill(corpus, project)
    await corpus.projects.delete(project.id)
    await corpus.purging.purge_all()
    assert await corpus.texts(other) == ["keep"]


async def test_a_deletion_that_was_cut_off_is_finished_at_the_next_start(tmp_path: Path) -> None:
    async with open_corpus(tmp_path / "data") as corpus:
        project = await corpus.project()
        await fill(corpus, project)
        await corpus.projects.delete(project.id)
        assert await corpus.purge_steps.purge_project_slice(project.id)
    async with open_corpus(tmp_path / "data") as corpus:
        await corpus.purging.recover()
        await corpus.purging.purge_all()
        assert await corpus.count(LEFT) == 0


async def test_foreign_keys_hold_after_a_deletion(corpus: Corpus, project: Project) -> None:
    await fill(corpus, project)
    await corpus.projects.delete(project.id)
    await corpus.purging.purge_all()
    assert await corpus.database.read("PRAGMA foreign_key_check") == []
