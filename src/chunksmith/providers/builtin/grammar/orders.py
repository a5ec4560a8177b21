"""Whether a sentence begins with an order: a base form that nothing behind it shows to be a noun."""

from collections.abc import Sequence

from chunksmith.providers.builtin.grammar.verbs import NOUN_LIKE, reading
from chunksmith.providers.builtin.grammar.words import Token, is_plural

_NO_DIRECTIVE = frozenset(
    """
    wish want need see note notice remember recall imagine suppose assume say let thank hope enjoy welcome
    """.split()
)


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


def is_statement(parts: Sequence[Token], place: int, last: int) -> bool:
    """``Duplicate rows are removed``: a finite verb follows, so the first word was no order."""
    if _is_bare_statement(parts[place : min(last, place + 3)]):
        return True
    for token in parts[place + 1 : min(last, place + 9)]:
        if token.tag in ("be", "modal", "have", "do"):
            return True
        if token.tag in ("rel", "sub", "wh", "conj", "punct", "to"):
            return False
    return False


def _is_bare_statement(parts: Sequence[Token]) -> bool:
    """``Build systems get slow``; not ``Make lamps burn longer``."""
    if len(parts) < 3 or parts[0].lower in _CAUSING or not is_plural(parts[1].text) or parts[1].tag != "word":
        return False
    verb = reading(parts[2].lower, "b") if parts[2].tag == "word" else None
    return verb is not None and parts[2].lower not in NOUN_LIKE


_CAUSING = frozenset("make let help have see watch hear feel".split())
