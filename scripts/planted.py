"""Entries made of the shipped samples by rules, and edits of them of which it is known whether they change the matter.

Used by the tests of near-duplicates and by scripts/measure_duplicates.py.
"""

import random
from collections.abc import Callable, Mapping
from pathlib import Path

from chunksmith.quality.likeness import Parts

SAMPLES = Path(__file__).resolve().parents[1] / "src" / "chunksmith" / "samples"
Edit = Callable[[Parts, random.Random], Parts]

# Statements of which no two speak of the same: subject, what it does, to what, where.
_WHO = (
    "the night porter,a young botanist,the harbour pilot,an old cartographer,the parish clerk,a travelling tinker,"
    "the head gardener,a glass blower,the signal keeper,an apprentice printer,the mountain guide,a retired judge,"
    "the orchestra librarian,a river engineer,the village baker,an amateur astronomer,the mill owner,a court painter"
)
_WHAT = (
    "repairs,catalogues,measures,sketches,cleans,lends out,hides,inherits,photographs,restores,auctions,weighs,"
    "describes,translates,borrows,polishes"
)
_THING = (
    "brass sextants,winter apples,worn tapestries,copper kettles,tide tables,silk lanterns,chess problems,marble busts,"
    "peat samples,church bells,rowing boats,ink recipes,beehives,train timetables,pocket watches,herb gardens"
)
_WHERE = (
    "behind the granary,near the northern lock,under the stone bridge,along the chalk cliffs,inside the customs house,"
    "above the cheese cellar,beside the tram depot,across the salt marsh,within the abbey walls,below the quarry edge,"
    "outside the post office,around the market square"
)
_WHEN = (
    "before the first frost,during the spring fair,after each full moon,once the ferries stop,"
    "while the choir rehearses,whenever prices fall,until the lamps are lit,as soon as the rain ends"
)
_ENDS = "an,ber,cor,dil,es,fen,gar,hol,is,jun,kel,lom,mar,nev,or,pel,quin,ros,sel,tam,ul,ver,wen,yar".split(",")
_LETTERS = str.maketrans("0123456789", "ghijklmnop")
_SWAPPED = "quiet,silver,narrow,distant,careful,modern,wooden,gentle,ancient,bitter,hollow,eager".split(",")


def texts_of(count: int, seed: int = 0) -> list[Parts]:
    """Questions with their answers, some twenty words each. Two of them share at most a few runs of words."""
    rng = random.Random(seed)
    who, what, thing, where, when = (part.split(",") for part in (_WHO, _WHAT, _THING, _WHERE, _WHEN))
    found: dict[tuple[str, ...], Parts] = {}
    while len(found) < count:
        one = tuple(rng.choice(part) for part in (who, what, thing, where, when))
        two = tuple(rng.choice(part) for part in (who, what, thing, where, when))
        asked = f"What does {one[0]} do {one[4]}, and where is it that {two[0]} {two[1]} {two[2]}?"
        told = f"{one[0].capitalize()} {one[1]} {one[2]} {one[3]}; {two[0]} is found {two[3]} {two[4]}."
        found.setdefault((*one, *two), Parts(asked, told))
    return list(found.values())


def varied(count: int, seed: int = 0) -> list[Parts]:
    """25 to 45 words each, the opening words those of a few templates, the others of 40,000, few of them often."""
    rng = random.Random(seed)
    words = [f"{rng.choice(_ENDS)}{rng.choice(_ENDS)}{number:x}".translate(_LETTERS) for number in range(40_000)]
    rank = [int(40_000 ** rng.random()) - 1 for _ in range(200_000)]
    found = []
    for _ in range(count):
        drawn = [words[rank[rng.randrange(len(rank))]] for _ in range(rng.randint(20, 40))]
        asked = rng.randint(4, 9)
        opening = rng.choice(("What does the", "Why is the", "Fill in the blank: the", "How did the", "Who has the"))
        found.append(Parts(f"{opening} {' '.join(drawn[:asked])}?", f"{' '.join(drawn[asked:])}."))
    return found


