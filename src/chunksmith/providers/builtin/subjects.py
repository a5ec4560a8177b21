"""Questions that the subject answers, and which subjects are persons."""

from collections.abc import Iterator, Sequence

from chunksmith.providers.builtin.clauses import Clause, text_of
from chunksmith.providers.builtin.verbs import past, third_person
from chunksmith.providers.builtin.views import Draft, View, _resumes
from chunksmith.providers.builtin.words import Token, is_plural

HUMAN = frozenset(
    """
    user developer administrator maintainer farmer sailor scientist author reader person people programmer engineer
    doctor patient student teacher king queen baker keeper beekeeper gardener researcher chemist physicist astronomer
    explorer inventor monk merchant soldier fisherman fishermen women men woman man child children builder worker
    navigator pilot visitor owner customer member physician surgeon nurse writer potter weaver traveller traveler
    individual botanist biologist geologist vendor team porter sponsor translator member uploader submitter contributor
    """.split()
)  # fmt: skip


def subject_questions(view: View) -> Iterator[Draft]:
    clause, tokens = view.clause, view.tokens
    if (
        clause.kind == "copula"
        or clause.base in {"seem", "appear"}
        or clause.negated
        or view.you
        or clause.subject_end != clause.verb
    ):
        return
    subject = tokens[clause.first : clause.subject_end]
    if any(token.lower in {"same", "thing", "things", "longer", "one"} for token in subject):
        return
    end = _subject_tail_end(view)
    tail = end - clause.main - 1
    nouns = sum(token.tag in ("word", "quoted", "num") for token in tokens[clause.main + 1 : end])
    if clause.main + 1 < view.end and tokens[clause.main + 1].lower == "that":
        return
    if len(subject) <= 3 and any(token.lower == "current" for token in subject):
        return
    if subject[0].lower in {"all", "some", "most", "many", "both"} and len(subject) < 4:
        return
    if any(token.lower in {"it", "they", "them", "other", "another"} for token in tokens[clause.main + 1 : end]):
        return
    said = tokens[clause.verb : end]
    specific = any(token.tag in ("quoted", "num") or not token.text[0].islower() for token in said)
    if tail < 5 and not specific:
        return
    if tail < 3 or nouns < 2 or tokens[clause.main + 1].tag == "adv":
        return
    person = is_person(view)
    wh = "Who" if person else "What"
    asked = f"{wh} {singular_verb(clause)} {text_of(clause, view.text, clause.verb + 1, end)}"
    score = 6.5 if clause.kind in {"lexical", "passive"} else 5.0
    if tokens[clause.first].lower in {"a", "an"} or (
        clause.subject_end - clause.first == 1 and is_plural(tokens[clause.first].text)
    ):
        score -= 0.5
    yield Draft(
        "who" if person else "what",
        asked,
        "State " + asked[0].lower() + asked[1:],
        clause.first,
        clause.subject_end,
        score,
    )


def _subject_tail_end(view: View) -> int:
    for place in range(view.clause.main + 2, view.end):
        if (view.tokens[place].text == "," or view.tokens[place].tag == "conj") and _resumes(view, place):
            return place
        if view.tokens[place].text == ",":
            return view.end
    return view.end


def singular_verb(clause: Clause) -> str:
    finite = clause.tokens[clause.verb]
    if clause.kind == "lexical":
        return past(clause.base) if clause.feature == "d" else third_person(clause.base)
    return {"are": "is", "were": "was", "have": "has", "do": "does", "don't": "doesn't"}.get(finite.lower, finite.lower)


def is_person(view: View) -> bool:
    return names_person(view.tokens[view.clause.first : view.clause.subject_end])


def names_person(tokens: Sequence[Token]) -> bool:
    words = [token for token in tokens if token.tag == "word"]
    if not words:
        return False
    heads = []
    for token in tokens:
        if token.tag in ("prep", "rel", "to"):
            break
        heads.append(token.lower)
    head = heads[-1] if heads else ""
    if head in HUMAN or head.rstrip("s") in HUMAN:
        return True
    return len(words) == len(tokens) and 2 <= len(words) <= 3 and words[0].lower in _GIVEN


_GIVEN = frozenset(
    """
    albert alexander ada alan anna antoine carl charles charlotte christiaan christopher claude daniel david dennis
    edward elizabeth emily ernest florence francis franz frederick galileo george grace gregor hans heinrich henri
    henry isaac jacques james jane jean johann johannes john joseph karl ken leonardo linus louis louise ludwig marie
    martin mary michael nicolaus niels nikola otto paul peter pierre richard robert rosalind samuel sigmund thomas tim
    tycho victor werner wilhelm william wolfgang
    """.split()
)  # fmt: skip
