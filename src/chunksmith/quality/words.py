"""What a text is made of, in any script: words, character pairs where no spaces are written, numbers, names."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from chunksmith.quality.folding import fold
from chunksmith.quality.remembered import remembered

# Folded text is decomposed, so a word is letters and the marks on them. Indic to Khmer scripts are taken as a whole.
_MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0900-\u0963\u0966-\u17ff"
)
_LETTERS = re.compile(rf"(?:[^\W\d_]|[{_MARKS}\u3099\u309a])+")
_WORDS_AND_NUMBERS = re.compile(rf"(?:[^\W_]|[{_MARKS}\u3099\u309a])+")
# What is no letter of folded ASCII becomes a space, and so does what is in no word of any ASCII.
_LETTERS_SPACED = "".join(chr(code) if chr(code).islower() else " " for code in range(128))
_WORDS_SPACED = "".join(chr(code) if chr(code).isalnum() or chr(code) == "_" else " " for code in range(128))
# Scripts written without spaces: Thai to Lao, Tibetan, Myanmar, Khmer, Chinese, Japanese.
_UNSPACED = re.compile(
    r"[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u2e80-\u312f\u31a0-\ua4cf\uf900-\ufaff\U00020000-\U0003ffff]+"
)
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
# The two patterns that follow are searched for by their first character, which few are; from Chinese to Vai there are
# neither digits nor capitals. A sign is no dash: it stands before a digit, and behind neither a word, as in utf-8, nor
# a number, as in 3-5.
_SIGNED = re.compile(r"[-0-9\u0660-\u2e7f\ua620-\U0010ffff](?:(?<=\d)\d*|(?<=-)(?<![\w)\]%.,-]-)\d+)(?:[.,:]\d+)*")
_NAME = re.compile(r"[A-Z\xc0-\u2e7f\ua620-\U0010ffff](?<=[^\W\d_])(?:(?<=[\w,;)%]\s.)\w*|(?<=\b[A-Z])[A-Z]\w*)")
_WORD = re.compile(r"\w+")
_TERM = re.compile(rf"{_LETTERS.pattern}|{_NUMBER.pattern}")
_PLAIN_TERM = re.compile(rf"[a-z]+|{_NUMBER.pattern}")
STEM_MIN, STEM_CUT = 5, 3
_JUDGEABLE_WORDS = 12
_REMEMBERED_CHARS = 1_000
_LARGE_SHARE = 0.18
_GROUPED = re.compile(r"-?\d{1,3}(?:[.,]\d{3})+")
_GROUPED_CHARS = 5

# Words that say nothing about what a text is about: articles, pronouns, auxiliaries, question words, yes and no.
# Left out where they are a noun or a verb in another of these languages: die, war, hat, son, come, pour.
_FUNCTION_WORDS = frozenset(
    "a an the this that these those it its is are was were be been being has have had do does did will would shall "
    "should can could may might must and or but not no nor so if then than as at by for from in into of on onto to "
    "because with about over under between through during which who whom whose what when where why how there here "
    "they them their he she his her him we our us you your i my me also only very more most such some any all each "
    "every both yes true false "
    "der das den dem des ein eine einer eines einem einen und oder aber nicht ist sind waren wird werden wurde "
    "wurden haben hatte kann können soll muss als bei mit von vom zum zur für auf aus nach über unter durch auch "
    "was wer wie wann wo warum welche welcher welches sich es er sie wir ihr ich ja nein "
    "le la les un une des du de et ou mais ne pas est sont était étaient été être avoir ont avait dans sur sous avec "
    "par que qui quoi quand où comment pourquoi quel quelle quels quelles ce cette ces il elle ils elles nous "
    "vous je se sa ses leur leurs oui non au aux en "
    "el los las una unos unas y o pero es son era eran ser con para por como qué quién cuándo dónde cómo cuál sí "
    "il lo gli uno e ed ma sono che chi cosa quando perché o os as um uma não sim foi "
    "de het een en of maar niet zijn wordt worden wat wie waar hoe waarom".split()
)
# Words that every subject has: with them a writer puts together what the passage says in other words.
_COMMON_WORDS = frozenset(
    "able above according across actual actually add added after again against almost alone along already although "
    "always another anything apart around away back basically became become becomes before begin behind being below "
    "beside besides best better beyond bring brings called came cannot carry case cases certain come comes common "
    "consist consists contain containing contains describe described describes describing despite different done down "
    "due during early either else end enough entire especially even ever exactly example except exist exists far few "
    "find first follow followed following follows former found full further gave generally get gets give given gives "
    "giving go goes gone good got had happen happens having held hence hold holds however include included includes "
    "including indeed instead keep keeping keeps kept kind knew know known knows large largely last late later latter "
    "lead leads least leave leaves left less let lets like likely little long look made main mainly make makes making "
    "many may mean means mentioned might moreover much namely near nearly need needed needs neither never "
    "nevertheless new next none nor normally nothing notably now number occur occurs off often once one ones onto "
    "order other others otherwise out overall own part particular particularly per perhaps place point possible "
    "provide provided provides put puts quite rather reach reached reason refer refers relate related remain remains "
    "result resulting results said same say says second see seem seems seen several show showing shown shows similar "
    "similarly simply since single small something sometimes somewhat soon state stated states still take taken takes "
    "taking tell tells term thereby therefore thing things think though three through throughout thus together too "
    "took toward towards try turn turned turning turns two typically unless unlike until upon use used useful user "
    "uses using usual usually various via want wants way ways well went whatever whenever where whereas wherever "
    "whether which while whole whose widely within without word words work works would yet "
    "während immer wieder schon noch mehr sehr dort hier dann denn weil damit daher dabei außerdem jedoch etwa gibt "
    "machen macht wurde geben lassen aussi ainsi alors après avant chez comme donc encore entre fait faire même moins "
    "parce pendant plus plusieurs puis très toujours además antes así aunque cada después donde durante entonces "
    "entre hace hacer hasta más menos mientras mismo muy otro otros también tiene todo".split()
)


class Tokens(NamedTuple):
    """``content``: words that carry meaning, in order, with repeats. ``numbers``: as written, thousands ungrouped.
    ``roots``: of the words that carry meaning, and the numbers as they are.
    """

    words: tuple[str, ...]
    content: tuple[str, ...]
    numbers: tuple[str, ...]
    roots: frozenset[str]


def tokens(text: str) -> Tokens:
    """Words of folded text; a run of a script without spaces gives its overlapping pairs of characters.

    The last few short texts are remembered: several components of a score read the same question and answer.
    """
    return _remembered(text) if len(text) <= _REMEMBERED_CHARS else _tokens(text)


def _tokens(text: str) -> Tokens:
    plain = fold(text)
    words = words_of(plain)
    content = tuple(filter(carries_meaning, words))
    found = numbers(plain)
    return Tokens(tuple(words), content, tuple(found), frozenset([*map(root, content), *found]))


_remembered = lru_cache(maxsize=256)(_tokens)


def runs(text: str) -> list[str]:
    """Of letters, digits and underscores, whatever the case, in order."""
    return text.translate(_WORDS_SPACED).split() if text.isascii() else _WORD.findall(text)


def has_any(text: str, signs: Iterable[str]) -> bool:
    """Whether a pattern is worth looking for: where each match has one of some signs, a text without them has none."""
    return any(map(text.__contains__, signs))


def plain_tokens(text: str) -> list[str]:
    """Words and numbers of folded text in order; single characters where no spaces are written."""
    return [part for run in _WORDS_AND_NUMBERS.findall(fold(text)) for part in split_unspaced(run, 1)]


def words_of(plain: str) -> list[str]:
    """Of folded text, in order; numbers are none."""
    if plain.isascii():
        return plain.translate(_LETTERS_SPACED).split()
    found: list[str] = _LETTERS.findall(plain)
    if _UNSPACED.search(plain) is None:
        return found
    return [word for run in found for word in split_unspaced(run)]


def terms(plain: str) -> list[str]:
    """Words and numbers of folded text in their order, for comparing texts; unspaced scripts as in ``tokens``."""
    if plain.isascii():
        return _PLAIN_TERM.findall(plain)
    found: list[str] = _TERM.findall(plain)
    if _UNSPACED.search(plain) is None:
        return found
    return [term for run in found for term in split_unspaced(run)]


def numbers(text: str) -> list[str]:
    """``1,000`` and ``1000`` are one number, ``1.5`` and ``15`` are two, and so are ``-40`` and ``40``."""
    found: list[str] = _SIGNED.findall(text)
    return [
        one.replace(",", "").replace(".", "") if len(one) >= _GROUPED_CHARS and _GROUPED.fullmatch(one) else one
        for one in found
    ]


def names(text: str) -> set[str]:
    """Capitalised words that do not begin a sentence, and abbreviations in capitals; folded."""
    found = {fold(name) for name in _capitalised(text)}
    return {name for name in found if name not in _FOLDED_FUNCTION_WORDS and not _is_short_latin(name)}


def writes_nouns_large(text: str) -> bool:
    """Whether so many words are capitalised, as in German, that this tells nothing about names."""
    count = len(runs(text))
    return count >= _JUDGEABLE_WORDS and len(_capitalised(text)) > _LARGE_SHARE * count


def _capitalised(text: str) -> list[str]:
    if text[1:].islower():  # what is in capitals has one after the first character
        return []
    return [word for word in _NAME.findall(text) if word[0].isupper()]


@remembered
def carries_meaning(word: str) -> bool:
    """Of a folded word."""
    return word not in _FOLDED_FUNCTION_WORDS and not _is_short_latin(word)


@remembered
def root(word: str) -> str:
    """What two forms of a word share, roughly: the same for ``reduce``, ``reduces`` and ``reduced``."""
    return stem_of(word) if len(word) > STEM_MIN else word


def stem_of(word: str) -> str:
    return word[: max(STEM_MIN, len(word) - STEM_CUT)]


def is_function_word(word: str) -> bool:
    """Of a folded word, whether it says nothing about what a text is about."""
    return word in _FOLDED_FUNCTION_WORDS


def is_common_word(word: str) -> bool:
    """Of a folded word, whether texts on every subject have it."""
    return word in _FOLDED_COMMON_WORDS


def is_unspaced(text: str) -> bool:
    """Whether most of the text is in a script that puts no spaces between words."""
    if text.isascii():
        return False
    wide = sum(map(len, _UNSPACED.findall(text)))
    return wide * 2 > sum(map(len, _LETTERS.findall(text)))


def split_unspaced(run: str, length: int = 2) -> list[str]:
    """Where no spaces are written, overlapping pieces of ``length`` characters; the rest of the run as it is."""
    if run.isascii():
        return [run]
    found: list[str] = []
    position = 0
    for match in _UNSPACED.finditer(run):
        if match.start() > position:
            found.append(run[position : match.start()])
        wide = match[0]
        pieces = max(1, len(wide) - length + 1)
        found.extend(wide[at : at + length] for at in range(pieces))
        position = match.end()
    if position < len(run):
        found.append(run[position:])
    return found


def _is_short_latin(word: str) -> bool:
    return len(word) == 1 and word < "\u2e80"


_FOLDED_FUNCTION_WORDS = frozenset(fold(word) for word in _FUNCTION_WORDS)
_FOLDED_COMMON_WORDS = frozenset(fold(word) for word in _COMMON_WORDS)
