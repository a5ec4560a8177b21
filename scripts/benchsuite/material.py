"""What is measured on: passages of about 1,250 characters that differ and that hold what the fake provider quotes.

Their words are made up, some of them frequent and most of them rare, and no two sentences say the same.
"""

import random
from collections.abc import AsyncIterator
from itertools import accumulate

from pydantic_core import to_json

PIECE_ROWS = 500
_QUOTED = "Water boils at 100 degrees Celsius at sea level. Salt raises the boiling point. Height lowers it."
_SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in ("a", "e", "i", "o", "u", "ai")]
_SENTENCES, _SENTENCE_WORDS = 13, 13


def _vocabulary(count: int) -> list[str]:
    rng = random.Random(0)
    return ["".join(rng.choices(_SYLLABLES, k=rng.randint(1, 4))) for _ in range(count)]


_WORDS = _vocabulary(8_000)
_FREQUENCIES = list(accumulate(1 / rank for rank in range(1, len(_WORDS) + 1)))


def passage(number: int) -> str:
    words = random.Random(number).choices(_WORDS, cum_weights=_FREQUENCIES, k=_SENTENCES * _SENTENCE_WORDS)
    starts = range(0, len(words), _SENTENCE_WORDS)
    sentences = (" ".join(words[start : start + _SENTENCE_WORDS]).capitalize() for start in starts)
    return f"{_QUOTED} {'. '.join(sentences)}."


async def ndjson(count: int, documents: int = 1, first: int = 0) -> AsyncIterator[bytes]:
    """An import's body, made as it is sent."""
    for start in range(first, first + count, PIECE_ROWS):
        numbers = range(start, min(start + PIECE_ROWS, first + count))
        rows = ({"text": passage(number), "document": f"sample-{number % documents}.txt"} for number in numbers)
        yield b"".join(to_json(row) + b"\n" for row in rows)
