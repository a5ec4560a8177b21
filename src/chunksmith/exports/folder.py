"""What was put into an exported folder, for those of its files that describe the others."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from chunksmith.exports.columns import Row

MOST_SOURCES = 100


class DataFile(NamedTuple):
    """Units: ``size_bytes`` in the folder, ``arrow_bytes`` once read."""

    split: str
    path: str
    rows: int
    size_bytes: int
    arrow_bytes: int
    sha256: str


@dataclass
class Contents:
    """``sources``: rows by document, for the first MOST_SOURCES documents; the others are counted together."""

    files: list[DataFile] = field(default_factory=list)
    sources: Counter[str] = field(default_factory=Counter)
    rows_of_other_sources: int = 0
    scored: int = 0
    score_sum: float = 0.0

    def count(self, rows: Iterable[Row]) -> None:
        for row in rows:
            self._count_source(row.get("document_name"))
            if (score := row.get("quality_score")) is not None:
                self.scored += 1
                self.score_sum += score

    def splits(self) -> dict[str, list[DataFile]]:
        found: dict[str, list[DataFile]] = {}
        for file in self.files:
            found.setdefault(file.split, []).append(file)
        return found

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self.files)

    def _count_source(self, name: str | None) -> None:
        if name is None:
            return
        if name in self.sources or len(self.sources) < MOST_SOURCES:
            self.sources[name] += 1
        else:
            self.rows_of_other_sources += 1
