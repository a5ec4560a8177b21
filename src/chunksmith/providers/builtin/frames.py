"""All question patterns over one clause. Each yields drafts; which of them are good is decided elsewhere."""

from collections.abc import Iterator

from chunksmith.providers.builtin.adverbials import adverbials
from chunksmith.providers.builtin.copulas import definitions, dimensions, possibilities, qualities
from chunksmith.providers.builtin.counts import counts
from chunksmith.providers.builtin.objects import complements, duties, objects, tools
from chunksmith.providers.builtin.passives import passives
from chunksmith.providers.builtin.predicates import deeds, described, fates, prohibitions
from chunksmith.providers.builtin.subjects import subject_questions
from chunksmith.providers.builtin.views import Draft, Frame, View

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
