"""What is joined on inside of a subject: an aside, a clause without a word that opens it, a second statement."""

from collections.abc import Sequence

from chunksmith.providers.builtin.grammar.verbs import NOUN_LIKE, reading
from chunksmith.providers.builtin.grammar.words import Token

AUXILIARY = ("be", "have", "do", "modal")


def joins_statements(tokens: Sequence[Token], first: int, conj: int) -> bool:
    """``while building, and Ninja can``: two things take no comma, unless another one closes the second."""
    near = (*tokens[first : conj - 1], *tokens[conj + 1 : conj + 9])
    joins = tokens[conj].lower == "and" and tokens[conj - 1].text == ","
    return joins and not any(token.text == "," for token in near)


def opens_contact(tokens: Sequence[Token], first: int, index: int, limit: int) -> bool:
    """``the bug you want to fix``: a clause that no word introduces, between a noun that ``the`` opens and its verb."""
    if tokens[index].lower not in {"you", "they"} or index < first + 2 or index + 2 >= limit:
        return False
    noun = tokens[index - 1]
    following = tokens[index + 1]
    verb = following.tag in ("modal", "have", "do") or (following.tag == "word" and reading(following.lower, "bd"))
    return (
        tokens[first].lower in {"the", "a", "any", "every"} and noun.tag == "word" and index == first + 2 and bool(verb)
    )


def determines(tokens: Sequence[Token], index: int, limit: int) -> bool:
    """``of this file``: the pronoun has a noun of its own."""
    noun = tokens[index].lower in {"this", "that", "these", "those"} and index + 1 < limit
    return noun and tokens[index + 1].tag in ("word", "quoted") and not reading(tokens[index + 1].lower, "s")


def aside_end(tokens: Sequence[Token], comma: int, limit: int) -> int:
    """The finite verb after ``, an aside,`` that opens at ``comma``; 0 when there is none."""
    if tokens[comma + 1 : comma + 2] and tokens[comma + 1].tag == "conj":
        return 0
    for index in range(comma + 2, min(limit - 1, comma + 14)):
        if tokens[index].text == ",":
            verb = tokens[index + 1]
            return (
                index + 1
                if verb.tag in AUXILIARY or bool(reading(verb.lower, "s") and verb.lower not in NOUN_LIKE)
                else 0
            )
    return 0
