"""Named places at which a test may end the process, to prove what survives.

``CHUNKSMITH_FAULT_POINT=reply_durable:3`` kills this process (SIGKILL) when it comes to that place for the third time.
The variable is read once, before anything is served, and nothing in the API leads here. Unset, ``reached`` does
nothing.
"""

import os
import signal
from collections.abc import Callable
from typing import Literal, get_args

Place = Literal[
    "units_slice",  # a slice of units is in the table
    "intent_durable",  # a call is in the ledger and has not left
    "reply_received",  # its answer is here and not in the ledger
    "reply_durable",  # its answer is in the ledger and not read
    "unit_durable",  # outcome and entries of a unit are in the tables
    "batch_written",  # a batch file is whole, under its temporary name
    "batch_renamed",  # it has its name and no row
    "units_down",  # all units are down, the gates are ahead
    "finishing_step",  # a step after that is done: quality, or a taxonomy that is stored
    "version_frozen",  # the version of a run has its number, and no hash
    "version_restored_slice",  # some entries of a rollback are put back
    "quality_durable",  # the gates are passed, the job has not ended
]
PLACES: tuple[Place, ...] = get_args(Place)
VARIABLE = "CHUNKSMITH_FAULT_POINT"


def _nothing(place: Place) -> None:
    """The process goes on."""


def killer(wanted: str) -> Callable[[Place], None]:
    """``place:n``: the n-th time that the place is reached is the end. Errors: ValueError for an unknown place."""
    name, _, times = wanted.partition(":")
    if name not in PLACES:
        raise ValueError(f"{VARIABLE}: {name!r} is none of {', '.join(PLACES)}")
    left = int(times or 1)

    def reached(place: Place) -> None:
        nonlocal left
        if place == name:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return reached


_wanted = os.environ.get(VARIABLE)
reached: Callable[[Place], None] = killer(_wanted) if _wanted else _nothing
