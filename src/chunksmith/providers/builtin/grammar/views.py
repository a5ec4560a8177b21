"""One parsed clause as the question patterns see it, and where its parts end."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from chunksmith.providers.builtin.grammar.clauses import Clause, begins_contracted, declarative, inverted, parse
from chunksmith.providers.builtin.grammar.finite import INTRANSITIVE
from chunksmith.providers.builtin.grammar.verbs import NOUN_LIKE, reading, readings
from chunksmith.providers.builtin.grammar.words import MONTHS, Token, is_plural

LOCATED = frozenset(
    "store keep locate find place hold put install situate bury record hide save position mount house build".split()
)


PLACE = frozenset(
    "in on at inside near under within between along beneath below beside outside around among throughout".split()
)


YEAR = re.compile(r"(?:1[0-9]|20)\d\d(?:s)?\Z")


PAIRS = frozenset(
    """
    depend.on rely.on consist.of refer.to belong.to lead.to result.in contribute.to apply.to differ.from focus.on
    begin.with start.with end.with correspond.to respond.to react.with deal.with feed.on originate.from suffer.from
    benefit.from base.on compose.of make.of make.from derive.from divide.into associate.with relate.to connect.to
    convert.into convert.to fill.with cover.with limit.to attach.to replace.with measure.in equip.with dedicate.to
    link.to group.into split.into turn.into develop.into stem.from interact.with conform.to adhere.to cope.with
    specialize.in participate.in concentrate.on act.as serve.as function.as know.as define.as describe.as regard.as
    come.from protect.from transform.into separate.into expose.to surround.by range.from name.after break.into
    translate.into adapt.to account.for
    """.split()
)  # fmt: skip


_NO_PLACE = frozenset(
    """
    loop order case general particular parallel part turn advance practice terms addition sequence time way manner form
    any
    pairs groups turns ascending descending favor favour response detail full total some one most many return contrast
    conjunction
    combination
    """.split()
)


# "in the same way as A"
_NO_PLACE_EITHER = frozenset("way ways manner manners".split())


_TIMES = frozenset(
    """
    second minute hour day week month year season century decade winter summer spring autumn night morning stage phase
    period time case
    """.split()
)


VAGUE_OBJECTS = frozenset(
    """
    track enough place advantage part care effect sense use note account way role it them sure little much more less
    nothing lot bit time attention turn trouble up out down
    """.split()
)


_WONDERING = frozenset("check see determine decide ask know test find learn".split())


@dataclass(frozen=True, slots=True)
class View:
    """One clause as the patterns see it. ``subject`` is the subject as written inside a sentence."""

    text: str
    clause: Clause
    subject: str
    end: int
    """past the last token that belongs to the clause: before a coordinated clause, a dash, a colon"""

    @property
    def tokens(self) -> Sequence[Token]:
        return self.clause.tokens

    @property
    def you(self) -> bool:
        return self.tokens[self.clause.first].lower == "you"

    def ask(self, wh: str, end: int) -> str:
        return f"{wh} {inverted(self.clause, self.text, self.subject, end)}"

    def tell(self, opening: str, end: int) -> str:
        return f"{opening} {declarative(self.clause, self.text, self.subject, end)}"


@dataclass(frozen=True, slots=True)
class Draft:
    """``answer`` is a range of tokens."""

    kind: str
    question: str
    instruction: str
    start: int
    end: int
    score: float


Frame = Callable[[View], Iterator[Draft]]


def clause_end(clause: Clause) -> int:
    """Where the clause stops: a semicolon, a dash, ``, but``, a coordinated clause, a remark after ``, which``."""
    tokens = clause.tokens
    linked = False
    for place in range(clause.main + 1, clause.last):
        token = tokens[place]
        if token.text in {";", ":", "—", "–", "-"} and token.tag == "punct":
            return place
        following = tokens[place + 1] if place + 1 < clause.last else None
        if following is None or tokens[place - 1].tag in ("rel", "conj", "prep"):
            continue
        if token.text == "," and _opens_remark(tokens, place + 1, clause.last):
            return place
        if token.tag == "conj" and following.lower == "there":
            return place - 1 if tokens[place - 1].text == "," else place
        if token.tag == "conj" and following.lower in {"hence", "thus", "therefore", "then", "so"}:
            return place - 1 if tokens[place - 1].text == "," else place
        if token.text == "," and following.tag == "pron" and parse(tokens, place + 1, clause.last) is not None:
            return place
        if token.text == "," and following.tag == "det" and not linked and _goes_on(tokens, place + 1, clause.last):
            return place
        if token.tag == "conj" and _modal_follows(clause, place + 1, linked):
            return place - 1 if tokens[place - 1].text == "," else place
        if token.tag == "conj" and token.lower != "so" and following.lower in {"that", "this", "these"}:
            listed = following.lower == "that" and any(part.lower == "that" for part in tokens[clause.main + 1 : place])
            if not listed:
                return place - 1 if tokens[place - 1].text == "," else place
        if token.lower == "but" or (token.lower == "so" and following.tag in ("pron", "det")):
            return place - 1 if tokens[place - 1].text == "," or tokens[place - 1].lower == "and" else place
        linked = linked or token.tag in ("rel", "sub", "wh") or token.lower in {"both", "between", "either", "that"}
        linked = linked or (token.tag == "num" and not YEAR.match(token.text))
        comma = tokens[place - 1].text == ","
        # Without a comma, or inside a relative clause, a noun after "and" may just as well belong to what came before.
        firm = following.tag == "pron" or (following.tag in ("det", "num") and not linked) or (comma and not linked)
        bare = not comma and not linked and following.tag == "word" and _is_bare_clause(tokens, place + 1, clause.last)
        if bare:
            return place
        if token.tag == "conj" and begins_contracted(following) and (comma or not linked):
            return place - 1 if comma else place
        if token.tag == "conj" and firm and parse(tokens, place + 1, clause.last) is not None:
            return place - 1 if comma else place
    return clause.last


def _opens_remark(tokens: Sequence[Token], start: int, last: int) -> bool:
    """``, which …``, ``, making …``, ``, in which …``, ``, for example``"""
    first = tokens[start]
    if first.lower in _REMARKS or (first.tag == "word" and reading(first.lower, "g")):
        return True
    second = tokens[start + 1].lower if start + 1 < last else ""
    return (first.tag == "prep" and second == "which") or (first.lower == "for" and second in {"example", "instance"})


_REMARKS = frozenset(
    """
    but so yet which although though while whereas who where thus nor rather not then just hence however since as
    making allowing even
    """.split()
)


def _goes_on(tokens: Sequence[Token], start: int, last: int) -> bool:
    """``X is written to disk, a lock is acquired, and …``: a statement of its own, not an apposition."""
    other = parse(tokens, start, last)
    return other is not None and not any(token.tag in ("rel", "punct") for token in tokens[start : other.verb])


def _modal_follows(clause: Clause, start: int, linked: bool) -> bool:
    """``… and any attempt to do so will fail``: a noun phrase and a modal of its own."""
    tokens = clause.tokens
    opener = tokens[start].tag
    reach = 7 if opener == "det" else 3 if opener == "word" and not linked else 0
    for token in tokens[start + 1 : min(start + reach, clause.last)]:
        if token.tag == "modal":
            return True
        if token.tag in ("rel", "sub", "conj", "punct", "wh"):
            return False
    return False


def _is_bare_clause(tokens: Sequence[Token], start: int, last: int) -> bool:
    """``… and pink still signifies new content``: a short subject and a verb that can be nothing else."""
    if tokens[start - 1].tag != "conj":
        return False
    other = parse(tokens, start, last)
    if other is None or other.subject_end - start > 2:
        return False
    verb = tokens[other.verb]
    if other.feature == "d" and tokens[start].text[0].isupper():
        return True
    return verb.tag in ("be", "modal") or bool(reading(verb.lower, "s") and verb.lower not in NOUN_LIKE)


def _resumes(view: View, place: int) -> bool:
    """A second predicate begins after the conjunction or comma at ``place``: ``… and writes``."""
    tokens, clause = view.tokens, view.clause
    index = place + 1
    while index < view.end and (tokens[index].tag == "adv" or tokens[index].tag == "conj"):
        index += 1
    if index >= view.end:
        return False
    token = tokens[index]
    if token.tag in ("be", "modal", "have", "do"):
        return True
    if _acts_too(view, place, index):
        return True
    wanted = {"lexical": clause.feature, "modal": "b", "passive": "n", "progressive": "g", "perfect": "n"}.get(
        clause.kind, "sd"
    )
    if token.tag != "word" or not reading(token.lower, wanted):
        return False
    following = tokens[index + 1] if index + 1 < view.end else None
    past = reading(token.lower, "d") is not None and reading(token.lower, "bs") is None
    if past and following is not None and following.tag == "word":
        # "in Debian and derived distributions"
        return False
    firm = (
        ("det", "num", "quoted", "to", "pron", "prep")
        if wanted == "n"
        else ("det", "num", "quoted", "pron", "wh", "rel")
    )
    if wanted == "n":
        return following is not None and following.tag in firm
    return token.lower not in NOUN_LIKE or (following is not None and following.tag in firm)


def _base_of(token: Token) -> str:
    form = reading(token.lower, "bsdng")
    return form.base if form else ""


def _acts_too(view: View, place: int, index: int) -> bool:
    """A verb that can only be finite, in whatever tense: ``was born in A and fled``, ``cut A and plans to do B``."""
    tokens, clause, token = view.tokens, view.clause, view.tokens[index]
    joins = tokens[place].lower in {"and", "but"}
    if token.tag != "word" or not joins or clause.kind in {"modal", "progressive"}:
        return False
    following = tokens[index + 1] if index + 1 < view.end else None
    opened = following is not None and following.tag in ("det", "num", "quoted", "pron")
    if form := reading(token.lower, "s"):
        aims = following is not None and following.tag == "to" and base_at(view, index + 2)
        goes_on = following is not None and following.tag in ("prep", "adv") and form.base not in NOUN_LIKE
        return not clause.plural and (goes_on or opened or aims)
    if is_unlisted_verb(tokens, index, view.end):
        return not clause.plural
    past = reading(token.lower, "d")
    if past is None or reading(token.lower, "b") or clause.kind == "perfect":
        return False
    return reading(token.lower, "n") is None or past.base in INTRANSITIVE or (opened and clause.kind != "lexical")


def is_unlisted_verb(tokens: Sequence[Token], index: int, end: int) -> bool:
    """``and voids the warranty``: behind a conjunction and before an article it can only be a verb."""
    word = tokens[index].text
    if index + 1 >= end or tokens[index + 1].tag != "det" or readings(word):
        return False
    return word.islower() and word.isalpha() and len(word) > 3 and is_plural(word)


def doubled(view: View, end: int) -> bool:
    """A second finite predicate before ``end``: ``decoded the dance and received a prize`` cannot be inverted."""
    places = [place for place in range(view.clause.main + 1, end) if view.tokens[place].tag == "conj"]
    if view.clause.kind != "lexical":
        return any(_acts_too(view, place, _past_adverb(view, place + 1)) for place in places)
    commas = [place for place in range(view.clause.main + 1, end) if view.tokens[place].text == ","]
    return any(_resumes(view, place) for place in (*places, *commas))


def _past_adverb(view: View, place: int) -> int:
    return place + 1 if place + 1 < view.end and view.tokens[place].tag == "adv" else min(place, view.end - 1)


def shared(view: View, end: int) -> bool:
    """``is written to the disk and removed from the cache when A``: of both, or of the second only?"""
    tokens, clause = view.tokens, view.clause
    if clause.kind not in {"passive", "copula", "lexical"}:
        return False
    opened = ("word", *_OPENED) if clause.kind == "lexical" else _OPENED
    return any(
        tokens[place].tag == "conj" and bool(reading(tokens[place + 1].lower, "d")) and tokens[place + 2].tag in opened
        for place in range(clause.main + 2, end - 1)
    )


_OPENED = ("det", "num", "quoted", "pron", "prep", "to", "adv")


def object_end(view: View, start: int, adverbial: bool = True) -> int:
    """End of an object that begins at ``start``: before an adverbial clause or a second predicate."""
    tokens = view.tokens
    relative = inside = False
    for place in range(start + 1, view.end):
        token = tokens[place]
        inside = inside or token.tag == "rel"
        if token.lower == "if" and _base_of(tokens[place - 1]) in _WONDERING:
            return view.end
        relative = relative or token.tag in ("rel", "wh") or (token.tag == "to" and view.clause.kind == "modal")
        if tokens[place - 1].tag in ("rel", "prep"):
            continue
        if inside and token.tag == "sub" and tokens[place - 1].text != ",":
            # "checks that are made while the code is running": nobody can tell which verb it goes with.
            return view.end
        if adverbial and (
            (token.tag == "sub" and not (token.lower == "where" and tokens[place - 1].tag == "word"))
            or token.lower in {"so", "then"}
            or (token.lower == "by" and _gerund_follows(view, place + 1))
        ):
            return place - 1 if tokens[place - 1].text == "," or tokens[place - 1].tag == "conj" else place
        if token.lower == "in" and place + 2 < view.end and tokens[place + 1].lower == "order":
            return place
        if not relative and (token.text == "," or token.tag == "conj") and _resumes(view, place):
            return place - 1 if tokens[place - 1].text == "," else place
    return view.end


def _gerund_follows(view: View, place: int) -> bool:
    adverb = place + 1 < view.end and view.tokens[place].tag == "adv"
    return gerund_at(view, place + 1 if adverb else place)


def gerund_at(view: View, place: int) -> bool:
    if place >= view.end or view.tokens[place].tag != "word":
        return False
    word = view.tokens[place].lower
    return bool(reading(word, "g")) or (word.endswith("ing") and len(word) > 7)


def base_at(view: View, place: int) -> bool:
    return place < view.end and (
        view.tokens[place].lower in {"be", "do", "have"}
        or (view.tokens[place].tag == "word" and bool(reading(view.tokens[place].lower, "b")))
    )


def opens_noun(view: View, place: int) -> bool:
    if place >= view.end:
        return False
    token = view.tokens[place]
    if token.lower in VAGUE_OBJECTS:
        return False
    if token.tag in ("det", "num", "quoted"):
        return True
    return (
        token.tag == "word"
        and token.lower not in {"such"}
        and not (reading(token.lower, "n") and place + 1 < view.end and view.tokens[place + 1].tag in ("prep", "to"))
    )


def is_place(view: View, place: int) -> bool:
    if any(
        token.lower.rstrip("s") in _TIMES or token.lower in {"centuries"} for token in view.tokens[place : place + 4]
    ):
        return False
    if any(token.lower in _NO_PLACE_EITHER for token in view.tokens[place : place + 3]):
        return False
    return (
        opens_noun(view, place)
        and view.tokens[place].lower not in _NO_PLACE
        and not YEAR.match(view.tokens[place].text)
        and view.tokens[place].lower not in MONTHS
    )


def after_main(view: View) -> int:
    return view.clause.main + 1
