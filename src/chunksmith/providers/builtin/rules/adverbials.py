"""Questions whose answer is an adverbial: why, when, how, under what condition."""

from collections.abc import Iterator

from chunksmith.providers.builtin.grammar.clauses import parse
from chunksmith.providers.builtin.grammar.dates import date_end, is_month
from chunksmith.providers.builtin.grammar.verbs import reading
from chunksmith.providers.builtin.grammar.views import YEAR, Draft, View, doubled, gerund_at, shared


def adverbials(view: View) -> Iterator[Draft]:
    found = _adverbial(view)
    if found is None:
        return
    kind, place = found
    body_end = place - 1 if view.tokens[place - 1].text == "," else place
    while body_end > view.clause.main + 1 and view.tokens[body_end - 1].lower in {
        "simply",
        "merely",
        "typically",
        "usually",
    }:
        body_end -= 1
    if body_end <= view.clause.main or (view.clause.kind == "copula" and body_end <= view.clause.main + 1):
        return
    if doubled(view, body_end) or shared(view, body_end):
        return
    # "Tests are run to check X when Y": nobody can tell what the circumstance belongs to.
    if kind in {"when", "condition"} and any(token.tag == "to" for token in view.tokens[view.clause.main : body_end]):
        return
    # "The strategy is to run a checkpoint once …": the circumstance belongs to the inner verb.
    if view.clause.kind == "copula" and view.tokens[view.clause.main + 1].tag in ("to", "prep"):
        return
    listed = any(token.text == "," for token in view.tokens[view.clause.main : body_end])
    if (
        kind == "condition"
        and listed
        and any(token.lower == "or" for token in view.tokens[view.clause.main : body_end])
    ):
        return
    if kind == "why" and listed and any(token.text == "," for token in view.tokens[place : view.end]):
        return
    if kind == "why" and view.clause.base in _ENABLING:
        # "This allows users to act in order to be safe": the purpose is that of the users.
        return
    if kind == "when" and any(_is_dated(view, at) for at in range(view.clause.main + 1, body_end - 1)):
        return
    wh, opening, score = _WH[kind]
    if kind in {"when", "how"} and view.tokens[view.clause.verb].lower in {"would", "could", "might"}:
        return
    if view.clause.base in {"be"} and kind == "how":
        return
    end = date_end(view.tokens, place + 1) if kind == "when-date" else view.end
    yield Draft(kind.partition("-")[0], view.ask(wh, body_end), view.tell(opening, body_end), place, end, score)
    if kind in {"when", "condition"}:
        yield from _occasions(view, place, body_end)


def _occasions(view: View, place: int, body_end: int) -> Iterator[Draft]:
    """``X does Y when Z`` asked from the other end: what happens when Z?"""
    clause, tokens = view.clause, view.tokens
    occasion = tokens[place : view.end]
    states = clause.kind == "copula" or clause.base in {"be", "have", "need"} or view.you
    if states or any(token.tag == "pron" or token.lower in _BACKWARD for token in occasion) or len(occasion) < 5:
        return
    if tokens[clause.verb].lower in {"could", "might", "would"} or body_end - clause.verb < 2:
        return
    happens = "happened" if clause.feature == "d" or tokens[clause.verb].lower in {"was", "were", "had"} else "happens"
    inner = view.text[tokens[place].start : tokens[view.end - 1].end]
    yield Draft("condition", f"What {happens} {inner}", f"State what {happens} {inner}", clause.first, body_end, 5.4)


def _is_compared(view: View, place: int) -> bool:
    """A date before the date: ``was founded in 1923 and closed in 1930``, unless it rose ``from 10 in 2011``."""
    parts = view.tokens[view.clause.main + 1 : place]
    return not any(token.lower == "from" for token in parts) and any(
        _is_dated(view, at) for at in range(view.clause.main + 1, place - 1)
    )


def _is_dated(view: View, place: int) -> bool:
    """``went bankrupt in 2014 when A``: it has been said when."""
    token, following = view.tokens[place], view.tokens[place + 1]
    return token.lower in {"in", "on"} and (is_month(following) or bool(YEAR.match(following.text)))


