"""Values of the ledger of model calls."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from chunksmith.domain.calls import ModelRef, Stage

CallState = Literal["intent", "answered", "failed", "unknown"]


@dataclass(slots=True)
class NewCall:
    """A call about to be sent. ``estimate_nano`` is the most it is expected to cost, None when the price is unknown;
    ``estimated_tokens`` about what it takes.

    ``sent_at`` is when it was asked for, until its turn has come; ``estimate_nano`` is of that day.
    """

    key: bytes
    job: int | None
    position: int | None
    stage: Stage
    attempt: int
    model: ModelRef
    sent_at: str
    estimate_nano: int | None
    estimated_tokens: int


@dataclass(frozen=True, slots=True)
class CallFailure:
    """Why a call gave nothing that can be used. ``maybe_billed``: it left, and whether it was answered is not known.

    ``unsent``: it certainly never left. ``told_until``: until when the provider wants no call at all.
    """

    kind: str
    detail: str
    http_status: int | None = None
    maybe_billed: bool = False
    estimate_nano: int | None = None
    told_until: str | None = None
    unsent: bool = False


class StoredReply(NamedTuple):
    call_id: int
    raw: bytes


class WritingCall(NamedTuple):
    """A call as the origin of a text: by which job it was made, asked with what; None where that is gone.

    Shapes: ``settings`` are prompt_name, temperature, max_tokens and seed of the job, None where the default was used.
    """

    record: "CallRecord"
    job_id: str | None
    settings: Mapping[str, Any] | None


class PastCall(NamedTuple):
    """What a forecast can rest on. ``seconds`` from sending to the whole reply."""

    stage: Stage
    output_tokens: int | None
    seconds: float


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One row of the ledger, as it is shown. Costs are nano-dollars, None when unknown.

    ``sent`` False: it certainly never left, though it was about to; it counts nowhere.
    """

    id: int
    request_key: str
    position: int | None
    stage: Stage
    attempt: int
    state: CallState
    model: ModelRef
    sent_at: str
    ended_at: str | None
    finish: str | None
    error_kind: str | None
    error_detail: str | None
    http_status: int | None
    input_tokens: int | None
    output_tokens: int | None
    cached_tokens: int | None
    thinking_tokens: int | None
    cost_nano: int | None
    estimate_nano: int | None
    has_reply: bool
    sent: bool
