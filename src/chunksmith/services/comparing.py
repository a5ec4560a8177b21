"""Other data that entries are compared with: reference sets and datasets, by id."""

from collections.abc import AsyncIterator, Sequence

from chunksmith.domain.curation import REFERENCE_PREFIX, CurationRows, ReferenceRow, References
from chunksmith.domain.dataset_ports import DatasetRows
from chunksmith.domain.datasets import ENTRY_PREFIX, Dataset, Entry
from chunksmith.domain.generation import SHAPES, ModeShape
from chunksmith.domain.row_numbers import row_number_in
from chunksmith.errors import Fault, InvalidRequest, NotFound
from chunksmith.quality.likeness import Parts, parts_of
from chunksmith.services.runner import Running

PAGE = 1000


def shape_of(dataset: Dataset) -> ModeShape:
    return SHAPES[dataset.settings["generation_mode"]]


def line_name(source: str, number: int) -> str:
    """What a text is called that an entry repeats: ``reference_1/12``, or ``dataset_…/entry_5``."""
    return f"{source}/{number}" if source.startswith(REFERENCE_PREFIX) else f"{source}/{ENTRY_PREFIX}{number}"


class Comparisons:
    def __init__(self, references: References, datasets: DatasetRows, rows: CurationRows) -> None:
        self._references = references
        self._datasets = datasets
        self._rows = rows

    async def resolve(self, names: Sequence[str], pointer: str) -> tuple[str, ...]:
        """The ids themselves, each once; a dataset may be named by its job.

        Errors: InvalidRequest naming those that are not there.
        """
        found: dict[str, None] = {}
        faults: list[Fault] = []
        for place, name in enumerate(names):
            known = await self._known(name)
            if known is None:
                faults.append(Fault(f"{pointer}/{place}", f"there is no dataset and no reference set {name!r}"))
            else:
                found[known] = None
        if faults:
            raise InvalidRequest.of(faults)
        return tuple(found)

    async def of_project(self, name: str, project: int) -> str:
        """The id of a dataset. Errors: NotFound, also for one of another project."""
        dataset = await self._datasets.get(name)
        if dataset.project_id != project:
            raise NotFound("Dataset", name)
        return dataset.dataset_id

    async def pages(self, name: str) -> AsyncIterator[list[tuple[int, Parts]]]:
        """Texts with their numbers, without entries that are rejected or left out.

        Errors: NotFound when it has been deleted since.
        """
        if name.startswith(REFERENCE_PREFIX):
            reference = await self._references.get(reference_number(name))
            if reference is None:
                raise NotFound("Reference set", name)
            async for rows in self._lines(reference.id):
                yield [(row.line, Parts(row.prompt, row.rest)) for row in rows]
            return
        dataset = await self._datasets.get(name)
        shape = shape_of(dataset)
        async for entries in entry_pages(self._rows, dataset):
            yield [(entry.number, parts_of(entry, shape)) for entry in entries if entry.state != "rejected"]

    async def _lines(self, reference: int) -> AsyncIterator[list[ReferenceRow]]:
        after = 0
        while rows := await self._references.rows(reference, after, PAGE):
            yield rows
            after = rows[-1].line

    async def _known(self, name: str) -> str | None:
        if name.startswith(REFERENCE_PREFIX):
            reference = await self._references.get(reference_number(name))
            return reference.public_id if reference is not None else None
        try:
            return (await self._datasets.get(name)).dataset_id
        except NotFound:
            return None


async def entry_pages(
    rows: CurationRows, dataset: Dataset, running: Running | None = None
) -> AsyncIterator[list[Entry]]:
    """All entries by number, those that are left out too. Errors: Halt, between pages, as ``running`` is told."""
    after = 0
    while page := await rows.texts(dataset.id, after, PAGE):
        if running is not None and running.halted_by is not None:
            raise running.halted_by
        yield page
        after = page[-1].number


def reference_number(name: str) -> int:
    """The row of a reference set's id; 0, which no row has, for what is none."""
    return row_number_in(name.removeprefix(REFERENCE_PREFIX)) or 0