_ENABLING = frozenset("allow enable permit cause force require encourage help let".split())
_BACKWARD = frozenset("its their his her them that then this those these same such so possible".split())
_WH = {
    "why": ("Why", "Explain why", 9.5),
    "when": ("When", "State when", 8.5),
    "until": ("Until when", "State until when", 8.0),
    "when-date": ("When", "State when", 9.0),
    "condition": ("Under what condition", "State under what condition", 8.0),
    "how": ("How", "Explain how", 9.0),
}


def _adverbial(view: View) -> tuple[str, int] | None:
    tokens = view.tokens
    for place in range(view.clause.main + 1, view.end):
        token = tokens[place]
        if token.tag in ("rel", "wh") or (token.tag == "sub" and token.lower not in _ADVERBIAL):
            return None
        following = tokens[place + 1] if place + 1 < view.end else None
        if following is None:
            return None
        phrase = f"{token.lower} {following.lower}"
        if (
            token.lower == "because"
            or phrase in {"so that", "owing to", "thanks to"}
            or (phrase == "due to" and (place == view.clause.main + 1 or tokens[place - 1].text == ","))
            or _is_purpose(view, place)
        ):
            return (
                None
                if tokens[place - 1].lower in {"just", "simply", "not", "only", "partly", "mainly", "and", "is"}
                else ("why", place)
            )
        if token.tag == "sub" and place == view.clause.main + 1 and view.clause.base in _WONDERING:
            return None
        if token.lower in {"when", "whenever"} and tokens[place - 1].tag not in ("conj", "prep"):
            return (
                ("when", place)
                if tokens[place - 1].lower not in {"only", "even", "except", "especially", "particularly"}
                else None
            )
        if token.lower == "if" and following.lower in {"possible", "necessary", "needed", "so", "not", "appropriate"}:
            return None
        if token.lower == "if" and (inner := reading(tokens[place - 1].lower, "b")) and inner.base in _WONDERING:
            return None
        if token.lower == "if" and tokens[place - 1].tag not in ("conj", "prep", "adv"):
            return (
                None
                if view.clause.base
                in {"check", "see", "determine", "ask", "decide", "know", "test", "mind", "care", "matter"}
                else ("condition", place)
            )
        if token.lower in _MOMENTS and following.tag in ("det", "word", "quoted") and _is_moment(view, place):
            return _MOMENTS[token.lower], place
        if token.tag == "sub":
            return None
        simply = following.tag == "adv" and gerund_at(view, place + 2)
        if token.lower == "by" and (simply or gerund_at(view, place + 1)):
            return "how", place
        if token.lower in {"in", "on", "since", "around"} and (dated := date_end(tokens, place + 1)):
            closed = dated == view.end or (dated < view.end and tokens[dated].text == ",")
            if closed and not _is_compared(view, place):
                return "when-date", place
            if dated == view.end or is_month(following):
                return None
    return None


_WONDERING = frozenset(
    """
    determine define decide know specify control show tell indicate describe explain see check discover detect learn
    """.split()
)
_MOMENTS = {"before": "when", "after": "when", "once": "when", "until": "until"}


def _is_moment(view: View, place: int) -> bool:
    """``before the file is written``: a clause; ``before the word`` could be a place."""
    before, following = view.tokens[place - 1], view.tokens[place + 1]
    if before.tag in ("conj", "prep", "rel", "be", "num", "to") or before.lower in {
        "immediately",
        "just",
        "only",
        "day",
    }:
        return False
    clause = parse(view.tokens, place + 1, view.end)
    return clause is not None or bool(reading(following.lower, "g"))


def _is_purpose(view: View, place: int) -> bool:
    words = [token.lower for token in view.tokens[place : min(place + 3, view.end)]]
    return words[:2] == ["in", "order"] and words[2:] in (["to"], ["for"], ["that"])


_ADVERBIAL = frozenset({"because", "when", "whenever", "if", "until", "once"})
