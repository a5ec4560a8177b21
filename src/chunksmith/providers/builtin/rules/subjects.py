"""Questions that the subject answers, and which subjects are persons."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from chunksmith.providers.builtin.grammar.clauses import Clause, text_of
from chunksmith.providers.builtin.grammar.framing import ORDINALS, is_partial
from chunksmith.providers.builtin.grammar.humans import GIVEN, TITLES, is_human
from chunksmith.providers.builtin.grammar.verbs import past, reading, third_person
from chunksmith.providers.builtin.grammar.views import Draft, View, doubled
from chunksmith.providers.builtin.grammar.words import Token, is_name, is_plural


def subject_questions(view: View) -> Iterator[Draft]:
    """``X is often better than none at all``: the whole predicate is asked, the subject answers."""
    yield from _asked(view, _worth)


def plain_subjects(view: View) -> Iterator[Draft]:
    """The same where a plain noun answers: for a passage that gives little else."""
    yield from _asked(view, _least_worth)


def any_subjects(view: View) -> Iterator[Draft]:
    """The same where any noun answers: the predicate has to tell so much that it fits one thing."""
    told = view.tokens[view.clause.subject_end : view.clause.main + 1]
    emphatic = view.tokens[view.clause.verb].tag == "do" and not view.clause.negated
    # "What is the default value?", asked for "the limit".
    said = next((token for token in view.tokens[view.clause.main + 1 : view.end] if token.tag != "adv"), None)
    identified = view.clause.kind == "copula" and said is not None and said.tag in ("det", "quoted", "num")
    if identified:
        yield from _who_are(view)
    elif not emphatic and not any(token.lower in _LINKING for token in told):
        yield from _asked(view, _any_worth)


def _asked(view: View, worth_of: Callable[[Sequence[Token], Sequence[Token]], float]) -> Iterator[Draft]:
    clause, tokens = view.clause, view.tokens
    aside = clause.subject_end < clause.verb and tokens[clause.subject_end].text == ","
    if view.you or clause.base in {"seem", "appear", "mean", "explain", "describe", "discuss", "document", "represent"}:
        return
    subject = tokens[clause.first : clause.subject_end]
    told = tokens[clause.verb : view.end]
    adverb = "" if aside else text_of(clause, view.text, clause.subject_end, clause.verb)
    worth = worth_of(subject, told)
    if not worth or any(_points_back(told, place) for place in range(len(told))):
        return
    first = tokens[clause.main + 1]
    if first.text == ",":
        return
    if clause.negated and clause.kind == "lexical":
        return
    state = clause.kind == "copula" or clause.base == "be"
    if state and (clause.negated or _states_a_fact(first)):
        return
    # "What are fuzzers?" would be asked the other way round, and two verbs cannot both be turned into singulars.
    joined = any(one.tag == "conj" and other.tag in ("be", "have", "do") for one, other in pairwise(told))
    if clause.plural and (
        (state and _is_noun(told)) or joined or (clause.feature and _act_too(told)) or doubled(view, view.end)
    ):
        return
    person = is_person(view)
    wh = "Who" if person else "Who or what" if _may_be_person(subject) else "What"
    rest = text_of(clause, view.text, clause.verb + 1, view.end)
    asked = f"{wh} {adverb} {singular_verb(clause)} {rest}".replace("  ", " ")
    score = worth - (0.0 if clause.kind in {"lexical", "passive"} and not clause.negated else 0.5)
    yield Draft(
        "who" if person else "what",
        asked,
        "State " + asked[0].lower() + asked[1:],
        clause.first,
        clause.subject_end,
        score,
    )


def _act_too(told: Sequence[Token]) -> bool:
    """``start at 11 and last about 90 minutes``: a second plural verb."""
    return any(
        one.tag == "conj"
        and bool(reading(two.lower, "b"))
        and three.tag in ("det", "num", "quoted", "pron", "adv", "prep")
        for one, two, three in zip(told, told[1:], told[2:], strict=False)
    )


# Words that take up what the subject or another sentence has named.
_BACKWARD = frozenset(
    "it they them its their itself themselves this these those such others another same also still".split()
)


def _points_back(told: Sequence[Token], place: int) -> bool:
    """``the other file``; not ``and other issues``, which are others than those just named."""
    if told[place].lower != "other":
        return told[place].lower in _BACKWARD
    return not place or not (told[place - 1].tag == "conj" or told[place - 1].lower in {"any", "no"})


def _worth(subject: Sequence[Token], told: Sequence[Token]) -> float:
    """What the subject is worth as an answer: a name, or two nouns, or a kind of thing of which much is said; or 0.

    A quantity is no answer, nor is ``the file``. Too little said fits too many things.
    """
    if any(token.lower in _QUANTITIES for token in subject[:2]) or len(subject) > 12:
        return 0.0
    if any(token.tag == "pron" for token in subject):
        return 0.0
    if any(token.lower in ORDINALS - {"new", "old"} for token in subject[:4]):
        return 0.0
    nouns = [token for token in subject if token.tag in ("word", "quoted", "num")]
    said = sum(token.tag in ("word", "quoted", "num") for token in told)
    particular = any(token.tag == "quoted" or is_name(token.text) for token in told if token.tag != "punct")
    if not nouns or said < 3 or len(told) < (4 if particular else 5 if said > 3 else 6):
        return 0.0
    named = any(token.tag == "quoted" or is_name(token.text) for token in nouns)
    indefinite = subject[0].lower in {"a", "an"}
    if not named and not _is_particular(subject):
        return 0.0
    if named or (len(nouns) >= 2 and not (indefinite and len(subject) <= 3)):
        return 6.4 if said >= 4 else 5.2
    return 5.0 if len(told) >= 7 and said >= 4 else 0.0


def _is_particular(subject: Sequence[Token]) -> bool:
    """``mirrors of the archive``, ``the person who …``, ``binary packages``; not ``the blue color``, ``a script``."""
    if any(token.tag in ("prep", "rel", "to") for token in subject):
        return True
    nouns = [token for token in subject if token.tag == "word"]
    return subject[0].lower not in {"the", "a", "an"} and len(nouns) >= 2 and not is_partial(subject)


def _least_worth(subject: Sequence[Token], told: Sequence[Token]) -> float:
    """A noun that is no mere "the file" or "a device", of which one particular thing is said."""
    nouns = [token for token in subject if token.tag in ("word", "quoted")]
    bare = len(nouns) < 2 and subject[0].tag == "det"
    if not nouns or bare or len(subject) > 12 or any(token.text == "," for token in told):
        return 0.0
    if any(token.lower in _QUANTITIES or token.tag == "pron" for token in subject[:2]):
        return 0.0
    if any(token.text in {"The", "A", "An"} for token in subject[1:]):
        # A printed heading has run into the sentence.
        return 0.0
    said = sum(token.tag in ("word", "quoted", "num") for token in told)
    named = any(token.tag == "quoted" or is_name(token.text) for token in nouns)
    return 4.8 if said >= 4 and len(told) >= 6 and (named or _is_particular(subject)) else _worth(subject, told)


def _who_are(view: View) -> Iterator[Draft]:
    """``Translators are often the closest readers of a text``: who are …?"""
    clause = view.clause
    told = [token for token in view.tokens[clause.main + 1 : view.end] if token.tag != "adv"]
    said = sum(token.tag in ("word", "quoted") for token in told)
    if clause.plural and not clause.negated and is_person(view) and told[0].lower == "the" and said >= _MUCH_SAID:
        asked = f"Who {text_of(clause, view.text, clause.verb, view.end)}"
        yield Draft("who", asked, f"State w{asked[1:]}", clause.first, clause.subject_end, 4.6)


_LINKING = frozenset("then now instead again".split())


def _any_worth(subject: Sequence[Token], told: Sequence[Token]) -> float:
    if len(subject) > 12 or any(token.text in {"The", "A", "An"} for token in subject[1:]):
        return 0.0
    vague = any(token.lower in _QUANTITIES or token.tag == "pron" for token in subject[:2])
    vague = vague or any(token.lower in ORDINALS - {"new", "old"} for token in subject[:4])
    vague = vague or any(token.lower == "one" for token in told) or subject[-1].tag in ("to", "prep")
    said = sum(token.tag in ("word", "quoted") for token in told)
    return 4.6 if not vague and said >= _MUCH_SAID and len(told) >= 6 else 0.0


_MUCH_SAID = 4  # words of a predicate that fits one thing
_QUANTITIES = frozenset(
    "various certain each every any no all both some most many several few neither either one two three more much "
    "your our my".split()
)


def _states_a_fact(first: Token) -> bool:
    """``The result is that …``, ``The aim is to …``: no property of the subject."""
    return first.tag in ("to", "rel", "wh", "sub", "prep", "pron", "num", "quoted") and first.lower != "one"


def _is_noun(told: Sequence[Token]) -> bool:
    return any(is_plural(token.text) for token in told[1:7])


def singular_verb(clause: Clause) -> str:
    finite = clause.tokens[clause.verb]
    if clause.kind == "lexical":
        return past(clause.base) if clause.feature == "d" else third_person(clause.base)
    return {"are": "is", "were": "was", "have": "has", "do": "does", "don't": "doesn't"}.get(finite.lower, finite.lower)


def _may_be_person(subject: Sequence[Token]) -> bool:
    """Two or three capitalised words without an article: a person, a town, a firm."""
    joint = next((at for at, token in enumerate(subject) if token.lower == "and"), len(subject))
    names = (subject[:joint], subject[joint + 1 :]) if joint < len(subject) else (subject,)
    named = all(_is_full_name(name) for name in names)
    return named and (len(names) > 1 or not is_plural(subject[-1].text))


def _is_full_name(name: Sequence[Token]) -> bool:
    plain = all(token.tag == "word" and token.text[0].isupper() and token.text[1:].islower() for token in name)
    return plain and 2 <= len(name) <= 3


def is_person(view: View) -> bool:
    return names_person(view.tokens[view.clause.first : view.clause.subject_end])


def names_person(tokens: Sequence[Token]) -> bool:
    words = [token for token in tokens if token.tag == "word"]
    if not words:
        return False
    heads: list[str] = []
    for token, following in zip(tokens, (*tokens[1:], None), strict=True):
        # "porters doing an upload"
        doing = heads and following is not None and following.tag == "det" and reading(token.lower, "g")
        if token.tag in ("prep", "rel", "to") or doing:
            break
        heads.append(token.lower)
    head = heads[-1] if heads else ""
    if len(tokens) > 1 and heads[0] in TITLES and tokens[1].text[0].isupper():
        return True
    if is_human(head):
        return True
    return len(words) == len(tokens) and 2 <= len(words) <= 3 and words[0].lower in GIVEN
