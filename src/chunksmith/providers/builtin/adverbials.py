"""Questions whose answer is an adverbial: why, when, how, under what condition."""

from collections.abc import Iterator

from chunksmith.providers.builtin.views import YEAR, Draft, View, doubled, gerund_at
from chunksmith.providers.builtin.words import MONTHS


def adverbials(view: View) -> Iterator[Draft]:
    found = _adverbial(view)
    if found is None:
        return
    kind, place = found
    body_end = place - 1 if view.tokens[place - 1].text == "," else place
    if body_end <= view.clause.main or (view.clause.kind == "copula" and body_end <= view.clause.main + 1):
        return
    if doubled(view, body_end):
        return
    wh, opening, score = _WH[kind]
    if view.clause.base in {"be"} and kind == "how":
        return
    yield Draft(kind.partition("-")[0], view.ask(wh, body_end), view.tell(opening, body_end), place, view.end, score)


_WH = {
    "why": ("Why", "Explain why", 9.5),
    "when": ("When", "State when", 8.5),
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
        if token.lower in {"when", "whenever"} and tokens[place - 1].tag not in ("conj", "prep"):
            return (
                ("when", place)
                if tokens[place - 1].lower not in {"only", "even", "except", "especially", "particularly"}
                else None
            )
        if token.lower == "if" and tokens[place - 1].tag not in ("conj", "prep", "adv"):
            return (
                None
                if view.clause.base in {"check", "see", "determine", "ask", "decide", "know", "test"}
                else ("condition", place)
            )
        if token.tag == "sub":
            return None
        if token.lower == "by" and gerund_at(view, place + 1):
            return "how", place
        if token.lower in {"in", "since", "around"} and YEAR.match(following.text) and place + 2 == view.end:
            return "when-date", place
        if token.lower in {"on", "in"} and following.lower in MONTHS and following.text[0].isupper():
            return "when-date", place
    return None


def _is_purpose(view: View, place: int) -> bool:
    words = [token.lower for token in view.tokens[place : min(place + 3, view.end)]]
    return words[:2] == ["in", "order"] and words[2:] in (["to"], ["for"], ["that"])


_ADVERBIAL = frozenset({"because", "when", "whenever", "if"})
