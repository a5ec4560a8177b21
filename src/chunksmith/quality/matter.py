"""What decides what a text says, so that two texts can be told apart which share nearly all words: docs/curation.md.

What is left out (articles, auxiliaries, fillers) two texts may differ in; forms of a word and words of a group of
synonyms are one; denials, amounts, order and number words have to be the same.
"""

import re
import zlib
from collections import Counter
from functools import lru_cache
from typing import NamedTuple

from chunksmith.quality.passages import bare, is_negator
from chunksmith.quality.remembered import remembered
from chunksmith.quality.symbols import symbols
from chunksmith.quality.words import is_function_word, is_unspaced, numbers, terms

_FILLERS = frozenset(
    "actually basically clearly essentially exactly furthermore hence however indeed just moreover namely notably "
    "obviously please precisely really simply then therefore thus".split()
)
_CONTRACTED = frozenset("s t d m ll re ve".split())  # it's, don't, I'd, I'm, we'll, they're, they've
_FILLING = re.compile(
    r"\b(?:in (?:fact|general|essence|order|particular|short|other words)|for (?:example|instance)|as a result|"
    r"of course|so to speak)\b"
)
# Each with the word that stands for it. What is not here and says nothing else may come and go.
_DECIDING = {
    word: group[0]
    for group in (
        line.split()
        for line in (
            "all every each|any|some|several|many|much|more|most|few|fewer less|least|only solely|both|half|either|"
            "always|usually generally normally typically mostly|often frequently|sometimes occasionally|rarely seldom|"
            "must shall|should ought|may|might|can|could|or|although though|from|with|"
            "first|last|before|after|until|above|below under beneath|up|down|off|false|unless|"
            "inside|outside|against|except|almost nearly|who whom whose|when|where|why|how|nur|alle jeder jede jedes|"
            "immer|oft|selten|mehr|weniger|vor|nach|muss|toujours|souvent|tous toutes|plus|moins|siempre|todos todas|"
            "más|menos"
        ).split("|")
    )
    for word in group
}
_NUMBER_WORDS = dict(
    zip("two three four five six seven eight nine ten eleven twelve".split(), map(str, range(2, 13)), strict=True)
)


@lru_cache(maxsize=16_384)
def form(word: str) -> str:
    """What the forms of a folded word share: mill and mills, write and writers."""
    short = bare(bare(word))
    return short[:-1] if len(short) > 3 and short[-1] == short[-2] else short


# General words that mean the same in nearly every place; terms of a subject are nobody's synonyms.
_SYNONYMS = {
    form(word): group[0]
    for group in (
        line.split()
        for line in (
            "use used utilize employ|begin began begun start commence|big large|quick fast rapid|help assist aid|"
            "show shown display|need require|get got gotten obtain|give gave given provide supply|"
            "allow permit enable let|make made create produce|keep kept retain preserve|change modify alter|"
            "build built construct|buy bought purchase|end finish|stop halt cease|fix repair mend|"
            "find found locate|ask inquire|answer reply respond|choose chose chosen pick|important significant|"
            "entire whole complete|correct right|wrong incorrect|easy simple|hard difficult|small little tiny|"
            "happen occur|contain include|further additional extra|purpose aim goal|method way manner approach|"
            "part portion|result outcome|error mistake|reason cause|problem issue|advantage benefit|"
            "drawback disadvantage|explain describe|delete remove erase|send sent transmit|check verify|"
            "guarantee ensure assure|reduce decrease|avoid prevent|consist comprise|main chief principal|"
            "enough sufficient|usual normal ordinary|complicated complex|convenient handy|identical same|"
            "distinct different|approximately roughly|additionally besides|try attempt|remain stay|"
            "believe think thought|want wish|seem appear"
        ).split("|")
    )
    for word in group
}
# General words of which one denies the other.
_OPPOSITE_PAIRS = [
    (form(one), form(other))
    for one, other in (
        pair.split()
        for pair in (
            "before after|more less|more fewer|most least|always never|first last|read write|larger smaller|big small|"
            "large small|fast slow|high low|higher lower|all some|all none|every some|"
            "old new|inner outer|internal external|left right|top bottom|increase decrease|increase reduce|grow shrink|"
            "maximum minimum|start stop|early late|earlier later|open closed|open close|"
            "above below|inside outside|up down|enable disable|allow forbid|allow prevent|permit forbid|"
            "include exclude|accept reject|add remove|insert delete|lock unlock|true false|same different|long short|"
            "longer shorter|better worse|best worst|easy difficult|easy hard|simple complex|strong weak|good bad|"
            "safe unsafe|possible impossible|valid invalid|public private|local remote|local global|single several|"
            "often rarely|usually rarely|ascending descending|positive negative|even odd|import export|input output|"
            "succeed fail|success failure|appear disappear|next previous|rise fall|gain lose|cheap expensive|rich poor|"
            "hot cold|warm cold|light dark|light heavy|wide narrow|deep shallow|near far|north south|east west"
        ).split("|")
    )
]
_OPPOSITES = {
    word: frozenset(other for pair in _OPPOSITE_PAIRS if word in pair for other in pair if other != word)
    for word in {word for pair in _OPPOSITE_PAIRS for word in pair}
}
_MINUS = re.compile(r"-\d")
_RANGE = re.compile(r"(\d[\d.,:]*)(?: \w+)?(?: ?- ?| (?:to|until|till|through|bis) )(?=(\d[\d.,:]*\d|\d))")
# Denials where no spaces are written; each place where one stands counts.
_UNSPACED_DENIAL = re.compile("[不没沒未無无非]|ない|ません|ไม่")


