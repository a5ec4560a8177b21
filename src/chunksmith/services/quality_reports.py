"""What is known of a dataset's quality: its scores, and those of the runs of the same name before it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from chunksmith.domain.dataset_ports import DatasetRows
from chunksmith.domain.datasets import Dataset
from chunksmith.domain.feedback import Reviewed
from chunksmith.domain.versions import Version, Versions, line_of
from chunksmith.quality.agreement import Agreement, agreement

TREND_RUNS = 50
JUDGED_MOST = 100_000  # entries with a judge's score and a reviewer's, that are compared


class Run(NamedTuple):
    """One dataset of a name, with its scores; they are None where it was not analyzed."""

    dataset_id: str
    created_at: str
    entries: int
    overall_score: float | None
    diversity_score: float | None
    bias_score: float | None
    stale: bool | None


@dataclass(frozen=True, slots=True)
class QualityReport:
    dataset: Dataset
    trend: list[Run]
    versions: Sequence[Version]
    agreement: Agreement


class QualityReports:
    def __init__(self, datasets: DatasetRows, versions: Versions, reviewed: Reviewed) -> None:
        self._datasets = datasets
        self._versions = versions
        self._reviewed = reviewed

    async def report(self, dataset_id: str) -> QualityReport:
        """Errors: NotFound."""
        dataset = await self._datasets.get(dataset_id)
        judged = await self._reviewed.judged(dataset.id, JUDGED_MOST)
        versions = await self.version_trend(dataset)
        return QualityReport(dataset, await self.trend(dataset), versions, agreement(judged))

    async def trend(self, dataset: Dataset) -> list[Run]:
        """The runs of this dataset's ``dataset_name`` in its project up to itself, oldest first; itself without one."""
        if dataset.settings.get("dataset_name") is None:
            return [_run(dataset)]
        earlier = await self._datasets.named(dataset.project_id, dataset.name, dataset.id, TREND_RUNS)
        return [_run(one) for one in reversed(earlier)]

    async def version_trend(self, dataset: Dataset) -> Sequence[Version]:
        """The newest versions of the dataset's line, also of other runs, oldest first; none without versions."""
        line = line_of(dataset)
        if line is None:
            return ()
        found, _ = await self._versions.page(line.project_id, line.name, TREND_RUNS, 0)
        return found[::-1]


def _run(dataset: Dataset) -> Run:
    quality: dict[str, Any] = dataset.quality or {}
    overall, diversity, bias = (quality.get(name) for name in ("overall_score", "diversity_score", "bias_score"))
    stale = dataset.is_stale(quality)
    return Run(dataset.dataset_id, dataset.created_at, dataset.entries_count, overall, diversity, bias, stale)
