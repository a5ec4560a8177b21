"""Chunks that were made elsewhere: any number of them, in constant memory, all or none."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from itertools import islice
from typing import Any

from chunksmith.domain.corpus import ImportedChunk, ImportResult, Project
from chunksmith.domain.corpus_ports import Imports
from chunksmith.domain.ports import Clock
from chunksmith.domain.times import rfc3339
from chunksmith.errors import Fault, InvalidRequest
from chunksmith.services.chunk_rows import Row, RowFault, checked, line_pointer, lines_of, rows_of_lines
from chunksmith.services.purging import Purging

# A slice is one transaction: large enough to be quick, small enough not to hold up other writers.
SLICE_ROWS = 2000
SLICE_CHARS = 4_000_000
FAULTS_SHOWN = 20

# Stands for all of them together.
_NO_ROW = RowFault(0, "", "")
Pointer = Callable[[RowFault], str]


class ChunkImport:
    def __init__(self, imports: Imports, purging: Purging, longest_line_bytes: int, clock: Clock) -> None:
        self._imports = imports
        self._purging = purging
        self._longest_line_bytes = longest_line_bytes
        self._clock = clock

    async def from_lines(self, project: Project, pieces: AsyncIterator[bytes]) -> ImportResult:
        """One JSON object per line.

        Errors: InvalidRequest naming lines from 1, up to ``FAULTS_SHOWN`` of them; nothing is stored then. NotFound
        when the project has gone.
        """
        return await self._store(project, self._rows_of(pieces), _line_pointer)

    async def from_list(self, project: Project, values: Sequence[Any]) -> ImportResult:
        """The items of ``chunks`` in a JSON body. Errors: as ``from_lines``, with JSON pointers."""

        async def batches() -> AsyncIterator[Iterable[Row]]:
            for begin in range(0, len(values), SLICE_ROWS):
                part = values[begin : begin + SLICE_ROWS]
                yield [checked(value, line) for line, value in enumerate(part, start=begin + 1)]

        return await self._store(project, batches(), _item_pointer)

    async def faults(self, values: Sequence[Any]) -> list[Fault]:
        """The first that are wrong with the items of a body by themselves."""
        return await asyncio.to_thread(_faults_of, values)

    async def _rows_of(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[Iterable[Row]]:
        line = 1
        async for lines in lines_of(pieces, self._longest_line_bytes):
            yield rows_of_lines(lines, line)
            line += len(lines)

    async def _store(self, project: Project, batches: AsyncIterator[Iterable[Row]], pointer: Pointer) -> ImportResult:
        await self._purging.settle_imports()
        import_id = await self._imports.open(project.id, self._now())
        intake = _Intake(self._imports, import_id, self._now, pointer)
        try:
            async for rows in batches:
                await intake.take(rows)
            await intake.end()
            result = await self._imports.finish(import_id, self._now())
        finally:
            # Finished or not: what is still there from now on was abandoned.
            self._imports.close(import_id)
            self._purging.wake()
        return result

    def _now(self) -> str:
        return rfc3339(self._clock.now())


class _Intake:
    """Collects rows to slices, and faults until there are enough of them."""

    def __init__(self, imports: Imports, import_id: int, now: Callable[[], str], pointer: Pointer) -> None:
        self._imports = imports
        self._import_id = import_id
        self._now = now
        self._pointer = pointer
        self._rows: list[ImportedChunk] = []
        self._chars = 0
        self._ids: set[str] = set()
        self._faults: list[RowFault] = []
        self._stored = 0

    async def take(self, rows: Iterable[Row]) -> None:
        for row in rows:
            if isinstance(row, list):
                self._add_faults(row)
            elif row.external_id is not None and row.external_id in self._ids:
                self._add_faults([RowFault(row.line, "id", f"{row.external_id!r} is used twice in this import")])
            elif not self._faults:
                self._rows.append(row)
                self._chars += len(row.text)
                if row.external_id is not None:
                    self._ids.add(row.external_id)
                if len(self._rows) >= SLICE_ROWS or self._chars >= SLICE_CHARS:
                    await self._store()

    async def end(self) -> None:
        if self._rows and not self._faults:
            await self._store()
        if self._faults:
            raise self._refusal()
        if not self._stored:
            raise InvalidRequest.field(self._pointer(_NO_ROW), "required: at least one chunk")

    async def _store(self) -> None:
        taken = await self._imports.add(self._import_id, self._rows, self._now())
        self._stored += len(self._rows)
        self._rows, self._chars, self._ids = [], 0, set()
        self._add_faults(
            [
                RowFault(row.line, "id", f"{row.external_id!r} is taken, in the project or by a row before")
                for row in taken
            ]
        )

    def _add_faults(self, faults: Iterable[RowFault]) -> None:
        self._faults += faults
        if len(self._faults) >= FAULTS_SHOWN:
            raise self._refusal()

    def _refusal(self) -> InvalidRequest:
        shown = [Fault(self._pointer(fault), fault.detail) for fault in self._faults[:FAULTS_SHOWN]]
        return InvalidRequest.of(shown)


def _faults_of(values: Sequence[Any]) -> list[Fault]:
    rows = (checked(value, line) for line, value in enumerate(values, start=1))
    found = (Fault(_item_pointer(one), one.detail) for row in rows if isinstance(row, list) for one in row)
    return list(islice(found, FAULTS_SHOWN))


def _line_pointer(fault: RowFault) -> str:
    return line_pointer(fault.line, fault.field) if fault.line else ""


def _item_pointer(fault: RowFault) -> str:
    if not fault.line:
        return "/chunks"
    return f"/chunks/{fault.line - 1}" + (f"/{fault.field}" if fault.field else "")
