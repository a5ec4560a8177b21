"""Sentences that begin with something else than their subject: a condition, a time, a purpose, a scene."""

import re
from collections.abc import Iterator, Sequence

from chunksmith.providers.builtin.clauses import Clause, parse
from chunksmith.providers.builtin.frames import drafts
from chunksmith.providers.builtin.framing import is_anaphoric, is_free
from chunksmith.providers.builtin.reading import Reading, is_expletive, subject_phrase
from chunksmith.providers.builtin.verbs import reading
from chunksmith.providers.builtin.views import Draft, View, clause_end, doubled
from chunksmith.providers.builtin.words import Token

_CONDITIONS = frozenset("if when whenever once after before".split())


_TIME = re.compile(
    r"^(?:In|Since|By|During|Around|On|From|Until|Between)\b.*?\b(?:1\d\d\d|20\d\d|century|centuries|January|"
    r"February|March|April|May|June|July|August|September|October|November|December|winter|summer|spring|autumn|"
    r"night|morning|decade|war)\b[\w\s]*$"
)


def clause_drafts(read: Reading, clause: Clause, prefix: str) -> Iterator[tuple[Draft, str, float]]:
    resolved = subject_phrase(read, clause)
    if resolved is None:
        return
    subject, penalty = resolved
    view = View(read.sentence.text, clause, subject, clause_end(clause))
    for draft in drafts(view):
        uses_subject = draft.start != clause.first
        if not uses_subject and read.tokens[clause.first].tag == "pron":
            continue
        yield draft, prefix, penalty


def with_lead(read: Reading, start: int) -> Iterator[tuple[Draft, str, float]]:
    split = _split(read, start)
    if split is None:
        return
    comma, clause = split
    tokens_, text = read.tokens, read.sentence.text
    opening = tokens_[start]
    lead = text[tokens_[start].start : tokens_[comma - 1].end]
    inner = (
        opening.text[0].lower() + lead[len(opening.text[0]) :]
        if not opening.text.isupper() or len(opening.text) == 1
        else lead
    )
    if opening.lower in _CONDITIONS:
        yield from _conditional(read, start, comma, clause, inner)
        return
    if opening.tag == "sub" and clause is not None and read.tokens[clause.first].tag != "pron":
        yield from ((draft, prefix, penalty + 0.5) for draft, prefix, penalty in clause_drafts(read, clause, ""))
    if opening.tag == "sub" and opening.lower != "because":
        return
    if clause is None:
        if opening.lower == "for" and read.tokens[comma + 1].lower == "use":
            yield (
                Draft("what", f"What should you use {inner}", f"State what to use {inner}", comma + 2, read.last, 7.0),
                "",
                0.0,
            )
        if opening.tag == "to" and _is_imperative(read, comma + 1):
            yield (
                Draft(
                    "how",
                    f"What should you do {inner}",
                    f"State what to do {inner}",
                    _after_then(read, comma),
                    read.last,
                    7.0,
                ),
                "",
                0.0,
            )
        return
    resolved = subject_phrase(read, clause)
    if resolved is None:
        return
    view = View(text, clause, resolved[0], clause_end(clause))
    yield from _led(view, inner, opening, start, comma, resolved[1], lead)


def _led(
    view: View, inner: str, opening: Token, start: int, comma: int, penalty: float, lead: str
) -> Iterator[tuple[Draft, str, float]]:
    clause = view.clause
    second = view.tokens[start + 1]
    if doubled(view, view.end):
        return
    if opening.lower == "because" or inner.startswith(("because of", "due to", "owing to")):
        yield (
            Draft("why", view.ask("Why", view.end), view.tell("Explain why", view.end), start, comma, 9.0),
            "",
            penalty,
        )
    elif opening.tag == "to" or inner.startswith("in order to"):
        if clause.kind == "modal" and clause.base != "be" and not clause.negated:
            finite = view.tokens[clause.verb].lower
            asked = f"What {finite} {view.subject} do {inner}"
            yield (
                Draft("what", asked, f"State what {view.subject} {finite} do {inner}", clause.main, view.end, 8.5),
                "",
                penalty,
            )
        elif clause.base in {"have", "need"} and clause.kind == "lexical" and view.tokens[clause.main + 1].tag == "to":
            asked = f"{view.ask('What', clause.main + 2)} do {inner}"
            told = f"{view.tell('State what', clause.main + 2)} do {inner}"
            yield Draft("what", asked, told, clause.main + 2, view.end, 8.5), "", penalty
        elif clause.kind in {"lexical", "passive"} and not view.you:
            yield (
                Draft("why", view.ask("Why", view.end), view.tell("Explain why", view.end), start, comma, 8.5),
                "",
                penalty,
            )
    elif opening.lower == "by" and second.tag == "word" and reading(second.lower, "g"):
        yield (
            Draft("how", view.ask("How", view.end), view.tell("Explain how", view.end), start, comma, 9.0),
            "",
            penalty,
        )
    elif _TIME.match(lead):
        yield (
            Draft("when", view.ask("When", view.end), view.tell("State when", view.end), start, comma, 9.0),
            "",
            penalty,
        )
    elif opening.tag == "prep" and comma - start <= 9 and _is_scene(view.tokens[start:comma]):
        for draft in drafts(view):
            yield draft, inner, penalty + 0.3


