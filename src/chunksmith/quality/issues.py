"""What stands out in a dataset's figures, in words."""

from collections.abc import Iterator, Mapping
from typing import Any

from chunksmith.quality.shares import Top

FEW_ENTRIES = 20
MOST_REPEATS = 0.05
LOW_DIVERSITY = 0.5
UNEVEN = 0.7
_PARTS = {
    "groundedness": "do not rest on their passage",
    "well_formed": "are not well formed",
    "self_contained": "cannot be read without their passage",
    "answers_question": "do not answer their question",
    "not_trivial": "say nothing that the question does not",
    "unique": "repeat another entry of their passage",
}


def issues_of(
    result: Mapping[str, Any],
    low: Mapping[str, int],
    counted: Mapping[str, int],
    tops: Mapping[str, Top | None],
    opening: tuple[str, float] | None,
) -> list[str]:
    """``low`` and ``counted`` are entries by part; ``tops`` by what they are of."""
    if not result["counts"]["entries"]:
        return ["There are no entries."]
    return [
        *_of_scores(result, low, counted),
        *_of_diversity(result, opening),
        *_of_shares(result, tops),
        *_of_groups(result),
    ]


def _of_scores(result: Mapping[str, Any], low: Mapping[str, int], counted: Mapping[str, int]) -> Iterator[str]:
    entries, scored = result["counts"]["entries"], result["counts"]["scored"]
    if scored < entries:
        yield f"{entries - scored} of {entries} entries are not scored."
    if result["distribution"]["low"] * 10 > scored:
        yield f"{result['distribution']['low']} of {scored} entries score low (below 0.5)."
    for name, words in _PARTS.items():
        if low.get(name, 0) * 20 > counted.get(name, 0):
            yield f"{low[name]} of {counted[name]} entries {words}."
    missing = result["counts"]["with_missing_evidence"]
    if missing * 10 > scored:
        yield f"{missing} of {scored} entries have numbers, names or key terms that their passage does not have."


def _of_diversity(result: Mapping[str, Any], opening: tuple[str, float] | None) -> Iterator[str]:
    counts = result["counts"]
    entries = counts["entries"]
    if entries < FEW_ENTRIES:
        yield f"Only {entries} entries: too few to judge diversity and balance."
    if counts["duplicates"] > MOST_REPEATS * entries:
        about = "About " if counts["duplicates_are_estimated"] else ""
        yield f"{about}{counts['duplicates']} of {entries} entries repeat another one."
    elif counts["near_duplicates"] > MOST_REPEATS * entries:
        yield f"About {counts['near_duplicates']} of {entries} entries nearly repeat another one."
    if result["diversity_score"] < LOW_DIVERSITY:
        yield f"Diversity is low ({result['diversity_score']:.2f}): the entries are worded much alike."
    if opening is not None and opening[1] > 0.5 and entries >= FEW_ENTRIES:
        yield f'{opening[1]:.0%} of the different entries begin with "{opening[0]}".'


def _of_shares(result: Mapping[str, Any], tops: Mapping[str, Top | None]) -> Iterator[str]:
    balances = {"category": result["bias"]["category"], "document": result["bias"]["source"]}
    for what, top in tops.items():
        if top is None or top.share <= UNEVEN:
            continue
        balance = balances[what]
        source = ", as many as of the passages" if balance is not None and balance > 0.9 else ""
        yield f'{top.share:.0%} of the entries come from one {what}, "{top.name}"{source}.'


def _of_groups(result: Mapping[str, Any]) -> Iterator[str]:
    groups: Mapping[str, Mapping[str, Mapping[str, Any]]] = result["measures"]["groups"]
    if (value := result["bias"]["representation"]) is not None and value < UNEVEN:
        counts = [f"{name} {one['entries']}" for found in groups.values() for name, one in found.items()]
        yield f"Groups of people are named unevenly: {', '.join(counts)}."
    if (value := result["bias"]["sentiment"]) is not None and value < UNEVEN:
        tones = [
            (one["tone"], name) for found in groups.values() for name, one in found.items() if one["tone"] is not None
        ]
        tone, name = min(tones)
        yield f"What is said about {name} is less kind than about others (tone {tone:+.2f} of -1 to 1)."