def _with_words(text: Parts, rng: random.Random, count: int) -> Parts:
    """``count`` words replaced, left out or put in, spread over both texts by their lengths."""
    words = [text.prompt.split(" "), text.rest.split(" ")]
    places = [(part, place) for part in (0, 1) for place in range(len(words[part]))]
    for part, place in sorted(rng.sample(places, min(count, len(places))), reverse=True):
        kind = rng.random()
        if kind < 0.6:
            words[part][place] = rng.choice(_SWAPPED)
        elif kind < 0.8:
            del words[part][place]
        else:
            words[part].insert(place, rng.choice(_SWAPPED))
    return Parts(" ".join(words[0]), " ".join(words[1]))


def _share(text: Parts, rng: random.Random, share: float) -> Parts:
    return _with_words(text, rng, round(share * len(f"{text.prompt} {text.rest}".split())))


_FILLERS = ("in fact", "basically", "of course", "really", "actually", "indeed")
_INSTEAD = {"the": "a", "a": "the", "an": "the"}


def _filled(text: Parts, rng: random.Random) -> Parts:
    """A filler put in somewhere in the answer."""
    words = text.rest.split(" ")
    words.insert(rng.randrange(len(words)), rng.choice(_FILLERS))
    return Parts(text.prompt, " ".join(words))


def _grammar(text: Parts, rng: random.Random) -> Parts:
    """Other articles."""
    return Parts(*(" ".join(_INSTEAD.get(word, word) for word in part.split(" ")) for part in text))


def _left_out(text: Parts, rng: random.Random) -> Parts:
    """One word of the answer is missing."""
    words = text.rest.split(" ")
    del words[rng.randrange(len(words))]
    return Parts(text.prompt, " ".join(words))


def _reordered(text: Parts, rng: random.Random) -> Parts:
    """The statements of the answer, and the questions, change places."""
    first, mark, second = text.rest.rstrip(".").partition("; ")
    one, and_, other = text.prompt.rstrip("?").partition(", and ")
    return Parts(f"{other}{and_}{one}?", f"{second}{mark}{first}.")


def _denied(text: Parts, rng: random.Random) -> Parts:
    return Parts(text.prompt, text.rest.replace(" is found ", " is not found ", 1))


def _swapped(text: Parts, rng: random.Random) -> Parts:
    """A word that says something gives way to another one."""
    words = text.rest.split(" ")
    places = [place for place, word in enumerate(words) if len(word) > 5 and word.isalpha()]
    if places:
        words[rng.choice(places)] = rng.choice(_SWAPPED)
    return Parts(text.prompt, " ".join(words))


def _cut(text: Parts, rng: random.Random) -> Parts:
    words = text.rest.split(" ")
    return Parts(text.prompt, " ".join(words[: len(words) * 2 // 3]))


def _punctuated(text: Parts, rng: random.Random) -> Parts:
    return Parts(text.prompt.replace(",", "").rstrip("?") + " ?!", text.rest.replace(";", " -").rstrip(".") + " …")


def _turned(text: Parts, rng: random.Random) -> Parts:
    """What was told is asked, and the other way round."""
    return Parts(f"{text.rest.rstrip('.')}?", f"{text.prompt.rstrip('?')}.")


# The same is said.
EDITS: Mapping[str, Edit] = {
    "case": lambda text, rng: Parts(text.prompt.upper(), text.rest.lower()),
    "punctuation": _punctuated,
    "a filler": _filled,
    "other articles": _grammar,
    "statements in another order": _reordered,
    "a word left out": _left_out,
}
# Something else is said in nearly the same words: no duplicates, but alike, and to be kept in one split.
ALIKE_EDITS: Mapping[str, Edit] = {
    "one word": lambda text, rng: _with_words(text, rng, 1),
    "two words": lambda text, rng: _with_words(text, rng, 2),
    "another word": _swapped,
    "denied": _denied,
    "cut": _cut,
}
# Something else is said.
OTHERS: Mapping[str, Edit] = {
    "another word": _swapped,
    "denied": _denied,
    "cut": _cut,
    "four words in ten": lambda text, rng: _share(text, rng, 0.4),
    "another number": lambda text, rng: Parts(text.prompt, f"{text.rest} In all {rng.randrange(100, 999)}."),
    "another answer": lambda text, rng: Parts(
        text.prompt, f"Nobody knows: what {rng.choice(_SWAPPED)} papers told of it burned down long ago."
    ),
    "turned round": _turned,
}
