"""What hangs together, directly or through others."""

from array import array


class Clusters:
    """Things, numbered from 0, and which of them hang together."""

    def __init__(self, count: int) -> None:
        self._above = array("I", range(count))

    def join(self, one: int, other: int) -> None:
        low, high = sorted((self.first_of(one), self.first_of(other)))
        self._above[high] = low

    def first_of(self, number: int) -> int:
        """The first thing that it hangs together with; itself, if that is none before it."""
        above = self._above
        while above[number] != number:
            above[number] = above[above[number]]
            number = above[number]
        return number
