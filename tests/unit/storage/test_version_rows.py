"""Rows of versions: numbers, what a state costs, what is copied aside, what a rollback does to entries."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from version_rows import LINE, VersionRows, open_versions

from chunksmith.domain.entry_query import EntryQuery
from chunksmith.domain.versions import Line, Run, VersionNumber, parse_number
from chunksmith.errors import Conflict, NotFound
from chunksmith.storage.database import MIGRATIONS
from corpus_parts import NOW

V1, V2 = VersionNumber(1, 0, 0), VersionNumber(1, 0, 1)
# Of an entry, what no version keeps: its row, and what only the present has.
NOT_KEPT = {"id", "dataset", "since", "deleted_at", "revision"}


@pytest.fixture
async def rows(tmp_path: Path) -> AsyncIterator[VersionRows]:
    async with open_versions(tmp_path / "data") as made:
        await made.dataset()
        await made.run()
        yield made


async def test_a_run_is_frozen_once(rows: VersionRows) -> None:
    again = await rows.run()
    assert again is not None
    assert (again.number, again.origin, again.job_id) == (V1, "run", "dataset-gen-1")
    assert (await rows.versions.page(1, None, 10, 0))[1] == 1


async def test_a_retry_that_changed_something_is_a_patch_and_else_nothing(rows: VersionRows) -> None:
    assert await rows.run(1) is None
    await rows.edit(1, answer="No.")
    made = await rows.run(2)
    assert made is not None
    assert (made.number, made.origin) == (V2, "retry")


async def test_the_next_run_is_a_minor_and_numbers_are_ordered_as_numbers(rows: VersionRows) -> None:
    for _ in range(10):
        await rows.increment("minor")
    assert str((await rows.versions.latest(LINE)).number) == "1.10.0"
    found, _ = await rows.versions.page(1, LINE.name, 3, 0)
    assert [str(version.number) for version in found] == ["1.10.0", "1.9.0", "1.8.0"]
    assert str((await rows.increment("major")).number) == "2.0.0"


async def test_increments_at_once_get_different_numbers(rows: VersionRows) -> None:
    made = await asyncio.gather(*(rows.increment() for _ in range(20)))
    assert sorted(version.number for version in made) == [VersionNumber(1, 0, n) for n in range(1, 21)]


async def test_a_version_costs_a_row_for_each_entry_that_changes_after_it(rows: VersionRows) -> None:
    async def copies() -> int:
        return int(await rows.engine.one("SELECT count(*) FROM former_entries"))

    await rows.increment()
    assert await copies() == 0
    for answer in ("No.", "Perhaps."):
        await rows.edit(1, answer=answer)
    await rows.edit(2, "deleted")
    assert await copies() == 2


async def test_what_changes_nothing_is_not_copied(rows: VersionRows) -> None:
    await rows.edit(1)
    assert await rows.engine.one("SELECT count(*) FROM former_entries") == 0
    assert not (await rows.engine.datasets.get("dataset_1")).changed


async def test_every_column_of_an_entry_is_kept(rows: VersionRows) -> None:
    database = rows.engine.corpus.database
    columns = {row["name"] for row in await database.read("SELECT name FROM pragma_table_info('entries')")}
    kept = {row["name"] for row in await database.read("SELECT name FROM pragma_table_info('former_entries')")}
    assert columns - NOT_KEPT <= kept
    trigger = await rows.engine.one("SELECT sql FROM sqlite_schema WHERE name = 'entry_changed'")
    compared = set(re.findall(r"OLD\.(\w+) IS NOT NEW", trigger))
    watched = set(re.findall(r"\w+", trigger.split("UPDATE OF")[1].split("ON entries")[0]))
    assert columns - NOT_KEPT == compared
    assert columns - NOT_KEPT | {"deleted_at"} == watched


def test_migrations_keep_the_triggers() -> None:
    """A table that is made anew loses its triggers: whoever does that has to make them again."""
    later = [path for path in sorted(MIGRATIONS.glob("*.sql")) if path.name > "0012"]
    for path in later:
        text = path.read_text(encoding="utf-8")
        if re.search(r"DROP TABLE (entries|documents)\b", text):
            assert "CREATE TRIGGER" in text, path.name


async def test_a_rollback_restores_what_was_deleted_and_hides_what_was_added(rows: VersionRows) -> None:
    before = await rows.now()
    await rows.edit(3, "deleted")
    await rows.edit(4, question="Another?")
    await rows.engine.corpus.import_rows(await rows.engine.corpus.project("other"), [{"text": "Late."}])
    await rows.add(4, 2)
    made = await rows.roll_back(V1)
    assert str(made.number) == "1.1.0"
    assert await rows.now() == before
    with pytest.raises(NotFound):
        await rows.entries.get(1, 9)
    history = await rows.entries.history(1, 4)
    assert [(one["revision"], one["change"]) for one in history] == [
        (1, "edited"),
        (2, "rolled back with version 1.1.0"),
    ]
    assert (await rows.entries.get(1, 4)).revision == 3
    assert (await rows.entries.get(1, 3)).revision == 2


async def test_a_rollback_first_freezes_what_no_version_has(rows: VersionRows) -> None:
    await rows.edit(1, answer="No.")
    edited = await rows.now()
    await rows.roll_back(V1)
    found, _ = await rows.versions.page(1, LINE.name, 10, 0)
    assert [(str(v.number), v.origin) for v in found] == [
        ("1.1.0", "rollback"),
        ("1.0.1", "before_rollback"),
        ("1.0.0", "run"),
    ]
    assert await rows.of(found[1].frozen) == edited
    await rows.roll_back(V2)
    assert await rows.now() == edited


async def test_a_rollback_has_the_content_of_its_target_before_entries_are_put_back(rows: VersionRows) -> None:
    before = await rows.now()
    await rows.edit(1, answer="No.")
    made = await rows.versions.roll_back(LINE, V1, description="", author=None, at=NOW)
    assert made.restoring
    assert await rows.of(made.frozen) == before
    with pytest.raises(Conflict, match="under way"):
        await rows.increment()
    await rows.restore(made)
    assert not (await rows.versions.reload(made.id)).restoring
    assert str((await rows.increment()).number) == "1.1.1"


async def test_what_is_changed_during_a_rollback_counts_as_changed(rows: VersionRows) -> None:
    await rows.edit(8, answer="No.")
    made = await rows.versions.roll_back(LINE, V1, description="", author=None, at=NOW)
    await rows.edit(1, answer="Meanwhile.")
    await rows.restore(made)
    assert (await rows.engine.datasets.get("dataset_1")).changed


async def test_a_dataset_with_versions_is_deleted_only_with_them(rows: VersionRows) -> None:
    dataset = await rows.engine.datasets.get("dataset_1")
    await rows.edit(1, answer="No.")
    with pytest.raises(Conflict, match="with_versions"):
        await rows.engine.datasets.delete(dataset)
    assert (await rows.versions.latest(LINE)).number == V1
    await rows.engine.datasets.delete(dataset, with_versions=True)
    with pytest.raises(NotFound):
        await rows.versions.get(LINE, V1)
    assert await rows.engine.one("SELECT count(*) FROM former_entries") == 0


async def test_numbers_of_deleted_versions_stay_taken(rows: VersionRows) -> None:
    await rows.engine.datasets.delete(await rows.engine.datasets.get("dataset_1"), with_versions=True)
    await rows.dataset(name="2")
    line = Line(1, LINE.name)
    made = await rows.versions.freeze_run(Run(2, 2, 0), line, NOW)
    assert made is not None
    assert str(made.number) == "1.1.0"


async def test_what_was_left_out_stays_so_in_its_version(rows: VersionRows) -> None:
    database = rows.engine.corpus.database
    await database.apply([("UPDATE entries SET left_out = 'duplicate' WHERE id & 15 = 2", ())])
    version = await rows.increment()
    await database.apply([("UPDATE entries SET left_out = NULL", ())])
    assert [*await rows.of(version.frozen)] == [1, 3, 4, 5, 6, 7, 8]
    assert [one.number for one in await rows.frozen.by_numbers(version.frozen, [1, 2])] == [1]
    found = await rows.frozen.page(version.frozen, EntryQuery(left_out="any"), 10)
    assert [entry.number for entry in found] == [2]
    filled = await rows.frozen.filled(version.frozen, EntryQuery())
    assert filled.scores == 7
    await rows.roll_back(version.number)
    assert 2 not in await rows.now()


@pytest.mark.parametrize("text", ["1.0", "01.0.0", "1.0.0 ", "v1.0.0", "1.0.-1", "", "1.0.9999999999"])
def test_what_is_no_number_is_none(text: str) -> None:
    assert parse_number(text) is None


async def test_filters_find_entries_of_a_version_as_they_were(rows: VersionRows) -> None:
    await rows.edit(2, category="clay")
    version = await rows.increment()
    await rows.edit(2, category="kiln")
    await rows.edit(5, category="clay")
    found = await rows.frozen.page(version.frozen, EntryQuery(category="clay"), 10)
    assert [entry.number for entry in found] == [2]
    assert await rows.frozen.categories(version.frozen) == {"clay"}


async def test_documents_of_a_version_keep_their_names(rows: VersionRows) -> None:
    version = await rows.versions.latest(LINE)
    await rows.rename(1, "renamed.txt")
    found, total = await rows.frozen.documents(version.frozen, 1)
    assert ([(one["name"], one["entries"]) for one in found], total) == ([("a.txt", 4)], 2)


async def test_chunks_of_a_version_are_those_of_its_entries(rows: VersionRows) -> None:
    version = await rows.versions.latest(LINE)
    await rows.edit(1, "deleted")
    await rows.edit(2, "deleted")
    assert await rows.frozen.chunks(version.frozen, 0, 10) == [1, 2, 3, 4]
    assert [one.number for one in await rows.frozen.of_chunks(version.frozen, 1, 2)] == [1, 2, 3, 4]
    later = await rows.increment()
    assert await rows.frozen.chunks(later.frozen, 0, 10) == [2, 3, 4]
    assert [one.number for one in await rows.frozen.by_numbers(later.frozen, [1, 3])] == [3]
