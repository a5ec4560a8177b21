"""A job as a command shows it: the server's status, with what may be missing filled in."""

from dataclasses import dataclass, field
from typing import Any, Self

from chunksmith.cli.exits import ExitCode

ENDED = frozenset({"completed", "failed", "cancelled"})


@dataclass(frozen=True)
class JobView:
    """``document`` is the server's answer as it came. Units: ``progress`` 0…100; ``cost_usd`` None is unknown."""

    job_id: str
    status: str
    progress: float
    step: str
    reason: str | None
    error: str | None
    eta: str | None
    dataset_id: str | None
    done: int
    failed: int
    pending: int
    total: int
    entries: int
    calls: int
    reused: int
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: str | None
    known_cost_usd: str | None
    unknown_cost_calls: int
    waiting_for: str | None
    documents_unread: int = 0
    warnings: list[str] = field(default_factory=list)
    batches: int = 0
    files: list[dict[str, Any]] = field(default_factory=list)
    outcomes: dict[str, int] = field(default_factory=dict)
    document: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, document: dict[str, Any]) -> Self:
        result = document.get("result") or {}
        units, usage = result.get("units") or {}, result.get("usage") or {}
        return cls(
            job_id=str(document.get("job_id", "")),
            status=str(document.get("status", "unknown")),
            progress=float(document.get("progress") or 0),
            step=str(document.get("current_step") or ""),
            reason=document.get("reason"),
            error=_error_text(document.get("error")),
            eta=document.get("estimated_completion"),
            dataset_id=result.get("dataset_id"),
            done=units.get("done") or 0,
            failed=units.get("failed") or 0,
            pending=units.get("pending") or 0,
            total=units.get("total") or 0,
            entries=result.get("total_entries_so_far") or 0,
            calls=usage.get("calls") or 0,
            reused=usage.get("reused_calls") or 0,
            input_tokens=usage.get("input_tokens"),
            output_tokens=usage.get("output_tokens"),
            cost_usd=usage.get("cost_usd"),
            known_cost_usd=usage.get("known_cost_usd"),
            unknown_cost_calls=usage.get("unknown_cost_calls") or 0,
            waiting_for=_waiting_text(result.get("waiting_for")),
            documents_unread=result.get("documents_unread") or 0,
            warnings=list(result.get("warnings") or ()),
            batches=result.get("completed_batches") or 0,
            files=list(result.get("batch_files") or ()),
            outcomes={name: count for name, count in (result.get("outcomes") or {}).items() if count},
            document=document,
        )

    @property
    def ended(self) -> bool:
        return self.status in ENDED

    @property
    def at_rest(self) -> bool:
        """Nothing will change until somebody does something."""
        return self.ended or self.status == "paused"

    @property
    def exit_code(self) -> ExitCode:
        """Of a command that waited for it."""
        if self.status in ("failed", "cancelled"):
            return ExitCode.FAILED
        lacking = self.failed > 0 or self.documents_unread > 0
        partly = self.status == "paused" or (self.status == "completed" and lacking)
        return ExitCode.PARTLY if partly else ExitCode.OK


def _error_text(error: Any) -> str | None:
    if isinstance(error, dict):
        return str(error.get("detail") or error.get("title") or error)
    return str(error) if error else None


def _waiting_text(waiting: Any) -> str | None:
    if isinstance(waiting, dict):
        return ", ".join(f"{name} {value}" for name, value in waiting.items() if value is not None)
    return str(waiting) if waiting else None
