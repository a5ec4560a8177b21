"""What a sentence begins with before its subject, and where the statement behind it begins."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from chunksmith.providers.builtin.grammar.clauses import parse
from chunksmith.providers.builtin.grammar.dates import dated_until
from chunksmith.providers.builtin.grammar.framing import is_anaphoric, is_free, is_partial
from chunksmith.providers.builtin.grammar.reading import Reading
from chunksmith.providers.builtin.grammar.verbs import NOUN_LIKE, reading
from chunksmith.providers.builtin.grammar.words import Token, is_plural
from chunksmith.providers.builtin.rules.conditions import statement_end
from chunksmith.providers.builtin.rules.directives import directive_at
from chunksmith.providers.builtin.rules.openings import is_scene

SHORTEST = 4  # tokens of a statement
CLAUSAL = frozenset({"occasion", "ground", "contrast"})
_LONGEST = 40  # tokens of an adjunct


class Opened(NamedTuple):
    """``tokens[start:comma]`` is the adjunct, of ``sort``; what it opens runs from ``begin`` to ``end``."""

    start: int
    comma: int
    begin: int
    end: int
    sort: str


def opened_at(read: Reading, start: int) -> Opened | None:
    """The adjunct that begins at ``start`` and the statement behind its comma; None when it is not certain."""
    sort = sort_of(read, start)
    if not sort:
        return None
    parts = read.tokens
    clausal = sort in CLAUSAL
    text = read.sentence.text
    for comma, begin in _ends(parts, start, min(start + _LONGEST, read.last - 4)):
        if _FORWARD.search(text[parts[start].start : parts[comma - 1].end]):
            return None
        if parts[begin].tag == "conj" or any(token.text in _STOPS for token in parts[start:comma]):
            continue
        if clausal and not (_says(parts, _past_sub(parts, start), comma) or _is_reduced(parts, start)):
            continue
        if parts[begin].tag == "sub" and sort in {"contrast", "ground"}:
            # "Although A, if B, C": nobody says C of A alone.
            return None
        end = _end(read, begin)
        if sort == "scene" and not names_scene(parts[start:comma]):
            return None
        if end:
            return Opened(start, comma, begin, end, sort) if not _is_listed(parts, start, comma, begin) else None
        if not clausal:
            return None
    return None


# "If the constraint it is attached to is deferred": what "it" is comes later.
_FORWARD = re.compile(
    r"\b(?!(?:and|or|but|if|when|that|so|because|once|as)\b)[a-z]+ (?:it|they) (?:is|are|was|were|has|have)\b"
)
_STOPS = frozenset({";", "—", "–", ":"})


def _stops(parts: Sequence[Token], place: int) -> bool:
    """At a semicolon, a full stop that a page has run over, or before ``, and if C``."""
    after = [token.lower for token in parts[place + 1 : place + 3]]
    return parts[place].text in {*_STOPS, "."} or (parts[place].text == "," and after in _SECONDS)


_SECONDS = [["and", "if"], ["and", "when"], ["and", "so"]]


def _ends(parts: Sequence[Token], start: int, limit: int) -> Iterator[tuple[int, int]]:
    """Where the adjunct may end and its statement begin.

    Before the last ``then`` of a condition, else at a comma, else where a pronoun begins a statement.
    """
    thens = [place for place in range(start + 4, len(parts)) if parts[place].lower == "then"]
    if thens and thens[-1] >= limit and parts[thens[-1] - 1].text == "," and parts[start].lower in {"if", "when"}:
        # Too long a condition to be asked for.
        return
    thens = [place for place in thens if place < limit]
    if thens and parts[start].lower in {"if", "when"} and parts[thens[-1] - 1].tag not in ("conj", "sub", "pron"):
        place = thens[-1]
        yield place - (parts[place - 1].text == ","), place + 1
        return
    commas = [place for place in range(start + 2, len(parts) - 1) if parts[place].text == ","]
    first = commas[0] if commas else limit
    dated = dated_until(parts, start)
    if dated and parts[dated].text != ",":
        # "In 1923 the keeper lit A": no comma stands behind a date, and a later one ends no adjunct.
        yield dated, dated
        return
    if parts[start].tag == "prep" or parts[start].lower == "only":
        yield from ((place, place) for place in range(start + 3, first) if _resumes(parts, place))
        yield from ((at, at + 1) for at in range(start + 2, first) if parts[at].lower == "please")
    for place in commas:
        if place < limit:
            aside = parts[place + 1].lower in _ASIDES and parts[place + 2].text == ","
            yield place, place + (3 if aside else 1 + (parts[place + 1].lower == "please"))
    if not commas:
        yield from ((place, place) for place in range(limit, start + 4, -1) if _resumes(parts, place))
        yield from ((place, place) for place in range(start + 3, limit) if _abuts(parts, place))


_ASIDES = frozenset("however therefore then though instead".split())


def _resumes(parts: Sequence[Token], place: int) -> bool:
    """``If A you can B``, ``As long as A it is B``: no comma stands before the pronoun."""
    token, following = parts[place], parts[place + 1]
    opens = token.lower in {"you", "it", "there", "we"} and parts[place - 1].tag in ("word", "quoted", "num")
    return opens and (following.tag in ("be", "have", "do", "modal") or following.lower in {"still", "need", "no"})


def sort_of(read: Reading, start: int) -> str:
    first, second, third = (token.lower for token in read.tokens[start : start + 3])
    pair = f"{first} {second}"
    if _PAIRS.get(pair) == "substitute" and not reading(third, "g"):
        return ""
    if pair in _PAIRS:
        return _PAIRS[pair]
    if first == "as" and third == "as":
        return _PAIRS_AS.get(second, "")
    if first == "as":
        role = second in {"a", "an", "the"} and third not in _MERE_ROLES
        told = read.tokens[start + 2 : start + 10]
        finite = any(token.tag in ("be", "have", "do", "modal") for token in _before_comma(told))
        return "ground" if second == "there" or (second == "the" and finite) else "role" if role else ""
    if first == "to" and reading(second, "b"):
        return "purpose"
    if first == "while" and reading(second, "g"):
        return "occasion"
    if first == "since" and read.tokens[start + 1].tag == "num":
        return ""
    if first in {"by", "using"}:
        return "means" if first == "using" or reading(second, "g") else ""
    return _SORTS.get(first, "")


def _before_comma(told: Sequence[Token]) -> Sequence[Token]:
    return told[: next((place for place, token in enumerate(told) if token.text == ","), len(told))]


_MERE_ROLES = frozenset("side result rule consequence whole last first special note practical general final".split())
_PAIRS = {
    "in order": "purpose", "instead of": "substitute", "rather than": "substitute", "even if": "occasion",
    "even when": "occasion", "even though": "contrast", "given that": "ground", "now that": "ground",
    "in case": "occasion", "only when": "occasion", "only if": "occasion", "only after": "occasion",
    "if possible": "", "if necessary": "", "if not": "", "in addition": "",
}  # fmt: skip
_PAIRS_AS = {"long": "occasion", "soon": "occasion", "well": "role"}
_SORTS = {
    **dict.fromkeys("if unless when whenever once until before after".split(), "occasion"),
    **dict.fromkeys("because since".split(), "ground"),
    **dict.fromkeys("although though whereas while".split(), "contrast"),
    **dict.fromkeys("in on for under with without within during at throughout".split(), "scene"),
}


def _abuts(parts: Sequence[Token], place: int) -> bool:
    """``On most coasts two lamps are lit``: a noun and an article side by side are two phrases."""
    first, before = parts[place], parts[place - 1]
    noun = (
        before.tag == "word"
        and before.lower not in _LINKED
        and (is_plural(before.text) or before.lower in NOUN_LIKE or not reading(before.lower, "sbdgn"))
    )
    opens = (
        first.lower in {"the", "a", "an", "all", "every"}
        or first.tag == "num"
        or (first.lower == "even" and parts[place + 1].tag == "det")
    )
    return noun and opens and parse(parts, place + (first.lower == "even"), len(parts) - 1) is not None


_LINKED = frozenset("version versions type types step steps line lines column columns level levels".split())


def _past_sub(parts: Sequence[Token], start: int) -> int:
    """Where the clause begins behind ``if``, ``even if``, ``as long as``."""
    following = parts[start + 1].lower
    second = following in {"if", "when", "that", "though", "after"}
    return start + (3 if following in {"long", "soon"} else 1 + second)


def _says(parts: Sequence[Token], start: int, end: int) -> bool:
    """A subject and a finite verb stand in it."""
    if end - start < 3:
        return False
    if parse(parts, start, end) is not None:
        return True
    found = next((place for place in range(start + 1, end) if _may_be_finite(parts, place)), None)
    return found is not None and not any(token.tag in ("rel", "sub", "wh") for token in parts[start:found])


def _may_be_finite(parts: Sequence[Token], place: int) -> bool:
    """Behind a subject; inside an adjunct up to its comma a verb that may be a noun is one."""
    token, before = parts[place], parts[place - 1]
    acts = token.tag == "word" and before.tag in ("word", "quoted", "num", "pron", "adv")
    return _is_finite(parts, place) or bool(acts and reading(token.lower, "sbd"))


def _is_reduced(parts: Sequence[Token], start: int) -> bool:
    """``when writing to a file``, ``before continuing``: the subject is the one of the statement."""
    return parts[start].lower not in {"if", "because", "since"} and bool(reading(parts[start + 1].lower, "g"))


def _is_listed(parts: Sequence[Token], start: int, comma: int, begin: int) -> bool:
    """``In A, B and C, D``: nobody can tell where the list ends."""
    if parts[comma].text != ",":
        return False
    bare = parts[begin].tag in ("word", "quoted", "num") and any(t.tag == "conj" for t in parts[begin : begin + 4])
    sends = any(one.text == "," and two.lower in {"please", "see"} for one, two in pairwise(parts[begin:]))
    return bare or sends or any(token.text == "," for token in parts[max(start, comma - 3) : comma])


def _end(read: Reading, begin: int) -> int:
    """Where the statement or order that begins there ends; 0 when it is none."""
    parts = read.tokens
    end = next((place for place in range(begin, read.last) if _stops(parts, place)), read.last)
    if end - begin < 3 or (end < read.last and parts[end].text == ":"):
        return 0
    if directive_at(read, begin, end) is not None or parse(parts, begin, end) is not None:
        return end
    if parts[begin].tag == "adv" and parts[begin + 1].tag in ("det", "pron", "quoted", "num"):
        begin += 1
    first = parts[begin]
    contracted = first.lower != pronoun_of(first)
    if contracted or (first.lower in {"you", "we", "they"} and reading(parts[begin + 1].lower, "bd")):
        return end
    opens = first.tag in ("det", "quoted", "num", "word", "pron") or first.lower == "that"
    if first.lower in {"when", "whenever"} and parts[begin - 1].lower == "then" and _says(parts, begin + 1, end):
        return end
    if opens and not reading(first.lower, "g") and statement_end(read, begin) is not None:
        return end
    if first.tag in ("det", "pron", "word") and any(_is_finite(parts, place) for place in range(begin + 1, end)):
        return end
    bare = parts[begin].tag == "word" and parts[begin].text.islower() and reading(parts[begin].lower, "b")
    return end if bare and end - begin >= SHORTEST else 0


def pronoun_of(token: Token) -> str:
    """``you`` of ``you’ll``; the word itself where it is not contracted."""
    found = _CONTRACTION.fullmatch(token.lower)
    return found[1] if found else token.lower


_CONTRACTION = re.compile(r"(you|it|they|there|we)['’](?:ll|s|re|ve|d)")


def _is_finite(parts: Sequence[Token], place: int) -> bool:
    token, before = parts[place], parts[place - 1]
    if token.tag in ("be", "have", "do", "modal"):
        return True
    may_act = token.tag == "word" and before.tag not in ("to", "prep", "det", "rel")
    form = reading(token.lower, "sb") if may_act else None
    return form is not None and form.base not in NOUN_LIKE


def is_known(read: Reading, opened: Opened) -> bool:
    """What the adjunct speaks of is named in full."""
    parts, first = read.tokens, read.tokens[opened.start + 1]
    told = parts[opened.start + 1 : opened.comma]
    said = [token for token in told if token.tag in ("word", "quoted", "num")]
    if opened.sort in {"purpose", "means", "substitute", "role"} or _is_reduced(parts, opened.start):
        return len(said) >= _LEAST_TOLD
    if opened.sort == "scene":
        return _names_something(told)
    if len(said) < _LEAST_TOLD:
        return False
    if _DANGLING.search(read.sentence.text[first.start : parts[opened.comma - 1].end]):
        return False
    start = _past_sub(parts, opened.start)
    if parts[start].text == ",":
        start = next((place + 1 for place in range(start + 1, opened.comma) if parts[place].text == ","), start)
    if parts[start].lower in {"you", "there", "no", "one"}:
        return len(told) > _LEAST_TOLD
    clause = parse(parts, start, opened.comma)
    if clause is None:
        of_something = parts[start].lower == "the" and any(
            token.tag == "prep" for token in parts[start + 2 : start + 5]
        )
        return of_something or parts[start].lower in {"a", "an", "any", "every"} or is_plural(parts[start].text)
    subject = parts[clause.first : clause.subject_end]
    return is_free(subject) and not is_anaphoric(subject, read.earlier) and not is_partial(subject)


_LEAST_TOLD = 3  # words
# "If no one else works on it": nothing before it says on what.
_DANGLING = re.compile(
    r"\A(?:(?!\b(?:an?|the|your|any|each|every|some)\s\w)(?!\w{3,}s\b)[^A-Z`\"])*\b(?:it|they|them)\b"
)


def _names_something(told: Sequence[Token]) -> bool:
    nouns = [token for token in told if token.tag in ("word", "quoted", "num")]
    any_one = told[0].lower in {"a", "an", "each", "every", "any"} or is_plural(told[-1].text)
    return is_free(told) and (len(nouns) >= _LEAST_TOLD - 1 or (bool(nouns) and any_one))


def names_scene(scene: Sequence[Token]) -> bool:
    """Something is named in it, if only behind a heading."""
    told = [token for token in scene[1:] if token.tag in ("word", "quoted", "num")]
    verbs = (place for place, token in enumerate(scene) if token.tag in ("be", "have", "do", "modal"))
    verb = next(verbs, None)
    finite = verb is not None and not any(token.tag == "rel" for token in scene[:verb])
    empty = any(token.lower.removesuffix("s") in _EMPTY_SCENES for token in told)
    # "For a lamp to burn, B" is a purpose.
    aimed = scene[0].lower == "for" and any(token.tag == "to" for token in scene)
    return bool(told) and not (finite or empty or aimed) and is_scene(scene)


_EMPTY_SCENES = frozenset(
    """
    reason purpose information detail brevity case example way sense addition practice general particular fact summary
    short time moment instance example turn effect event situation respect contrast other
    """.split()
)
