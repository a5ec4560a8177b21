"""What a regeneration job is asked to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict

from chunksmith.domain.calls import ModelRef
from chunksmith.domain.datasets import Entry
from chunksmith.domain.entry_query import EntryQuery
from chunksmith.domain.feedback import Feedback
from chunksmith.domain.generation import GenerationSpec
from chunksmith.domain.jobs import Job, Outcome, Unit

KIND = "regenerate"


class RegenerationSpec(BaseModel):
    """One request, frozen when the job is submitted; the entries are its units.

    ``writing`` is how one entry is written: template, mode, model and its parameters. ``generation_model`` is its
    model again, where everything that shows jobs looks for it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset_id: str
    generation_model: ModelRef
    writing: GenerationSpec
    source_job: int | None = None  # the row of the generation beside which the dataset's taxonomy is frozen
    instructions: str | None = None
    analyze_quality: bool = True
    prompt_hash: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Edit:
    """What a reviewer changed: the named fields before and after."""

    was: Mapping[str, Any]
    became: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Subject:
    """An entry to be written anew, with what was said and done about it, the newest first.

    ``others`` are the texts of the unit's entries that this job leaves alone: the same however often it is asked.
    """

    entry: Entry
    feedback: Sequence[Feedback] = ()
    edits: Sequence[Edit] = ()
    others: Sequence[Entry] = ()


class RegenerationRows(Protocol):
    async def submit(self, values: Mapping[str, Any], chosen: EntryQuery | Sequence[int]) -> Job:
        """Insert the job with a unit for each entry, by number: by their numbers, or all that a query finds.

        Errors: InvalidRequest when nothing is found; NotFound for numbers; Conflict for a used idempotency key.
        """
        ...

    async def check_chosen(self, dataset: int, chosen: EntryQuery | Sequence[int]) -> None:
        """Errors: as ``submit`` has for what is chosen."""
        ...

    async def subjects(self, job: int, dataset: int, units: Sequence[Unit], per_unit: int) -> dict[int, Subject]:
        """By the number of the entry; those that are no longer there are missing."""
        ...

    async def neighbours(self, dataset: int, positions: Sequence[int], per_unit: int) -> list[Entry]:
        """All entries of some units, in order."""
        ...

    async def replaced(self, job: int, after: int, limit: int) -> list[Unit]:
        """Units that put a new text in place, in order of position."""
        ...

    async def end_unit(
        self, job: int, unit: Unit, outcome: Outcome, dataset: int, new: Entry | None, *, at: str, feedback: str | None
    ) -> Outcome:
        """End a unit and put ``new`` in its entry's place, together; an ended unit is left as it is.

        Gives the outcome that was stored: ``rejected`` when the entry was changed by somebody since it was read.
        """
        ...
