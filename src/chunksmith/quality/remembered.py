"""What a function says of words, kept for the next time: looked up as often as scores read words."""

from collections.abc import Callable
from typing import Generic, TypeVar

MOST_WORDS = 16_384
T = TypeVar("T")


def remembered(function: Callable[[str], T]) -> Callable[[str], T]:
    """As ``lru_cache``, in less than half of its time: what is full forgets everything instead of the oldest."""
    return _Said(function).__getitem__


class _Said(dict[str, T], Generic[T]):
    def __init__(self, function: Callable[[str], T]) -> None:
        self._function = function

    def __missing__(self, word: str) -> T:
        if len(self) >= MOST_WORDS:
            self.clear()
        found = self[word] = self._function(word)
        return found
