"""Every question that the embedded generator would take, of whatever rank."""

from chunksmith.providers.builtin.grammar.passage import sentences
from chunksmith.providers.builtin.questions import (
    candidates,
    further,
    last_resort,
    opened,
    predicated,
    readings_of,
    standing,
)
from chunksmith.providers.builtin.remaining import remaining

RANKS = (candidates, further, last_resort, standing, opened, predicated, remaining)


def asked(text: str, *headings: str) -> dict[str, str]:
    """Every question of every rank with its answer."""
    reads = readings_of(sentences(text, headings))
    return {item.question: item.answer for rank in RANKS for item in rank(reads)}
