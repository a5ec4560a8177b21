"""Questions that end in a preposition: ``What do device names exist as?``, ``What is the mode invisible to?``"""

from collections.abc import Iterator, Sequence

from chunksmith.providers.builtin.grammar.verbs import reading
from chunksmith.providers.builtin.grammar.views import PAIRS, Draft, View, after_main, base_at, object_end, opens_noun
from chunksmith.providers.builtin.grammar.words import MONTHS, Token, is_plural

_SCORE = 5.6


def stranded(view: View) -> Iterator[Draft]:
    """Of a preposition right behind the verb, or behind the adjective that ``is`` joins to the subject."""
    yield from _joined(view)
    yield from _intransitive(view)
    yield from _done_for(view)
    yield from _identity(view)
    yield from _state(view)
    yield from _named(view)


_COPULAR = frozenset("to of for with from about on by against".split())
_BEHIND_VERB = frozenset("as about from with for on into against upon through to".split())


def _joined(view: View) -> Iterator[Draft]:
    clause, tokens = view.clause, view.tokens
    if not (clause.kind == "copula" or (clause.kind == "modal" and clause.base == "be")):
        return
    place = clause.main + 1
    while place < view.end and tokens[place].tag == "adv":
        place += 1
    if place + 2 >= view.end or tokens[place].tag != "word" or tokens[place].lower in _NO_QUALITY:
        return
    if reading(tokens[place].lower, "bsg") or tokens[place].lower.endswith(("er", "ers")):
        return
    link = tokens[place + 1]
    if link.lower in _COPULAR and not (link.tag == "to" and base_at(view, place + 2)):
        yield from _asked(view, place + 2)


# "part of", "full of": nouns, and amounts of something.
_NO_QUALITY = frozenset("part full kind sort type true one some all most many none half out".split())


def _intransitive(view: View) -> Iterator[Draft]:
    clause, tokens = view.clause, view.tokens
    place = after_main(view)
    if clause.kind not in {"lexical", "modal"} or clause.base in {"be", "have", "do", "get"} or place + 2 > view.end:
        return
    link = tokens[place]
    if link.lower not in _BEHIND_VERB or (link.tag == "to" and base_at(view, place + 1)):
        return
    following = tokens[place + 1]
    if f"{clause.base}.{link.lower}" in PAIRS and following.lower in _INDIRECT and place + 4 < view.end:
        yield Draft(
            "what", view.ask("What", place + 1), view.tell("State what", place + 1), place + 1, view.end, _SCORE
        )
        return
    yield from _asked(view, place + 1)


_INDIRECT = frozenset("how what whether why which where".split())


def _done_for(view: View) -> Iterator[Draft]:
    """``Removals can only be done for X``"""
    clause, place = view.clause, after_main(view)
    if clause.kind == "passive" and place + 1 < view.end and view.tokens[place].lower in _BEHIND_PARTICIPLE:
        yield from _asked(view, place + 1)


_BEHIND_PARTICIPLE = frozenset("for with against about as".split())


def _identity(view: View) -> Iterator[Draft]:
    """``Keepers are often the first pilots``: what are they often?"""
    clause, tokens, start = view.clause, view.tokens, view.clause.main + 1
    if clause.kind != "copula" or clause.negated or tokens[clause.verb].lower not in {"is", "are"}:
        return
    gerund = tokens[clause.first].tag == "word" and reading(tokens[clause.first].lower, "g")
    while start < view.end and tokens[start].lower in _HABITS:
        start += 1
    told = () if gerund else tokens[start : view.end]
    plural = tokens[clause.verb].lower == "are"
    opens = told[:1] and (told[0].lower in {"the", "a", "an"} or (plural and told[0].tag == "word"))
    if not opens or len(told) < _LEAST_NAMED or any(token.text in {",", ";", ":"} for token in told):
        return
    head = next((at for at, token in enumerate(told) if token.tag in ("prep", "rel", "to", "sub", "conj")), len(told))
    noun = told[head - 1]
    if noun.tag != "word" or (plural and not is_plural(noun.text)) or any(token.tag == "adv" for token in told[:head]):
        return
    if noun.lower.removesuffix("s") in view.subject.lower() or any(token.lower in _NO_ANSWER for token in told[:head]):
        return
    yield Draft("what", view.ask("What", start), view.tell("State what", start), start, view.end, _SCORE)


_HABITS = frozenset("often usually generally typically normally really mostly always".split())
_LEAST_NAMED = 3  # tokens of what something is


def _state(view: View) -> Iterator[Draft]:
    """``Column 1 of each line should be empty``: what should it be?"""
    clause, start = view.clause, view.clause.main + 1
    ruled = clause.kind == "modal" and clause.base == "be" and view.tokens[clause.verb].lower in {"must", "should"}
    told = view.tokens[start : view.end]
    if not ruled or clause.negated or not told or len(told) > _LONGEST_STATE or view.end < clause.last:
        return
    if all(token.tag in ("word", "conj") and not token.lower.endswith("er") for token in told) and not view.you:
        yield Draft("what", view.ask("What", start), view.tell("State what", start), start, view.end, _SCORE)


_LONGEST_STATE = 4  # tokens


def _named(view: View) -> Iterator[Draft]:
    """``is called its "affinity"``: what its name belongs to is the subject."""
    clause, tokens = view.clause, view.tokens
    place = after_main(view)
    if clause.kind != "passive" or clause.base not in {"call", "name", "term"} or clause.negated:
        return
    if place + 2 == view.end and tokens[place].lower in {"its", "their"} and tokens[place + 1].tag == "quoted":
        yield Draft("what", view.ask("What", place), view.tell("State what", place), place, view.end, _SCORE + 1)


def _asked(view: View, start: int) -> Iterator[Draft]:
    tokens = view.tokens
    if not opens_noun(view, start) or tokens[start].lower in _NO_ANSWER or tokens[start].lower in MONTHS:
        return
    end = object_end(view, start)
    told = tokens[start:end]
    if len(told) < _least(view) or told[-1].lower in _NO_ANSWER or any(token.text in {";", ":"} for token in told):
        return
    if any(token.text == "," for token in told) and not _is_list(told):
        return
    if end < view.end:
        # What is left over would be missing from the question.
        return
    yield Draft("what", view.ask("What", start), view.tell("State what", start), start, end, _SCORE)


def _is_list(told: Sequence[Token]) -> bool:
    """``the red, the green and the white lamps``: nouns alone, and a word that joins the last of them."""
    plain = all(token.tag in ("det", "word", "quoted", "num", "conj") or token.text == "," for token in told)
    return plain and any(token.lower in {"and", "or"} for token in told[-4:])


def _least(view: View) -> int:
    """One word answers a question that says much."""
    return 1 if view.end - view.clause.first >= _TELLING else 2


_TELLING = 7  # tokens
_NO_ANSWER = frozenset(
    """
    its their his her this these that those such another other others same many much long soon far well way ways manner
    example instance time times
    first last once now then hours minutes seconds days weeks months years course default
    """.split()
)