_MERE_LINKS = frozenset(
    {
        "in addition", "in fact", "in general", "of course", "as a result", "in particular", "in contrast", "in turn",
        "in short", "in other words", "at first", "in the end", "at least", "on the other hand", "by contrast",
        "in comparison", "in essence", "in practice", "in the first place", "in reply", "in theory", "in principle",
    }
)  # fmt: skip


def _is_scene(lead: Sequence[Token]) -> bool:
    """``In a database,`` sets a scene that a question can keep; ``In addition,`` does not."""
    if " ".join(token.lower for token in lead) in _MERE_LINKS:
        return False
    # "With the hints," speaks of hints that the reader has met before.
    if lead[0].lower in {"with", "without"} and lead[1].lower == "the" and len(lead) <= 4:
        return False
    return lead[0].lower not in {"like", "as", "besides", "despite", "of", "about", "than", "past"} and not any(
        token.tag == "sub" for token in lead
    )


def _split(read: Reading, start: int) -> tuple[int, Clause | None] | None:
    """The comma after the opening, and the clause behind it; None for the clause when it is an imperative."""
    for place in range(start + 2, min(read.last - 2, start + 26)):
        if read.tokens[place].lower == "then" and read.tokens[start].lower in {"if", "when"}:
            clause = parse(read.tokens, place + 1, read.last)
            return (place, clause) if clause is not None else None
        if read.tokens[place].text != ",":
            continue
        if any(token.text == "," for token in read.tokens[max(start, place - 3) : place]):
            return None
        begin = place + 2 if read.tokens[place + 1].lower == "then" else place + 1
        clause = parse(read.tokens, begin, read.last)
        if clause is not None:
            listed = any(token.text == "," for token in read.tokens[begin : clause.verb])
            return None if listed else (place, clause)
        if _is_imperative(read, begin):
            return place, None
    return None


def _is_short_scene(read: Reading, start: int, comma: int) -> bool:
    """``When writing to a file,``: short enough to be carried into a question."""
    return comma - start <= 10 and not any(
        token.tag in ("pron", "rel", "sub") for token in read.tokens[start + 1 : comma]
    )


def _after_then(read: Reading, comma: int) -> int:
    return comma + 2 if read.tokens[comma + 1].lower == "then" else comma + 1


def _is_imperative(read: Reading, place: int) -> bool:
    if place + 2 >= read.last:
        return False
    verb, following = read.tokens[place], read.tokens[place + 1]
    return (
        verb.tag == "word"
        and bool(reading(verb.lower, "b"))
        and following.tag in ("det", "quoted")
        and verb.text.islower()
    )


def _conditional(
    read: Reading, start: int, comma: int, clause: Clause | None, inner: str
) -> Iterator[tuple[Draft, str, float]]:
    if read.tokens[start + 1].tag == "word" and reading(read.tokens[start + 1].lower, "g"):
        if clause is not None and _is_short_scene(read, start, comma):
            yield from clause_drafts(read, clause, inner)
        return
    begin = start + 2 if read.tokens[start + 1].lower == "another" else start + 1
    condition = parse(read.tokens, begin, comma)
    if condition is None:
        return
    subject = read.tokens[condition.first : condition.subject_end]
    if subject[0].tag == "pron" and subject[0].lower != "you":
        return
    if subject[0].lower not in {"another", "any", "no", "more"} and not is_free(subject):
        return
    penalty = 1.5 if is_anaphoric(subject, read.earlier) else 0.0
    if clause is None:
        yield (
            Draft(
                "condition",
                f"What should you do {inner}",
                f"State what to do {inner}",
                _after_then(read, comma),
                read.last,
                8.0,
            ),
            "",
            penalty,
        )
        return
    finite = read.tokens[clause.verb].lower
    was = condition.feature == "d" or read.tokens[condition.verb].lower in {"was", "were", "had", "did"}
    past_too = clause.feature == "d" or finite in {"was", "were", "had", "did"}
    happens = "What happened" if was and past_too else "What happens"
    end = clause_end(clause)
    main_subject = read.tokens[clause.first].lower
    if main_subject == "you" and clause.kind == "modal" and not clause.negated:
        asked = f"What {finite} you do {inner}"
        yield Draft("condition", asked, f"State what you {finite} do {inner}", clause.main, end, 8.5), "", penalty
    elif main_subject in {"it", "they"}:
        if condition.first <= start + 2 and clause.kind not in {"copula"} and not is_expletive(clause):
            yield (
                Draft("condition", f"{happens} {inner}", f"State {happens.lower()} {inner}", clause.first, end, 7.5),
                "",
                penalty,
            )
        if (
            main_subject == "it"
            and clause.kind == "passive"
            and clause.base in {"recommend", "suggest", "advise", "require"}
        ):
            yield (
                Draft(
                    "condition",
                    f"What {finite} {clause.tokens[clause.main].lower} {inner}",
                    f"State what {finite} {clause.tokens[clause.main].lower} {inner}",
                    clause.main + 1,
                    end,
                    8.0,
                ),
                "",
                penalty,
            )
    elif clause.kind in {"lexical", "passive"} or (
        clause.kind == "modal"
        and clause.base != "be"
        and finite in {"will", "would", "must", "may", "might", "can", "cannot", "could", "should"}
    ):
        yield (
            Draft("condition", f"{happens} {inner}", f"State {happens.lower()} {inner}", clause.first, end, 8.5),
            "",
            penalty,
        )
    if clause.first > 0 and main_subject not in {"it", "they", "you"}:
        yield from clause_drafts(read, clause, inner)
