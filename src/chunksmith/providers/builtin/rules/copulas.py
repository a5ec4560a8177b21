"""Questions on ``X is …``: definitions, identity, likeness, size."""

import re
from collections.abc import Iterator, Sequence

from chunksmith.providers.builtin.grammar.clauses import text_of
from chunksmith.providers.builtin.grammar.verbs import NOUN_LIKE, reading
from chunksmith.providers.builtin.grammar.views import Draft, View, base_at, gerund_at, object_end, opens_noun
from chunksmith.providers.builtin.grammar.words import Token, is_plural
from chunksmith.providers.builtin.rules.subjects import is_person, singular_verb

_NOT_DEFINING = frozenset(
    """
    good bit lot little matter mistake problem must better bad common big great concern few fine nice very much more
    less similar different separate single new long short result small large simple case sign reason while source
    chance risk consequence part number certain
    """.split()
)


_EMPTY_HEADS = frozenset(
    "alternative option approach solution idea thing way problem operation choice candidate exception one".split()
)


_SUPERLATIVE = re.compile(
    r"\bthe (?:\w+est|most \w+|least \w+|only|first|main|primary|chief|principal|usual|standard|default|basic|"
    r"oldest)\b",
    re.I,
)


_DEFINING_LINKS = frozenset("of that which for in by between where when whose used to at".split())


_DIMENSION = frozenset("tall long wide high deep old thick heavy far".split())


def definitions(view: View) -> Iterator[Draft]:
    clause, tokens = view.clause, view.tokens
    start = clause.main + 1
    while start < view.end and tokens[start].lower in {
        "really",
        "just",
        "simply",
        "actually",
        "essentially",
        "basically",
        "always",
        "usually",
        "generally",
        "normally",
        "typically",
        "often",
    }:
        start += 1
    if clause.kind != "copula" or clause.negated or start >= view.end or tokens[clause.verb].lower.endswith("t"):
        return
    finite = tokens[clause.verb].lower
    end = object_end(view, start, adverbial=False)
    subject = tokens[clause.first : clause.subject_end]
    first = tokens[start]
    after_to = start + 2 if start + 1 < view.end and tokens[start + 1].tag == "adv" else start + 1
    if first.lower == "that" or (first.tag == "to" and base_at(view, after_to)):
        cut_condition = view.end < clause.last and any(token.tag == "sub" for token in tokens[start : start + 3])
        if tokens[clause.first].lower == "the" and not cut_condition and _is_course(subject):
            yield Draft(
                "what", f"What {finite} {view.subject}", f"State what {view.subject} {finite}", start, view.end, 8.0
            )
        return
    specific = any(token.tag == "prep" for token in subject) and subject[0].lower == "the" and finite in {"is", "was"}
    # "What is the experimental distribution? A special distribution."
    particular = any(token.tag in ("prep", "rel", "to", "quoted") for token in tokens[start:end])
    hollow = end - start <= 3 and not particular
    hollow = hollow or (subject[0].tag == "word" and bool(reading(subject[0].lower, "g")))
    if len(subject) <= 7 and end - start >= 3 and not hollow and _defines(view, start, end):
        yield Draft(
            "definition", f"What {finite} {view.subject}", f"Explain what {view.subject} {finite}", start, end, 10.0
        )
    elif (
        specific
        and (first.lower in {"the", "a", "an"} or first.tag in ("quoted", "num"))
        and not _NOT_DEFINING & {tokens[start + 1 : start + 2][0].lower if start + 1 < end else ""}
    ):
        yield Draft("what", f"What {finite} {view.subject}", f"State what {view.subject} {finite}", start, end, 8.5)
    if first.lower == "the" and end - start >= 4 and finite in {"is", "was"}:
        complement = text_of(clause, view.text, start, end)
        if _SUPERLATIVE.match(complement):
            wh = "Who" if is_person(view) else "What"
            yield Draft(
                "who" if wh == "Who" else "what",
                f"{wh} {finite} {complement}",
                f"State {wh.lower()} {finite} {complement}",
                clause.first,
                clause.subject_end,
                8.5,
            )


def _is_course(subject: Sequence[Token]) -> bool:
    """``the last step``, ``the aim of X``: what can consist in doing something; not ``the problem``, ``the format``."""
    head = next((place for place, token in enumerate(subject) if token.tag in ("prep", "to", "rel")), len(subject)) - 1
    return subject[head].lower.removesuffix("s") in _COURSES and len(subject) > 2


_COURSES = frozenset(
    """
    step way goal aim purpose idea approach solution method strategy operation defense defence option task job intent
    rule policy practice default alternative trick choice recommendation function role advantage duty objective
    difference use remedy fix workaround technique effect consequence requirement responsibility restriction benefit
    downside drawback disadvantage reason risk danger exception
    """.split()
)


def possibilities(view: View) -> Iterator[Draft]:
    """``/usr/local/etc may be a symbolic link``"""
    clause, tokens = view.clause, view.tokens
    start = clause.main + 1
    if (
        clause.kind == "modal"
        and clause.base == "be"
        and not clause.negated
        and start + 2 < view.end
        and tokens[start].lower in {"a", "an", "the"}
        and tokens[start + 1].lower not in _NOT_DEFINING
    ):
        end = object_end(view, start)
        yield Draft("what", view.ask("What", start), view.tell("State what", start), start, end, 6.5)


