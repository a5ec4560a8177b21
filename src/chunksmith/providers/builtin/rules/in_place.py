"""Questions that leave a sentence as it is up to what they ask for: ``The lamp is turned to do what?``

No verb is turned, so that they reach sentences whose structure is not certain. What is asked for goes on to the end of
the sentence or of its clause; what comes behind that is left out.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from chunksmith.providers.builtin.grammar.clauses import parse
from chunksmith.providers.builtin.grammar.framing import ORDINALS, is_anaphoric, is_bare, is_free, is_partial, small
from chunksmith.providers.builtin.grammar.reading import VAGUE_NOUNS, Proposal, Reading, has_clause, past_opening
from chunksmith.providers.builtin.grammar.reading import takes_up_behind_opening as takes_up
from chunksmith.providers.builtin.grammar.verbs import NOUN_LIKE, reading, readings
from chunksmith.providers.builtin.grammar.views import YEAR, Draft
from chunksmith.providers.builtin.grammar.words import MONTHS, Token, is_name, is_plural
from chunksmith.providers.builtin.rules.subjects import names_person
from chunksmith.providers.builtin.summary import commands

_SHORTEST = 4  # tokens before what is asked for
_SCORE = 5.0


def _past_count(read: Reading) -> int:
    """Past ``First,`` as well."""
    start = past_opening(read)
    counted = read.tokens[start].lower in _COUNTING
    return start + 2 if counted and start + 2 < read.last and read.tokens[start + 1].text == "," else start


_COUNTING = frozenset("first firstly second secondly third thirdly next finally lastly then".split())
_QUESTIONS = {
    "because": ("why", "Why is that", 1.0),
    "if": ("condition", "Under what condition is that so", 0.4),
    "unless": ("condition", "Under what condition is that not so", 0.4),
    "so": ("what", "What follows from that", 0.3),
}


def _asked_of_statement(read: Reading, start: int) -> Iterator[Proposal]:
    """``A because B``: A stands before the question, and is told as it is."""
    parts, text = read.tokens, read.sentence.text
    for place in range(start + 5, read.last - 3):
        found = _QUESTIONS.get(parts[place].lower)
        if found is None or parts[place - 1].lower in _NO_LINK_BEFORE or parts[place].tag not in ("sub", "conj"):
            continue
        kind, question, worth = found
        comma = parts[place - 1].text == ","
        if comma and kind == "when":
            return
        if parts[place].lower == "so" and not (comma and parts[place + 1].tag in ("det", "word", "quoted")):
            continue
        if _base(parts[place - 1]) in _WONDERING or any(token.text in _BREAKS for token in parts[start:place]):
            return
        if any(token.text in _BREAKS or token.text == "," for token in parts[place : read.last]):
            return
        before = text[parts[start].start : parts[place - 1 - comma].end]
        said = _begun(read, start, before, place)
        opened = said and said[0].upper() + said[1:]
        if not said or any(token.tag in ("rel", "wh") for token in parts[start:place]) or commands(said):
            return
        # What makes it untrue is said behind "unless".
        begin = place + 1 if kind == "what" or parts[place].lower == "unless" else place
        asked = f"{opened}. {question}"
        yield Proposal(Draft(kind, asked, f"{opened}. Answer: {question}?", begin, read.last, _SCORE + worth))
        return


_BREAKS = frozenset({";", ":", "—", "–"})
_NO_LINK_BEFORE = frozenset("and or only even not just as simply especially but particularly except is".split())


class Gap(NamedTuple):
    """``tokens[start:end]`` answers; ``wh`` stands for it, behind ``tokens[start - 1]``."""

    start: int
    end: int
    wh: str
    worth: float


def asked_in_place(read: Reading) -> Iterator[Proposal]:
    start = _past_count(read)
    parts, text = read.tokens, read.sentence.text
    if not read.told and parts[start].lower in _NO_BEGINNING:
        return
    if read.last - start < 7 or text[-1] != "." or parts[start].tag in ("conj", "wh", "rel"):
        return
    if any(token.lower == "wondering" for token in parts[start : start + 6]):
        return
    yield from _asked_of_statement(read, start)
    if _is_left_open(read, start) or takes_up(read, start):
        return
    for gap in _gaps(parts, start, read.last):
        said = text[parts[start].start : parts[gap.start - 1].end]
        begun = _begun(read, start, said, gap.start)
        named = read.told or any(token.tag in ("det", "quoted", "num") for token in parts[start : gap.start])
        if parts[gap.start + 1].lower in {"it", "them"} and not named:
            # "You need to do what? Shut it down": shut what down?
            continue
        if begun and not any(token.lower in _PAIRED for token in parts[start : gap.start]):
            asked = f"{begun} {gap.wh}"
            draft = Draft("what", asked, f"State the answer: {asked}?", gap.start, gap.end, _SCORE + gap.worth)
            yield Proposal(draft, leans=_leans(read, start))


def _is_left_open(read: Reading, start: int) -> bool:
    """``The difference``, ``the reason``: of what, only the page tells."""
    clause = parse(read.tokens, start, read.last)
    subject = () if clause is None or read.told else read.tokens[clause.first : clause.subject_end]
    if subject and subject[-1].lower in _OF_WHAT:
        return True
    return len(subject) == 2 and subject[0].lower == "the" and subject[1].lower in VAGUE_NOUNS


_OF_WHAT = frozenset("example examples".split())
_NO_BEGINNING = frozenset("other another others both neither either i.e e.g".split())
# What a second half must follow.
_PAIRED = frozenset("both either neither whether".split())


def _gaps(parts: Sequence[Token], start: int, last: int) -> Iterator[Gap]:
    for place in range(start + _SHORTEST - 1, last - 1):
        gap = _gap_behind(parts, place, last)
        if gap is not None:
            yield gap


def _gap_behind(parts: Sequence[Token], place: int, last: int) -> Gap | None:
    """What can be asked for behind the word at ``place``."""
    token, following = parts[place], parts[place + 1]
    end = _end(parts, place + 1, last)
    if end is None or end == place + 1 or holds_verb(parts[place + 1 : end]):
        return None
    told = parts[place + 1 : end]
    if token.tag == "to" and len(told) >= 3:
        verb = told[1] if following.tag == "adv" else following
        if _is_deed(verb, parts[place - 1]) or (verb.lower == "have" and told[1].tag == "det"):
            return Gap(place + 1, end, "do what", 0.6)
    if token.lower in _MEANS and reading(following.lower, "g") and len(told) >= 3:
        return Gap(place + 1, end, "doing what", 0.6)
    if following.lower == "that" and _says(parts, place) and len(told) >= 5:
        return Gap(place + 1, end, "what", 0.5)
    # "an API the language can call": a modal in the middle may stand in a relative clause without "that".
    opened = parts[place - 1].tag in ("conj", "rel", "adv") or parse(parts, 0, last) is not None
    if token.tag == "modal" and opened and _does(following, token) and len(told) >= 4:
        return Gap(place + 1, end, "do what", -0.3)
    if not _is_noun_phrase(told):
        return None
    wh = "whom" if names_person(told) else "what"
    if _takes_object(parts, place):
        return Gap(place + 1, end, wh, 0.3)
    linked = token.tag == "prep" and token.lower in _LINKS and parts[place - 1].tag in ("word", "quoted", "num", "adv")
    linked = linked and parts[place - 1].lower not in _STRESSING
    # "put the person responsible for the package in the field": nobody can tell what a second preposition goes with.
    single = not any(near.tag in ("prep", "to") and near.lower != "of" for near in told)
    if single and (linked or _is_linking_to(parts, place)) and parts[place - 1].lower not in _BOUND:
        return Gap(place + 1, end, wh, 0.1 - 0.5 * (token.lower in _WEAK_LINKS) - 0.3 * (token.lower == "of"))
    return None


def _end(parts: Sequence[Token], start: int, last: int) -> int | None:
    """Where what begins at ``start`` is over; None when a comma or an "and" leaves that open."""
    for place in range(start, last):
        token, following = parts[place], parts[min(place + 1, last)]
        if token.text in {";", "—", "–"}:
            return place
        if token.text == ":" or token.lower in {"etc", "respectively"}:
            return None
        if token.text == ",":
            gerund = following.tag == "word" and bool(reading(following.lower, "g"))
            remark = gerund or following.tag == "prep" or following.lower in _REMARKS
            return place if remark else None
        if token.lower in _CONDITIONS and place > start and _base(parts[place - 1]) not in _WONDERING:
            return None
        if token.lower in _TURNS and place > start:
            return place
        if token.tag == "conj" and (following.tag in ("pron", "sub", "adv", "rel") or token.lower not in {"and", "or"}):
            return None
    return last


_MEANS = frozenset({"by", "without"})
_REMARKS = frozenset("which but because since although though while whereas even rather".split())
_TURNS = frozenset("because although though while whereas so".split())
# Without them it would not be true.
_CONDITIONS = frozenset("if unless when whenever until only once".split())
_WONDERING = frozenset("check see determine decide ask know test find learn wonder tell".split())


def _base(token: Token) -> str:
    form = reading(token.lower, "bsdng")
    return form.base if form else ""


def holds_verb(told: Sequence[Token]) -> bool:
    """A finite verb that no ``that`` or ``which`` introduces: the sentence's own, or the one of a second statement."""
    inner, closed = 0, False
    for place, token in enumerate(told):
        if token.tag in ("rel", "wh", "sub") or (token.lower in {"where", "than"} and place):
            inner += 1
        elif inner and place and told[place - 1].tag == "rel" and token.tag == "word" and reading(token.lower, "sbd"):
            inner, closed = inner - 1, True
        elif token.tag in ("be", "have", "do", "modal"):
            if not inner:
                return True
            inner -= 1
        elif place and token.tag == "word" and not inner:
            form = reading(token.lower, "s")
            if form is not None and (form.base not in NOUN_LIKE or told[place - 1].tag == "conj"):
                return True
            if closed and token.lower in {"get", "become", "remain"}:
                # "the bytes that define the structure get changed"
                return True
    return False


