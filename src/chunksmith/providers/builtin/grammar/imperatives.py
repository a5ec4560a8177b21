"""Which words open an order, and which only seem to: ``Build systems get slow``."""

from collections.abc import Sequence

from chunksmith.providers.builtin.grammar.verbs import NOUN_LIKE, reading
from chunksmith.providers.builtin.grammar.words import Token, is_plural

_NO_DIRECTIVE = frozenset(
    """
    wish want need see note notice remember recall imagine suppose assume say let thank hope enjoy welcome
    """.split()
)
# "Help users find it"
_WITH_DEED = frozenset("help let make see watch have".split())


def is_statement(parts: Sequence[Token], place: int, last: int) -> bool:
    """``Duplicate rows are removed``: a finite verb follows, so the first word was no order."""
    for near in range(place + 1, min(last, place + 9)):
        token = parts[near]
        if token.tag in ("be", "modal", "have", "do"):
            return True
        acts = token.tag == "word" and token.lower not in NOUN_LIKE and reading(token.lower, "b")
        if acts and parts[place].lower not in _WITH_DEED and near > place + 1 and is_plural(parts[near - 1].text):
            # "Build systems get slow"
            return True
        if token.tag in ("rel", "sub", "wh", "conj", "punct", "to"):
            return False
    return False


def is_base(token: Token) -> bool:
    return token.tag == "word" and bool(reading(token.lower, "b")) and token.lower not in _NO_DIRECTIVE


def orders(token: Token, following: Token) -> bool:
    """A base form that can only be a command: a noun would be followed by a verb or another noun."""
    if token.lower == "be":
        return following.lower in {"sure", "careful", "aware", "prepared", "polite", "kind", "precise", "consistent"}
    if not is_base(token):
        return False
    if token.lower in {"check", "verify", "ensure"} and following.lower in {"if", "whether", "that"}:
        return True
    if token.lower not in NOUN_LIKE:
        return following.tag not in ("be", "have", "modal", "conj") and following.text not in {",", ":", "-"}
    if token.lower == "try":
        return following.tag == "to" or bool(reading(following.lower, "g"))
    return following.tag in ("det", "quoted", "pron") or following.lower in {"your", "that", "this", "the"}


def opens_second(token: Token) -> bool:
    """``… and run it``: one order at a time."""
    if token.tag in ("pron", "be", "modal") or token.lower in {"then", "not", "do", "don't", "please", "you"}:
        return True
    return token.tag == "word" and bool(reading(token.lower, "b")) and token.lower not in NOUN_LIKE
