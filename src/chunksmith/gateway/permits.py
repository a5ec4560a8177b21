"""What one call needs to leave: a lane of its job, a slot of its account, and room below the job's ceilings."""

from dataclasses import dataclass

from chunksmith.gateway.admission import Slot
from chunksmith.gateway.budget import Reservation
from chunksmith.gateway.lanes import Lane


@dataclass(slots=True)
class Permits:
    """What one call needs to leave. ``held``: it had to wait, and has its places among those that are sent already."""

    lane: Lane
    slot: Slot
    reservation: Reservation
    held: bool = False

    def taken(self) -> bool:
        """Take the places, if it may leave: of those that were held back no more write their intents than may."""
        if self._free():
            self.lane.leaves()
            self.slot.leaves()
            self.held = True
        return self.held

    def used(self) -> bool:
        """Whether it may leave at this moment; it does then. Errors: Halt."""
        self.give_back()
        if not self._free():
            return False
        self.lane.leaves()
        self.slot.leaves()
        self.reservation.commit()
        return True

    def give_back(self) -> None:
        if self.held:
            self.lane.stays()
            self.slot.stays()
            self.held = False

    def _free(self) -> bool:
        return self.lane.may_leave() and self.slot.may_leave() and self.reservation.may_leave()
