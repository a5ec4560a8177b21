"""Questions whose answer is an adverbial: why, when, how, under what condition."""

from collections.abc import Iterator

from chunksmith.providers.builtin.clauses import parse
from chunksmith.providers.builtin.verbs import reading
from chunksmith.providers.builtin.views import YEAR, Draft, View, doubled, gerund_at
from chunksmith.providers.builtin.words import MONTHS


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
    if doubled(view, body_end):
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
    wh, opening, score = _WH[kind]
    if kind in {"when", "how"} and view.tokens[view.clause.verb].lower in {"would", "could", "might"}:
        return
    if view.clause.base in {"be"} and kind == "how":
        return
    yield Draft(kind.partition("-")[0], view.ask(wh, body_end), view.tell(opening, body_end), place, view.end, score)


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
            or phrase in {"so that", "due to", "owing to", "thanks to"}
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
        if token.lower == "by" and gerund_at(view, place + 1):
            return "how", place
        if token.lower in {"in", "since", "around"} and YEAR.match(following.text) and place + 2 == view.end:
            return "when-date", place
        if token.lower in {"on", "in"} and following.lower in MONTHS and following.text[0].isupper():
            return "when-date", place
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