def _is_deed(verb: Token, before: Token) -> bool:
    """``to`` and a verb that says what is done."""
    if verb.tag != "word" or not verb.text.islower() or verb.lower in _NO_DEEDS or before.lower in _NOT_BEFORE_DEED:
        return False
    return bool(reading(verb.lower, "b")) and (verb.lower not in NOUN_LIKE or before.tag in ("word", "adj", "adv"))


def _does(verb: Token, modal: Token) -> bool:
    """``can write``, not ``cannot write`` nor ``can be``."""
    denied = modal.lower.endswith(("not", "n't", "n’t"))
    return not denied and verb.tag == "word" and verb.lower not in _NO_DEEDS and bool(reading(verb.lower, "b"))


_NO_DEEDS = frozenset("be have do need want like seem appear look".split())
_NOT_BEFORE_DEED = frozenset(
    "how what where when whether according due prior next want wish wants going check checks license".split()
)


def _says(parts: Sequence[Token], place: int) -> bool:
    return parts[place].tag == "word" and _base(parts[place]) in _SAYING and parts[place - 1].lower not in {"the", "a"}


_SAYING = frozenset(
    "mean show verify ensure assume imply guarantee suggest indicate recommend require prove state confirm".split()
)


def _takes_object(parts: Sequence[Token], place: int) -> bool:
    """A verb that needs an object and has it: ``must contain``, ``requires``."""
    token, before = parts[place], parts[place - 1]
    if token.tag != "word" or parts[place + 1].tag not in ("det", "quoted", "num", "word"):
        return False
    if before.lower in {"is", "are", "was", "were"}:
        return _base(token) in _NAMING and reading(token.lower, "n") is not None
    if any(near.lower == "that" for near in parts[max(0, place - 6) : place]):
        return False
    form = _finite(token, before)
    return form is not None and (form in _TRANSITIVE or (form not in _TAKES_MORE and _opens_object(parts, place)))


