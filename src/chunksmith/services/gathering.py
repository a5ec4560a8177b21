"""Everything that is wrong with a request, told at once."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from chunksmith.errors import (
    AppError,
    Conflict,
    Fault,
    InvalidRequest,
    NoSourceMaterial,
    NotFound,
    ProviderNotConfigured,
    TaxonomyInvalid,
)

HAVE_A_STATUS = (NotFound, Conflict, ProviderNotConfigured, TaxonomyInvalid, NoSourceMaterial)


class Refusal(NamedTuple):
    """An error that has a status and words of its own, when it is the only one."""

    name: str
    error: AppError

    @property
    def faults(self) -> tuple[Fault, ...]:
        return self.error.faults or (Fault(f"/{self.name}", self.error.detail),)


@dataclass
class Gathered:
    """Faults and refusals, while the rest is still looked at."""

    faults: list[Fault] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    def fault(self, name: str, detail: str) -> None:
        self.faults.append(Fault(f"/{name}", detail))

    def refuse(self, name: str, error: AppError) -> None:
        self.refusals.append(Refusal(name, error))

    def tells(self, name: str) -> bool:
        """Whether the field ``name`` is known to be wrong."""
        return any(fault.pointer == f"/{name}" for fault in self.all_faults())

    @contextlib.contextmanager
    def gathering(self, name: str) -> Iterator[None]:
        """What is refused inside counts against the field ``name``."""
        try:
            yield
        except InvalidRequest as exc:
            self.faults.extend(exc.faults)
        except HAVE_A_STATUS as exc:
            self.refuse(name, exc)

    def all_faults(self) -> list[Fault]:
        return [*self.faults, *(fault for refusal in self.refusals for fault in refusal.faults)]

    def settle(self) -> None:
        """Errors: InvalidRequest with everything; or the refusal, where only one kind is there.

        That nothing is there to work on gives way to any other kind: it may be mended by what comes next.
        """
        weighty = [one.error for one in self.refusals if not isinstance(one.error, NoSourceMaterial)]
        if self.faults or len({type(error) for error in weighty}) > 1:
            raise InvalidRequest.of(self.all_faults())
        if self.refusals:
            first = weighty[0] if weighty else self.refusals[0].error
            first.faults = tuple(self.all_faults())
            raise first
