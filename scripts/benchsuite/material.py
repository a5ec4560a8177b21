"""What is measured on: passages of about 1,250 characters that differ and that hold what the fake provider quotes."""

from collections.abc import AsyncIterator

from pydantic_core import to_json

PIECE_ROWS = 500
_QUOTED = "Water boils at 100 degrees Celsius at sea level. Salt raises the boiling point. Height lowers it."
_FILLER = (
    "The kiln of the old pottery stands behind yard {0}, where wagon {1} used to stop for clay and for coal.",
    "A keeper wrote the weather of day {1} into book {0}, and nobody has found a mistake in its columns.",
    "Rye bread needs a sour starter, because flour number {0} has little gluten and would not rise by itself.",
    "In the reading room of the library there are {0} seats, and the archive keeps {1} maps in flat drawers.",
    "The heron stands still in shallow water for {1} minutes until a fish swims near, and then it strikes at once.",
    "Granite number {0} was formed when magma cooled slowly below the surface, so its crystals are large.",
    "A lock with {1} chambers lifts barges past the weir, and every passage costs the river some of its water.",
    "From hill {0} the wind drives a mill that pumps the polder dry in {1} days of ordinary weather.",
    "The choir of valley {0} sings {1} songs that were never written down before the railway was built.",
    "Bees of hive {0} dance to tell each other where the lime trees of avenue {1} have begun to flower.",
)


def passage(number: int) -> str:
    filler = " ".join(text.format(number, number % 97 + 3) for text in _FILLER)
    return f"{_QUOTED} {filler}"


async def ndjson(count: int, documents: int = 1, first: int = 0) -> AsyncIterator[bytes]:
    """An import's body, made as it is sent."""
    for start in range(first, first + count, PIECE_ROWS):
        numbers = range(start, min(start + PIECE_ROWS, first + count))
        rows = ({"text": passage(number), "document": f"sample-{number % documents}.txt"} for number in numbers)
        yield b"".join(to_json(row) + b"\n" for row in rows)
