"""All question patterns over one clause. Each yields drafts; which of them are good is decided elsewhere."""

from collections.abc import Iterator

from chunksmith.providers.builtin.grammar.views import Draft, Frame, View
from chunksmith.providers.builtin.rules.adverbials import adverbials
from chunksmith.providers.builtin.rules.copulas import definitions, dimensions, possibilities, qualities
from chunksmith.providers.builtin.rules.counts import counts
from chunksmith.providers.builtin.rules.objects import complements, duties, objects, tools
from chunksmith.providers.builtin.rules.passives import passives
from chunksmith.providers.builtin.rules.predicates import deeds, described, fates, prohibitions
from chunksmith.providers.builtin.rules.subjects import subject_questions

_FRAMES: tuple[Frame, ...] = (
    adverbials,
    definitions,
    possibilities,
    qualities,
    dimensions,
    counts,
    passives,
    tools,
    objects,
    complements,
    duties,
    subject_questions,
    described,
    deeds,
    fates,
    prohibitions,
)


def drafts(view: View) -> Iterator[Draft]:
    for frame in _FRAMES:
        yield from frame(view)