_NAMING = frozenset("call name term".split())


def _finite(token: Token, before: Token) -> str | None:
    """The base of a verb in a form that fits the word before it."""
    features = "b" if before.tag in ("to", "modal", "adv") or before.lower == "not" else ""
    if not features and before.tag in ("word", "quoted", "pron", "rel"):
        features = "bd" if is_plural(before.text) or before.lower == "they" else "sd"
    form = reading(token.lower, features) if features else None
    return form.base if form is not None else None


def _opens_object(parts: Sequence[Token], place: int) -> bool:
    """An article makes the object certain."""
    return parts[place + 1].lower in {"a", "an", "the"}


_TRANSITIVE = frozenset(
    """
    require need contain include provide use create support produce represent specify define describe avoid follow
    prevent store hold receive reach replace remove modify obtain acquire issue return accept ignore violate invoke
    execute implement carry cover form affect cause add introduce identify
    """.split()
)
# Verbs with two objects, with a complement, or with little meaning of their own.
_TAKES_MORE = frozenset(
    """
    give tell show make let keep help take get put set have want send offer bring leave call name consider find see
    look seem become remain stay last cost weigh ask teach allow enable force become go come say do be grant assign
    lend hand render deem declare appoint elect think believe know mean try start begin stop continue wait work run
    turn grow feel
    """.split()
)
_LINKS = frozenset("from into with on against about by for via without through between in of at under as".split())
_WEAK_LINKS = frozenset("in at on for under between".split())
_STRESSING = frozenset("even especially particularly only not just".split())
# "Such as", "according to": one word with what follows.
_BOUND = frozenset("such according due prior next instead regardless as up out same kind sort type lot number".split())
_AIMED = frozenset("lead apply refer belong correspond relate conform adhere respond react limit contribute".split())


