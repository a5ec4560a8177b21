"""Whatever is edited, deleted, written anew, frozen and rolled back: every version stays what it was."""

import asyncio
import contextlib
import itertools
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from version_rows import LINE, Content, Model, VersionRows, open_versions

from chunksmith.domain.versions import Version
from corpus_parts import NOW

UNITS, PER_UNIT = 4, 2
PLACES = st.integers(0, 7)
WORDS = st.sampled_from(["kiln", "clay", "öl", "灰"])
OPERATIONS = st.one_of(
    st.tuples(st.just("edit"), PLACES, WORDS),
    st.tuples(st.just("regenerate"), PLACES, WORDS),
    st.tuples(st.just("categorize"), PLACES, WORDS),
    st.tuples(st.just("score"), PLACES, st.sampled_from([0.25, 0.5, 0.75])),
    st.tuples(st.just("delete"), PLACES),
    st.tuples(st.just("reject"), PLACES),
    st.tuples(st.just("add")),
    st.tuples(st.just("rename"), st.integers(1, 2), WORDS),
    st.tuples(st.just("increment"), st.sampled_from(["major", "minor", "patch"])),
    st.tuples(st.just("roll_back"), PLACES, st.booleans()),
    st.tuples(st.just("reopen")),
)


class Machine:
    """Does each operation to the database and to the model."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open = contextlib.AsyncExitStack()
        self.units = UNITS

    async def start(self) -> None:
        await self._reopen()
        await self.rows.dataset(UNITS, PER_UNIT)
        self.model = Model(await self.rows.now())
        version = await self.rows.run()
        assert version is not None
        self.model.freeze("minor")

    async def _reopen(self) -> None:
        await self._open.aclose()
        self.rows: VersionRows = await self._open.enter_async_context(open_versions(self._folder))

    async def close(self) -> None:
        await self._open.aclose()

    async def do(self, name: str, *arguments: Any) -> None:
        await getattr(self, f"do_{name}")(*arguments)

    async def _on_entry(self, place: int, act: Callable[[int], Awaitable[None]], **fields: Any) -> None:
        if not self.model.now:
            return
        number = sorted(self.model.now)[place % len(self.model.now)]
        await act(number)
        self.model.change({**self.model.now, number: replace(self.model.now[number], **fields)})

    async def do_edit(self, place: int, word: str) -> None:
        fields = {"question": f"What is {word}?", "status": "edited"}
        await self._on_entry(place, lambda number: self.rows.edit(number, **fields), **fields)

    async def do_regenerate(self, place: int, word: str) -> None:
        fields = {"answer": word, "status": "regenerated", "metadata": {"model": word}, "call_id": 7}
        await self._on_entry(place, lambda number: self.rows.edit(number, "regenerated", **fields), **fields)

    async def do_categorize(self, place: int, word: str) -> None:
        await self._on_entry(place, lambda number: self.rows.edit(number, category=word), category=word)

    async def do_score(self, place: int, quality: float) -> None:
        await self._on_entry(place, lambda number: self.rows.score(number, quality), quality=quality)

    async def do_reject(self, place: int) -> None:
        await self._on_entry(place, self.rows.reject, status="rejected")

    async def do_delete(self, place: int) -> None:
        if not self.model.now:
            return
        number = sorted(self.model.now)[place % len(self.model.now)]
        await self.rows.edit(number, "deleted")
        self.model.change({n: one for n, one in self.model.now.items() if n != number})

    async def do_add(self) -> None:
        """A unit that failed at first."""
        project = await self.rows.engine.corpus.project_rows.by_id(1)
        assert project is not None
        await self.rows.engine.corpus.import_rows(project, [{"text": "Late."}])
        before = set(self.model.now)
        await self.rows.add(self.units, PER_UNIT)
        self.units += 1
        found = await self.rows.now()
        self.model.change({**self.model.now, **{n: one for n, one in found.items() if n not in before}})

    async def do_rename(self, document: int, name: str) -> None:
        """What is shown with entries changes, the entries do not."""
        await self.rows.rename(document, name)
        await self._take_names()

    async def _take_names(self) -> None:
        names = {number: one.document_name for number, one in (await self.rows.now()).items()}
        self.model.now = {n: replace(one, document_name=names.get(n)) for n, one in self.model.now.items()}

    async def do_increment(self, kind: Any) -> None:
        made = await self.rows.increment(kind)
        assert made.number == self.model.freeze(kind)

    async def do_roll_back(self, place: int, interrupted: bool) -> None:
        target = sorted(self.model.versions)[place % len(self.model.versions)]
        made = await self.rows.versions.roll_back(LINE, target, description="", author=None, at=NOW)
        if interrupted:
            await self.rows.versions.restore_slice(made.id, NOW)
            await self._reopen()
        await self.rows.restore(made)
        assert made.number == self.model.roll_back(target)
        await self._take_names()

    async def do_reopen(self) -> None:
        await self._reopen()

    async def check(self) -> None:
        found, total = await self.rows.versions.page(1, LINE.name, 1000, 0)
        assert [version.number for version in found] == sorted(self.model.versions, reverse=True)
        assert total == len(found)
        for version in found:
            content = self.model.versions[version.number]
            assert await self.rows.of(version.frozen) == content, version.number
            assert version.entries_count == len(content)
        assert await self.rows.now() == self.model.now
        dataset = await self.rows.engine.datasets.get("dataset_1")
        scores = [one.quality for one in self.model.now.values() if one.quality is not None]
        assert (dataset.entries_count, dataset.scored_count) == (len(self.model.now), len(scores))
        assert abs(dataset.quality_sum - sum(scores)) < 1e-6
        assert dataset.changed == self.model.changed
        await self._check_changes(found)

    async def _check_changes(self, found: list[Version]) -> None:
        """What may differ between two versions has everything that does."""
        for one, other in itertools.pairwise(found):
            states = sorted((one.frozen.state, other.frozen.state))
            numbers = await self.rows.frozen.changed(1, (states[0], states[1]), 0, 1000)
            a, b = (_without_names(self.model.versions[version.number]) for version in (one, other))
            assert {n for n in {*a, *b} if a.get(n) != b.get(n)} <= set(numbers)


def _without_names(content: Content) -> Content:
    return {number: replace(one, document_name=None) for number, one in content.items()}


@pytest.mark.slow
@settings(derandomize=True, max_examples=25, suppress_health_check=list(HealthCheck))
@given(st.lists(OPERATIONS, min_size=8, max_size=24))
def test_versions_stay_what_they_were(operations: list[tuple[Any, ...]]) -> None:
    async def run(folder: Path) -> None:
        machine = Machine(folder)
        try:
            await machine.start()
            for operation in operations:
                await machine.do(*operation)
            await machine.check()
            await machine.do_reopen()
            await machine.check()
        finally:
            await machine.close()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder) / "data"))
