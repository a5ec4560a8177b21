"""Questions on a number: ``How many legs does a spider have?``"""

import re
from collections.abc import Iterator

from chunksmith.providers.builtin.grammar.clauses import declarative, inverted, text_of
from chunksmith.providers.builtin.grammar.views import YEAR, Draft, View, after_main, object_end
from chunksmith.providers.builtin.grammar.words import is_plural

_APPROXIMATE = frozenset(
    """
    about around nearly almost roughly approximately only exactly at least most up to more less than over some just
    """.split()
)


def counts(view: View) -> Iterator[Draft]:
    clause, tokens = view.clause, view.tokens
    if (
        clause.kind not in {"lexical", "modal"}
        or clause.base == "be"
        or clause.negated
        or (view.you and clause.kind != "modal")
    ):
        return
    start = after_main(view)
    number = start
    while number < view.end and tokens[number].lower in _APPROXIMATE and number < start + 3:
        number += 1
    # "will rise to 45 pounds": not how many pounds.
    if not _is_count(view, number) or (number > start and tokens[start].lower == "to"):
        return
    after = number + 1
    while after < view.end and tokens[after].tag == "num":
        after += 1
    noun = _noun_end(view, after)
    if noun is None or not any(is_plural(token.text) for token in tokens[after:noun]):
        return
    if tokens[after].lower in {"times", "percent"}:
        return
    unit = text_of(clause, view.text, after, noun)
    end = object_end(view, noun - 1)
    rest = text_of(clause, view.text, noun, end) if end > noun else ""
    if (
        ":" in rest
        or "," in rest
        or any(token.tag == "conj" or token.lower.endswith("ing") for token in tokens[noun:end])
    ):
        rest = ""
    if rest.startswith("of "):
        # "barrels of fish a year": the year goes with the deed.
        inner = (at for at in range(noun + 2, end) if tokens[at].tag in ("det", "prep", "to") and at > noun + 1)
        stop = next((at for at in inner if tokens[at - 1].tag not in ("prep", "det")), end)
        unit, rest = f"{unit} {text_of(clause, view.text, noun, stop)}", text_of(clause, view.text, stop, end)
    rest = f" {rest}" if rest else ""
    asked = inverted(clause, view.text, view.subject, start)
    told = declarative(clause, view.text, view.subject, start)
    if clause.base in _TAKEN_WITH_REST or tokens[start].lower == "about":
        rest = rest if clause.base != "have" else ""
    yield Draft("how many", f"How many {unit} {asked}{rest}", f"State how many {unit} {told}{rest}", start, after, 9.0)


_TAKEN_WITH_REST = frozenset("take have contain".split())


def _is_count(view: View, place: int) -> bool:
    if place >= view.end - 1 or view.tokens[place].tag != "num" or view.tokens[place].lower in {"one", "zero"}:
        return False
    text = view.tokens[place].text
    return bool(re.fullmatch(r"[\d,]+(?:\.\d+)?|[a-z-]+", text)) and not YEAR.match(text)


def _noun_end(view: View, place: int) -> int | None:
    """Past a bare noun phrase of at most four words."""
    start = place
    while place < view.end and view.tokens[place].tag == "word" and place < start + 4:
        if place > start and is_plural(view.tokens[place - 1].text):
            break
        place += 1
    if place > start and place < view.end and view.tokens[place].lower in {"celsius", "fahrenheit"}:
        place += 1
    return place if place > start else None