def _is_linking_to(parts: Sequence[Token], place: int) -> bool:
    return parts[place].tag == "to" and (_base(parts[place - 1]) in _AIMED or parts[place + 1].tag in ("det", "quoted"))


def _is_noun_phrase(told: Sequence[Token]) -> bool:
    """Two nouns or more, or a name; no pronoun, no time, no manner."""
    first, last = told[0], told[-1]
    lone_verb = first.tag == "word" and reading(first.lower, "sbg") and told[1:2] and told[1].tag in ("prep", "det")
    if (
        first.tag not in ("det", "word", "quoted", "num")
        or lone_verb
        or (first.tag == "word" and _is_verb(first.lower))
    ):
        return False
    head = next((place for place, token in enumerate(told) if token.tag in ("prep", "rel", "to", "punct")), len(told))
    if any(token.lower in _EMPTY or token.lower in MONTHS or YEAR.match(token.text) for token in told[:head]):
        return False
    if any(one.tag == "to" and reading(two.lower, "b") for one, two in pairwise(told)):
        # "uses energy to provide power": nobody can tell what the infinitive belongs to.
        return False
    if any(token.lower in _LOOSE for token in told):
        return False
    if any(token.tag in ("pron", "adv", "conj") for token in told[:head]) or last.tag in ("prep", "to", "det", "rel"):
        return False
    nouns = [token for token in told if token.tag in ("word", "quoted", "num")]
    named = any(token.tag == "quoted" or (token.tag == "word" and is_name(token.text)) for token in told)
    return named or len(nouns) >= 2


_LOOSE = frozenset("without actually such than like except".split())


def _is_verb(word: str) -> bool:
    form = reading(word, "bsdg")
    return form is not None and form.base not in NOUN_LIKE and word not in NOUN_LIKE


_EMPTY = frozenset(
    """
    way ways manner time times case cases example instance once order addition fact general particular practice reason
    reasons following above below this that these those its their his her our my your such other others another same
    former latter thing things etc second minute hour day week month year days weeks months years hours minutes seconds
    face course light view
    none nothing something anything everything one ones first last next previous here there place part default itself
    """.split()
)


def _begun(read: Reading, start: int, said: str, end: int) -> str:
    """The sentence up to its gap as it is written inside another; an order is told as a duty. Empty: neither."""
    parts = read.tokens
    negated = parts[start].lower == "do" and parts[start + 1].text.lower() == "not"
    if parts[start].lower in _NO_ORDERS:
        return ""
    if commands(said) or negated:
        done = said[3:] if negated else said
        # "DO NOT UPLOAD" is printed so.
        return f"you should {done if done[:2].isupper() else done[0].lower() + done[1:]}"
    if parts[start].tag in ("prep", "sub", "to"):
        rest = said.partition(", ")[2]
        return _small_first(read, start, said) if rest and _states(rest) and not commands(rest) else ""
    clause = parse(parts, start, read.last)
    if clause is None and parts[start].tag == "word" and reading(parts[start].lower, "b"):
        # "Start by reading …": an order, though the word may be a noun.
        return ""
    if clause is not None:
        told = clause.verb < end and (clause.kind != "copula" or clause.verb + 1 < end)
    else:
        told = _states(said)
    return _small_first(read, start, said) if told else ""


def _small_first(read: Reading, start: int, said: str) -> str:
    first, second = read.tokens[start], read.tokens[start + 1]
    phrase = small(said, read.tokens[start : start + 6], read.vocabulary)
    if phrase.sure or first.text in read.vocabulary.capital or not second.text.islower() or second.tag != "word":
        return phrase.text
    # "Active development is …": a name would be followed by its verb.
    verb = readings(second.lower) and second.lower not in NOUN_LIKE
    return phrase.text if verb else phrase.text[0].lower() + phrase.text[1:]


_NO_ORDERS = frozenset("relax suppose see imagine assume consider note let say recall remember show".split())


def _states(said: str) -> bool:
    """A subject and a finite verb are among the words, though the sentence is not whole."""
    return has_clause(f"{said} it")


def _leans(read: Reading, start: int) -> bool:
    clause = parse(read.tokens, start, read.last)
    if clause is None or read.told:
        return False
    subject = read.tokens[clause.first : clause.subject_end]
    headed = read.topic is not None and read.topic.kind != "infinitive"
    ordinal = any(token.lower in ORDINALS for token in subject)
    known = is_free(subject) and not (ordinal or (headed and is_bare(subject)) or is_partial(subject))
    return not known or is_anaphoric(subject, read.earlier)
