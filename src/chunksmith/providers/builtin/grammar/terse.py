"""English that has few function words: notes, orders, headlines."""

import re
from collections.abc import Sequence
from itertools import pairwise

from chunksmith.providers.builtin.grammar.verbs import reading, readings
from chunksmith.providers.builtin.grammar.words import COMMON, Token, is_plural, tokens

_KNOWN = 0.5
"""the least share of words that are known; of other languages that share words with English it is a quarter"""
_FEWEST = 4
"""known words: fewer may be terms that another language has borrowed"""
_STATED = 0.33
"""the least share of sentences that have a verb"""
_ACCENTED = 0.05
"""the largest share of words with letters that English has in names only"""
_LONGEST_LINK = 8
"""words in a row without a comma or a function word: a list of words has more"""
_STOP = re.compile(r"[.!?]+(?=\s|\Z)")
_CODE = re.compile(r"[{}\[\]=;<>\\|$]|\w\(|\w_\w|\w\.\w+\(")
_LETTERS = re.compile(r"[^\W\d_]+")
_FINITE = frozenset({"be", "have", "do", "modal"})


def is_terse_english(text: str) -> bool:
    """Whether most words are English words, and a third of what ends like a sentence has a verb in a place for one.

    Code and lists of words have the words, but not the sentences.
    """
    words = _LETTERS.findall(text)
    if _CODE.search(text) or sum(not word.isascii() for word in words) > _ACCENTED * len(words):
        return False
    *said, rest = (tokens(part.strip()) for part in _STOP.split(text))
    known = sum(_is_known(token) for part in said for token in part)
    if rest or known < max(_FEWEST, _KNOWN * len(words)):
        return False
    stated = [part for part in said if len(part) > 1]
    return bool(stated) and sum(map(_has_verb, stated)) >= _STATED * len(stated)


def reads_as_prose(question: str, answer: str) -> bool:
    """Whether a question on a terse sentence lacks no article, joins no statements and takes no time for an object."""
    if _AT_TIME.match(answer) and not question.startswith(("When", "Regarding")):
        return False
    joined = _JOINT.search(question) or question.count(",") < 2
    listed = _JOINT.search(answer) or "," not in answer
    return bool(joined and listed) and not _has_bare_subject(question)


_JOINT = re.compile(r"\b(?:and|or)\b")
_AT_TIME = re.compile(r"(?:next|last|every|each|today|tomorrow|yesterday|\w+day)\b", re.I)


def _has_bare_subject(question: str) -> bool:
    """``What did farmer promise?``: "farmer" has no article, as "farmers" would need none."""
    parts = tokens(question)
    turned = next((place for place, token in enumerate(parts) if token.tag in ("be", "have", "do")), len(parts))
    subject = parts[turned + 1 : turned + 3]
    if not subject or subject[0].tag != "word" or subject[0].text[0].isupper():
        return False
    return not any(is_plural(token.text) for token in subject)


def _is_known(token: Token) -> bool:
    if token.tag != "word":
        return token.tag not in ("punct", "num", "quoted")
    lower = token.lower
    endings = (lower, lower.removesuffix("s"), lower.removesuffix("es"))
    return bool(readings(lower)) or any(one in COMMON for one in endings)


def _has_verb(part: Sequence[Token]) -> bool:
    """An order begins with one, a statement has one further on; neither is a row of names."""
    names = sum(token.text[:1].isupper() for token in part[1:])
    if names * 2 >= len(part) or _longest_link(part) > _LONGEST_LINK:
        return False
    ordered = reading(part[0].lower, "b") and part[1].tag != "punct"
    if ordered:
        return True
    return any(
        token.tag in _FINITE or reading(token.lower, "sd") or (is_plural(before.lower) and reading(token.lower, "b"))
        for before, token in pairwise(part)
    )


def _longest_link(part: Sequence[Token]) -> int:
    longest = length = 0
    for token in part:
        length = length + 1 if token.tag == "word" else 0
        longest = max(longest, length)
    return longest