def _defines(view: View, start: int, end: int) -> bool:
    tokens = view.tokens
    if any(token.lower in {"if", "unless"} for token in tokens[start:end]):
        return False
    if tokens[end - 1].lower in _EMPTY_HEADS and not any(token.tag in ("prep", "rel") for token in tokens[start:end]):
        return False
    first, second = tokens[start], tokens[start + 1]
    if tokens[view.clause.verb].lower in {"is", "was"}:
        if second.lower in _NOT_DEFINING or second.tag == "adv" or tokens[view.clause.first].lower == "you":
            return False
        if first.lower == "one":
            return second.lower in {"that", "which", "where", "whose", "in", "of"}
        if first.lower in {"a", "an"}:
            return second.tag in ("word", "quoted", "num")
        if first.text.endswith(("'s", "’s")):
            # "Oil is the keeper's fuel": what it is to somebody.
            return second.tag == "word"
        return first.lower == "the" and any(token.lower in _DEFINING_LINKS for token in tokens[start + 2 : end])
    if tokens[view.clause.verb].lower not in {"are", "were"} or first.tag != "word" or first.lower in _NOT_DEFINING:
        return False
    for place in range(start, min(end, start + 5)):
        token = tokens[place]
        if token.tag in ("prep", "rel", "to") or (place > start and reading(token.lower, "n")):
            return place > start and is_plural(tokens[place - 1].text)
        if token.tag not in ("word", "quoted"):
            return False
    return False


def qualities(view: View) -> Iterator[Draft]:
    """``X is similar to Y``: an adjective that calls for a complement."""
    clause, tokens = view.clause, view.tokens
    place = clause.main + 1
    while place < view.end and tokens[place].tag == "adv":
        place += 1
    if (
        not (clause.kind == "copula" or (clause.kind == "modal" and clause.base == "be"))
        or place + 2 >= view.end
        or view.you
    ):
        return
    pair = f"{tokens[place].lower}.{tokens[place + 1].lower}"
    end = object_end(view, place + 2)
    score = 7.5 - (1.0 if clause.negated else 0.0)
    due = pair == "due.to" and base_at(view, place + 2) and tokens[place + 2].lower not in NOUN_LIKE
    if due or (pair in {"able.to", "unable.to", "likely.to", "free.to"} and base_at(view, place + 2)):
        yield Draft(
            "what",
            f"{view.ask('What', place + 2)} do",
            f"{view.tell('State what', place + 2)} do",
            place + 2,
            end,
            score,
        )
    elif pair in _ADJECTIVES and (opens_noun(view, place + 2) or gerund_at(view, place + 2)):
        yield Draft("what", view.ask("What", place + 2), view.tell("State what", place + 2), place + 2, end, score)
        compared = tokens[place].lower in {"different", "similar", "separate", "close", "related"}
        if clause.subject_end == clause.verb and not clause.negated and not compared and end - place >= 4:
            rest = text_of(clause, view.text, clause.verb + 1, end)
            finite = singular_verb(clause)
            yield Draft(
                "what", f"What {finite} {rest}", f"State what {finite} {rest}", clause.first, clause.subject_end, 6.5
            )
    elif tokens[place + 1].lower == "than" and opens_noun(view, place + 2):
        yield Draft("what", view.ask("What", place + 2), view.tell("State what", place + 2), place + 2, end, 6.5)


_ADJECTIVES = frozenset(
    """
    responsible.for essential.for important.for necessary.for suitable.for useful.for similar.to different.from
    equal.to equivalent.to identical.to compatible.with independent.of dependent.on capable.of incapable.of aware.of
    subject.to sensitive.to rich.in poor.in due.to famous.for ideal.for typical.of resistant.to vulnerable.to
    specific.to unique.to limited.to visible.to separate.from close.to adjacent.to full.of immune.to toxic.to
    native.to good.at crucial.for related.to analogous.to orthogonal.to synonymous.with relevant.to susceptible.to
    comparable.to proportional.to
    """.split()
)  # fmt: skip


_ABOUT = frozenset("about around nearly almost roughly approximately only at up more less over exactly".split())


def dimensions(view: View) -> Iterator[Draft]:
    clause, tokens = view.clause, view.tokens
    if clause.kind != "copula" or clause.negated:
        return
    for place in range(clause.main + 2, min(view.end, clause.main + 8)):
        counted = tokens[clause.main + 1].tag == "num" or tokens[clause.main + 1].lower in _ABOUT
        numbers = any(token.tag == "num" for token in tokens[clause.main + 1 : place])
        if counted and numbers and tokens[place].lower in _DIMENSION:
            if all(
                token.tag in ("num", "word", "adv", "prep", "det", "conj", "to")
                for token in tokens[clause.main + 1 : place]
            ) and is_plural(tokens[place - 1].text):
                finite = tokens[clause.verb].lower
                wh = f"How {tokens[place].lower}"
                yield Draft(
                    "how many",
                    f"{wh} {finite} {view.subject}",
                    f"State {wh.lower()} {view.subject} {finite}",
                    clause.main + 1,
                    place,
                    9.0,
                )
            return
