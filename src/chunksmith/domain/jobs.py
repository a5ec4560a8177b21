"""Jobs, their units of work, and how both may end."""

from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

JobState = Literal["submitted", "running", "paused", "completed", "failed", "cancelled"]
PauseReason = Literal["budget", "user", "provider"]
OutcomeStatus = Literal["accepted", "rejected", "duplicate", "invalid", "refused", "failed"]
OUTCOMES: tuple[OutcomeStatus, ...] = get_args(OutcomeStatus)
ENDED: frozenset[JobState] = frozenset({"completed", "failed", "cancelled"})

# Which states may follow which. Everything else is a Conflict.
TRANSITIONS: dict[JobState, frozenset[JobState]] = {
    "submitted": frozenset({"running", "paused", "cancelled", "failed"}),
    "running": frozenset({"completed", "failed", "cancelled", "paused", "submitted"}),
    "paused": frozenset({"submitted", "cancelled"}),
    "completed": frozenset({"submitted"}),
    "failed": frozenset({"submitted"}),
    "cancelled": frozenset(),
}

MAX_CONCURRENCY = 1024
# So many documents that a job could not read are told of by name; status is asked for often.
WARNINGS_KEPT = 100
# The reason of a unit that needed a reply which the ledger does not have, where none may be asked for.
NO_STORED_REPLY = "no_stored_reply"


@dataclass(frozen=True, slots=True)
class Counters:
    """Numbers of one job, changed in the transaction that changes what they count."""

    units_total: int = 0
    units_ready: bool = False
    last_source_id: int = 0
    rounds: int = 0
    stored_only: bool = False  # its present round reads replies that are in the ledger, and makes no call
    progress_floor: int = 0
    accepted: int = 0
    rejected: int = 0
    duplicate: int = 0
    invalid: int = 0
    refused: int = 0
    failed: int = 0
    entries: int = 0
    calls: int = 0
    reused_calls: int = 0
    unknown_calls: int = 0
    unsent_calls: int = 0  # not among ``calls``: they certainly never left
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    thinking_tokens: int = 0
    cost_nano: int = 0
    spent_nano: int = 0
    unpriced_calls: int = 0
    documents_unread: int = 0  # of those it was to be made from; they could not be read, now or earlier

    @property
    def outcomes(self) -> dict[OutcomeStatus, int]:
        return {status: getattr(self, status) for status in OUTCOMES}

    @property
    def unknown_cost_calls(self) -> int:
        """Answered at an unknown price; or sent, and whether they were answered, and billed, is not known."""
        return self.unpriced_calls + self.unknown_calls

    @property
    def units_down(self) -> int:
        return sum(self.outcomes.values())

    @property
    def units_pending(self) -> int:
        return self.units_total - self.units_down


@dataclass(frozen=True, slots=True)
class Job:
    """``id`` is internal, ``job_id`` is what callers see. ``spec`` never changes; the three limits may."""

    id: int
    job_id: str
    kind: str
    project_id: int | None
    dataset: int | None
    dataset_id: str | None
    spec: dict[str, Any]
    state: JobState
    reason: PauseReason | None
    error_slug: str | None
    error_detail: str | None
    step: str
    concurrency: int
    max_calls: int | None
    max_cost_nano: int | None
    created_at: str
    started_at: str | None
    completed_at: str | None
    counters: Counters = field(default_factory=Counters)
    version: str | None = None  # of its dataset, that its result became
    warnings: tuple[str, ...] = ()  # about documents that could not be read; of many, the first


@dataclass(frozen=True, slots=True)
class Unit:
    """One piece of a job's work. ``source_id`` is the chunk, or the document, by the job's kind.

    ``tries`` is the round of retries that it belongs to, 0 for the first run; ``sample`` tells apart replies that were
    asked for again although a usable one was there; ``former`` is how it had ended before a round that only reads
    stored replies.
    """

    position: int
    source_id: int
    tries: int = 0
    sample: int = 0
    former: OutcomeStatus | None = None

    def ended_as(self, outcome: "Outcome") -> "Outcome":
        """Where no reply was stored nothing new is known of it: it stays what it was."""
        if outcome.reason != NO_STORED_REPLY or self.former is None:
            return outcome
        return replace(outcome, status=self.former)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a unit ended. ``reason`` is a short slug, ``detail`` a sentence for a person."""

    status: OutcomeStatus
    reason: str | None = None
    detail: str | None = None
    entries: int = 0


@dataclass(frozen=True, slots=True)
class UnitOutcome:
    """A unit as it is listed. ``status`` is ``pending`` until it has ended."""

    position: int
    source_id: int
    status: str
    reason: str | None
    detail: str | None
    entries: int


@dataclass(frozen=True, slots=True)
class JobEvent:
    """Something that a reader of the job's events must not miss. ``id`` grows."""

    id: int
    kind: Literal["state", "batch"]
    data: dict[str, Any]
    at: str