class Matter(NamedTuple):
    """``content``: hashes of what carries meaning, in the forms that stand for it, in order; ``exact``: what has to be
    the same. ``unspaced``: pairs of characters, of which nothing but shares can be told.
    """

    content: list[int]
    exact: list[str]
    unspaced: bool


def matter_of(plain: str) -> Matter:
    """Of folded text."""
    if is_unspaced(plain):
        exact = [*_UNSPACED_DENIAL.findall(plain), *numbers(plain)]
        return Matter(list(map(_hash, terms(plain))), exact, unspaced=True)
    read = list(map(_meaning, terms(_FILLING.sub(" ", plain).replace("can't", "cannot"))))
    exact = [exact for _, exact in read if exact]
    return Matter([code for code, _ in read if code], exact + _signs(plain) + _ranges(plain), unspaced=False)


def _signs(plain: str) -> list[str]:
    signed = [number for number in numbers(plain) if number[0] == "-"] if _MINUS.search(plain) else []
    return signed + [f"{one.mark} {one.thing}" for one in symbols(plain)]


def _ranges(plain: str) -> list[str]:
    """From 9 to 17 is not from 17 to 9, while other numbers may be told in any order."""
    return [f"range {one} {other}" for one, other in _RANGE.findall(plain)]


def joined_exact(parts: list[Matter]) -> list[str]:
    """What decides in all parts, with how often it stands there; numbers once."""
    counts = Counter(word for one in parts for word in one.exact)
    return sorted(word if word[0].isdigit() else f"{word} {count}" for word, count in counts.items())


@remembered
def has_opposites(word: str) -> bool:
    """Of a folded word."""
    return form(word) in _OPPOSITES


def opposites(word: str) -> frozenset[str]:
    """Of a folded word as ``form`` gives it, those that deny it."""
    return _OPPOSITES.get(word, frozenset())


def decide_otherwise(word: str, other: str) -> bool:
    """Of folded words, whether each decides what is said, and they do not say the same: "before", "after"."""
    mine, theirs = _meaning(word)[1], _meaning(other)[1]
    return bool(mine and theirs) and mine != theirs


@lru_cache(maxsize=16_384)
def _meaning(word: str) -> tuple[int, str]:
    """Of a folded word the hash of what stands for it, where it carries meaning; or else what has to be the same."""
    if is_negator(word):
        return 0, "not"
    if word in _DECIDING or word in _NUMBER_WORDS:
        return 0, _DECIDING.get(word) or _NUMBER_WORDS[word]
    if word[0].isdigit():
        return 0, numbers(word)[0]
    if word in _FILLERS or is_function_word(word) or word in _CONTRACTED:
        return 0, ""
    return _hash(_SYNONYMS.get(form(word), form(word))), ""


def _hash(word: str) -> int:
    return zlib.crc32(word.encode("utf-8", "surrogatepass")) or 1
