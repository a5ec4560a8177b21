"""Which categories a text is about, by the words that it shares with their names and descriptions.

Works on words, and on pairs of characters where a script puts no spaces between words. A long word also counts by its
beginning, so that most inflected forms meet. The same text always gives the same answer.
"""

import math
from collections import defaultdict
from collections.abc import Collection
from typing import NamedTuple

from chunksmith.domain.taxonomy import Place, Tree, name_key
from chunksmith.quality.words import tokens

NAME_WEIGHT, DESCRIPTION_WEIGHT, ANCESTOR_WEIGHT = 3.0, 1.0, 0.5
STEM_CHARS, STEM_MIN_CHARS, STEM_SHARE = 5, 6, 0.4
UNSPACED_FROM = "\u2e80"
TEXT_MAX_CHARS = 50_000
# A name that stands in the text as it is counts more than its words here and there; looked for in the best matches.
WHOLE_NAME, LOOKED_AT = 1.2, 50


class Match(NamedTuple):
    """``score`` grows with how much of the category's own words the text has; it compares within one index only."""

    place: Place
    score: float


class TaxonomyIndex:
    """Made once for a tree, or for the branches ``within`` it (ids of nodes, without what is above them)."""

    def __init__(self, tree: Tree, within: Collection[str] | None = None) -> None:
        self.tree = tree
        self._places = [place for place in tree if within is None or place.node.id in within]
        postings: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
        sizes: list[float] = []
        for number, place in enumerate(self._places):
            weights = _weights(place)
            for term, weight in weights.items():
                postings[term].append((number, weight))
            sizes.append(math.sqrt(sum(weights.values())) or 1.0)
        count = len(self._places)
        # What every category says tells none of them apart.
        self._postings = {
            term: [(number, weight * math.log(1 + count / len(found)) / sizes[number]) for number, weight in found]
            for term, found in postings.items()
        }

    def relevant(self, text: str, limit: int) -> list[Match]:
        """The categories that share words with the text, best first; equal ones in the order of the tree."""
        scores: defaultdict[int, float] = defaultdict(float)
        text = text[:TEXT_MAX_CHARS]
        for term, share in sorted(_terms(text, single=True).items()):
            for number, weight in self._postings.get(term, ()):
                scores[number] += weight * share
        best = sorted(scores.items(), key=_rank)[: max(4 * limit, LOOKED_AT)]
        said = name_key(text)
        whole = [(number, score * self._bonus(number, said)) for number, score in best]
        return [Match(self._places[number], score) for number, score in sorted(whole, key=_rank)[:limit]]

    def _bonus(self, number: int, said: str) -> float:
        return WHOLE_NAME if name_key(self._places[number].node.name) in said else 1.0


def _rank(found: tuple[int, float]) -> tuple[float, int]:
    """Best first, equal ones in the order of the tree."""
    return -round(found[1], 9), found[0]


def _weights(place: Place) -> dict[str, float]:
    weights: defaultdict[str, float] = defaultdict(float)
    parts = [
        (place.node.name, NAME_WEIGHT),
        (place.node.description, DESCRIPTION_WEIGHT),
        *((node.name, ANCESTOR_WEIGHT) for node in place.above),
    ]
    for text, weight in parts:
        for term, share in _terms(text).items():
            weights[term] = max(weights[term], weight * share)
    return weights


def _terms(text: str, *, single: bool = False) -> dict[str, float]:
    """Terms with their weight. ``single``: also each character of scripts without spaces, for names of one."""
    found: dict[str, float] = {}
    read = tokens(text)
    for word in (*read.content, *read.numbers):
        found[word] = 1.0
        if len(word) >= STEM_MIN_CHARS and word < UNSPACED_FROM:
            found.setdefault(word[:STEM_CHARS] + "*", STEM_SHARE)
    if single:
        for character in {char for char in text if char >= UNSPACED_FROM and char.isalpha()}:
            found.setdefault(character, 1.0)
    return found
