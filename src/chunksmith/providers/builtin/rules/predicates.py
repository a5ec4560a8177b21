"""Questions that a whole predicate answers: ``What does the valve do?``, ``What happens to the file?``."""

from collections.abc import Iterator

from chunksmith.providers.builtin.grammar.clauses import without_denial
from chunksmith.providers.builtin.grammar.views import Draft, View, base_at
from chunksmith.providers.builtin.grammar.words import is_name

NO_DEED = frozenset(
    """
    be have contain consist need require mean seem appear depend belong exist remain include refer differ comprise
    become look sound cost weigh want like know think believe matter lack own resemble equal concern involve last
    correspond relate apply tend represent denote indicate imply suggest say state describe show explain discuss
    provide offer get come go start begin continue keep say think say stand lie fit happen occur result constitute
    deserve suffer vary change end follow fail use make list define specify
    """.split()
)
# What is done to a thing so that it is another afterwards: "X is located in Y" is no event.
FATES = frozenset(
    """
    ignore delete remove discard drop lose overwrite truncate destroy reject convert close release reset rename erase
    expire move copy replace invalidate archive merge roll cancel abort kill restart rebuild recycle reuse
    """.split()
)
_SIMPLE = frozenset("is are was were".split())


def deeds(view: View) -> Iterator[Draft]:
    """``The pump lifts water to the tank``: the predicate as it stands, where no object can be asked for."""
    clause = view.clause
    if clause.kind != "lexical" or clause.negated or clause.base in NO_DEED or clause.verb != clause.subject_end:
        return
    if view.you or view.end - clause.verb < 5 or is_bare(view) or len(view.subject.split()) < 3:
        return
    auxiliary = {"s": "does", "b": "do", "d": "did"}[clause.feature]
    yield Draft(
        "what",
        f"What {auxiliary} {view.subject} do",
        f"State what {view.subject} {auxiliary}",
        clause.verb,
        view.end,
        5.6,
    )


def fates(view: View) -> Iterator[Draft]:
    """``The inputs are discarded at the end``: what happens to the inputs?"""
    clause, tokens = view.clause, view.tokens
    if view.subject.split()[0].lower() in {"some", "many", "most", "all"} or clause.negated:
        return
    if clause.kind != "passive" or clause.base not in FATES or view.you or is_bare(view):
        return
    finite = tokens[clause.verb].lower
    if finite in _SIMPLE and clause.verb == clause.subject_end and view.end - clause.verb >= 4:
        happens = "happens" if finite in {"is", "are"} else "happened"
        asked = f"What {happens} to {view.subject}"
        yield Draft("what", asked, f"State what {happens} to {view.subject}", clause.first, view.end, 5.3)


def prohibitions(view: View) -> Iterator[Draft]:
    """``X must never …``, ``X cannot …``: what must X not do?"""
    clause = view.clause
    if clause.kind != "modal" or not clause.negated or clause.base in {"be", "have", "do", "need", "want"} or view.you:
        return
    finite = view.tokens[clause.verb].lower
    if any(token.lower == "always" for token in view.tokens[clause.verb : clause.main]):
        # "must not always do X" forbids nothing.
        return
    never = any(token.lower == "never" for token in view.tokens[clause.verb : clause.main])
    modal = without_denial(finite)
    if modal in {"must", "should", "can", "may", "will"} and view.end - clause.main >= 3:
        word = "never" if never else "not"
        asked = f"What {modal} {view.subject} {word} do"
        yield Draft("what", asked, f"State what {view.subject} {modal} {word} do", clause.main, view.end, 6.0)


def is_bare(view: View) -> bool:
    """``What does SQLite do?`` could be answered by anything."""
    subject = view.tokens[view.clause.first : view.clause.subject_end]
    nouns = [token for token in subject if token.tag in ("word", "quoted", "num")]
    if len(nouns) > 1 or view.subject.count(" ") > 1:
        return False
    return not nouns or is_name(nouns[0].text) or nouns[0].text[0].isupper() or len(subject) == 1


def expletives(view: View) -> Iterator[Draft]:
    """``It is important to …``: what is it important to do? ``It is recommended that …``: what is recommended?"""
    clause, tokens = view.clause, view.tokens
    place = clause.main + 1
    if clause.kind == "passive" and clause.base in _ADVISED and place + 3 < view.end:
        if tokens[place].lower in {"that", "to"}:
            advised = view.text[tokens[clause.verb].start : tokens[clause.main].end]
            yield Draft("what", f"What {advised}", f"State what {advised}", place, view.end, 7.0)
        return
    while place < view.end and tokens[place].tag == "adv":
        place += 1
    good_idea = [token.lower for token in tokens[place : place + 3]] == ["a", "good", "idea"]
    if clause.kind != "copula" or place + 3 >= view.end or not (good_idea or tokens[place].lower in ADVISABLE):
        return
    if any(token.lower in {"it", "its", "they", "their", "them"} for token in tokens[place : view.end]):
        return
    to = place + 3 if good_idea else place + 1
    if tokens[to].lower == "for":
        to = next((at for at in range(to + 2, min(to + 6, view.end)) if tokens[at].tag == "to"), view.end)
    if to + 2 < view.end and tokens[to].tag == "to" and base_at(view, to + 1):
        finite, quality = tokens[clause.verb].lower, view.text[tokens[clause.verb + 1].start : tokens[to].start].strip()
        yield Draft(
            "what",
            f"What {finite} it {quality} to do",
            f"State what it {finite} {quality} to do",
            to + 1,
            view.end,
            6.5,
        )


ADVISABLE = frozenset(
    """
    important necessary best better advisable recommended preferable essential possible impossible common
    customary wise easy difficult hard safe sufficient insufficient fine helpful appropriate inappropriate valid useful
    permitted allowed legal acceptable enough unnecessary unwise sensible polite desirable undesirable convenient
    reasonable illegal harmless
    """.split()
)


_ADVISED = frozenset("recommend suggest advise require encourage expect request".split())


def described(view: View) -> Iterator[Draft]:
    """``The default value of the flag is off``: a value, a name, a size, whatever its form."""
    clause, tokens = view.clause, view.tokens
    start = clause.main + 1
    if clause.kind != "copula" or clause.negated or start >= view.end or tokens[clause.verb].lower not in {"is", "was"}:
        return
    subject = tokens[clause.first : clause.subject_end]
    of = any(token.lower in {"of", "for"} for token in subject) or (len(subject) > 3 and subject[1].lower == "default")
    valued = of and any(token.lower in _VALUES for token in subject)
    if (
        valued
        and subject[0].lower == "the"
        and view.end - start <= 8
        and (tokens[start].tag in ("word", "quoted", "num") or tokens[start].lower in {"on", "off"})
    ):
        if tokens[start].lower.endswith(("ed", "ly", "ful", "ant", "able", "ible", "ous", "ing")):
            return
        finite = tokens[clause.verb].lower
        told = f"State what {view.subject} {finite}"
        yield Draft("what", f"What {finite} {view.subject}", told, start, view.end, 8.0)


_VALUES = frozenset("value default name size number limit maximum minimum format extension prefix suffix".split())
