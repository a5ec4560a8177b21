"""Reference sets: texts of others that entries are compared with, a JSON object a line."""

import hashlib
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from chunksmith.domain.clock import timestamp
from chunksmith.domain.curation import ReferenceRow, References, ReferenceSet
from chunksmith.domain.datasets import TEXT_FIELDS
from chunksmith.domain.paging import Page, Window
from chunksmith.domain.ports import Clock
from chunksmith.domain.strict_json import BOM, parse_json
from chunksmith.errors import Fault, InvalidRequest, NotFound
from chunksmith.services.chunk_rows import line_pointer, lines_of
from chunksmith.services.comparing import reference_number

SLICE_ROWS = 1000
FAULTS_SHOWN = 20
ASKED = ("question", "instruction", "input")
# What a download or a list of entries says of an entry, beside its text.
ABOUT = frozenset(
    "id category difficulty quality_score split source_chunk document_name evidence metadata status duplicate_of "
    "left_out contamination".split()
)


class ReferenceService:
    def __init__(self, references: References, longest_line_bytes: int, clock: Clock) -> None:
        self._references = references
        self._longest_line_bytes = longest_line_bytes
        self._clock = clock
        self._live: set[int] = set()

    async def add(self, name: str, pieces: AsyncIterator[bytes]) -> ReferenceSet:
        """All or nothing. Errors: InvalidRequest naming lines from 1; Conflict when the name is taken."""
        reference = await self._references.open(name, timestamp(self._clock))
        self._live.add(reference)
        intake = _Intake(self._references, reference)
        try:
            async for lines in lines_of(intake.counted(pieces), self._longest_line_bytes):
                await intake.take(lines)
            await intake.end()
            digest = intake.digest.hexdigest()
            return await self._references.finish(reference, intake.stored, intake.size_bytes, digest)
        finally:
            self._live.discard(reference)
            await self.sweep()

    async def get(self, name: str) -> ReferenceSet:
        """Errors: NotFound."""
        found = await self._references.get(reference_number(name))
        if found is None:
            raise NotFound("Reference set", name)
        return found

    async def page(self, window: Window) -> Page[ReferenceSet]:
        found, total = await self._references.page(window.per_page, window.offset)
        return Page(found, total)

    async def delete(self, name: str) -> None:
        """Errors: NotFound."""
        if not await self._references.hide(reference_number(name)):
            raise NotFound("Reference set", name)
        await self.sweep()

    async def sweep(self) -> None:
        """Remove what is hidden and nobody works on: abandoned, or deleted."""
        for reference in await self._references.hidden():
            more = reference not in self._live
            while more:
                more = await self._references.discard_slice(reference)


class _Intake:
    def __init__(self, references: References, reference: int) -> None:
        self._references = references
        self._reference = reference
        self._rows: list[ReferenceRow] = []
        self._faults: list[Fault] = []
        self._line = 0
        self.stored = 0
        self.size_bytes = 0
        self.digest = hashlib.sha256()

    async def counted(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for piece in pieces:
            self.size_bytes += len(piece)
            self.digest.update(piece)
            yield piece

    async def take(self, lines: list[bytes]) -> None:
        for raw in lines:
            self._line += 1
            if self._line == 1:
                raw = raw.removeprefix(BOM)
            if raw and not raw.isspace():
                self._read(raw)
            if len(self._faults) >= FAULTS_SHOWN:
                raise InvalidRequest.of(self._faults)
            if len(self._rows) >= SLICE_ROWS:
                await self._store()

    async def end(self) -> None:
        """Errors: InvalidRequest."""
        if self._faults:
            raise InvalidRequest.of(self._faults)
        await self._store()
        if not self.stored:
            raise InvalidRequest.field("", "required: at least one line with a text")

    def _read(self, raw: bytes) -> None:
        try:
            row = row_of(parse_json(raw), self._line)
        except InvalidRequest as exc:
            self._faults += [Fault(line_pointer(self._line, fault.pointer), fault.detail) for fault in exc.faults]
            return
        if row is None:
            self._faults.append(Fault(line_pointer(self._line), "must be a text, or an object with texts in it"))
        else:
            self._rows.append(row)

    async def _store(self) -> None:
        if self._rows:
            await self._references.add(self._reference, self._rows)
            self.stored += len(self._rows)
            self._rows = []


def row_of(value: Any, line: int) -> ReferenceRow | None:
    """Of an object with the fields of an entry these, of any other all texts in it, in their order."""
    if isinstance(value, Mapping) and any(value.get(name) for name in TEXT_FIELDS):
        asked = _joined(value.get(name) for name in ASKED)
        others = [text for name, text in value.items() if name not in ASKED and name not in ABOUT]
        return ReferenceRow(line, asked, _joined(others))
    rest = _joined([value]) if isinstance(value, str | Mapping) else ""
    return ReferenceRow(line, "", rest) if rest else None


def _joined(values: Any) -> str:
    return "\n".join(text for value in values for text in _texts(value) if text.strip())


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
