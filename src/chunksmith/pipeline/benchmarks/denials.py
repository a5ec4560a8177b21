"""Whether what stands before a mention denies or hedges it, however far in front of it within the statement.

All texts are in lower case, and end where the mention begins.
"""

import re

from chunksmith.pipeline.benchmarks import phrases

_SENTENCE_END = re.compile(r"[.!?;\n。]")
_IN_BRACKETS = re.compile(r"\([^()]*\)")


def is_denied(before: str) -> bool:
    """``not B``, ``I don't think the answer is B``, ``the worst answer is B``."""
    bare = _told(before)
    if phrases.RULES_OUT.search(bare):
        return True
    statement = _statement(bare)
    # A comma parts what is denied from what is said, unless all that follows is what is not thought.
    scope = statement if phrases.THINKS_NOT.search(statement) else statement.rsplit(",", 1)[-1]
    return phrases.NEGATES.search(scope) is not None


def is_clear(before: str) -> bool:
    """Nothing in the whole statement denies anything: what is merely named needs that."""
    bare = _told(before)
    return not phrases.RULES_OUT.search(bare) and not phrases.NEGATES.search(_statement(bare))


def is_hedged(before: str, *, after_another: bool) -> bool:
    """``Some might say the answer is B``. A hedge ends at ``but``; one on another option at a comma as well."""
    clause = phrases.BUT_HERE.split(_SENTENCE_END.split(before)[-1])[-1]
    if after_another:
        clause = clause.rsplit(",", 1)[-1]
    return phrases.HEDGES.search(clause) is not None


def _told(before: str) -> str:
    return phrases.DENIES_NOTHING.sub(" ", _IN_BRACKETS.sub(" ", before))


def _statement(before: str) -> str:
    return phrases.TURNS.split(_SENTENCE_END.split(before)[-1])[-1]
