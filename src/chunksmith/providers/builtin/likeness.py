"""Whether two questions on one passage are too much alike to be asked together."""

import re

from chunksmith.providers.builtin.acceptance import Candidate
from chunksmith.providers.builtin.summary import terms


def repeats(item: Candidate, other: Candidate, again: bool, mentions: bool) -> bool:
    if item.sentence != other.sentence:
        if not mentions:
            return alike(item, other)
        return _ask_alike(item, other, bare=True) or (_hold(item, other) and not _mentions(item, other))
    if not again or item.question.lower() == other.question.lower():
        return True
    return item.answer in other.answer or other.answer in item.answer or _same_circumstance(item, other)


def alike(first: Candidate, second: Candidate) -> bool:
    """One answer holds the other, or the questions have nearly the same words and are asked in the same way."""
    return _hold(first, second) or _ask_alike(first, second)


def _mentions(first: Candidate, second: Candidate) -> bool:
    """A name that answers one question stands in the long answer to another."""
    short, long = sorted((first.answer, second.answer), key=len)
    return len(long.split()) >= 4 * len(short.split())


_CIRCUMSTANCES = frozenset({"why", "how", "when", "condition", "where"})


def _same_circumstance(item: Candidate, other: Candidate) -> bool:
    """Two questions that say the same and ask for the same thing in other words."""
    return item.kind == other.kind and (item.kind in _CIRCUMSTANCES or share_answer(item, other, 0.6))


def share_answer(first: Candidate, second: Candidate, most: float = 0.3) -> bool:
    """``most``: the share of their words that two answers may have in common."""
    one, two = set(terms(first.answer, "en")), set(terms(second.answer, "en"))
    return first.answer == second.answer or len(one & two) > most * min(len(one), len(two))


_NUMBERED = re.compile(r"\b[A-Za-z_]+\d[\w.]*")


def _hold(first: Candidate, second: Candidate) -> bool:
    return first.answer in second.answer or second.answer in first.answer


def _ask_alike(first: Candidate, second: Candidate, bare: bool = False) -> bool:
    """``bare``: a heading that both begin with does not count."""
    if first.question.lower() == second.question.lower():
        return True
    # The sentences that are printed before a question are not asked.
    asked = first.question.rpartition(". ")[2], second.question.rpartition(". ")[2]
    lead = asked[0].partition(", ")[0]
    if bare and asked[1].startswith(f"{lead}, "):
        asked = asked[0].removeprefix(lead), asked[1].removeprefix(lead)
    numbered = [set(_NUMBERED.findall(text)) for text in asked]
    if all(numbered) and not numbered[0] & numbered[1]:
        # "What does man2 describe?" and "What does man3 describe?"
        return False
    one, two = (set(terms(text, "en")) for text in asked)
    if first.sentence == second.sentence:
        return len(one & two) > 0.75 * min(len(one), len(two))
    return first.kind == second.kind and len(one & two) > 0.7 * len(one | two)
