"""List items that explain a term: ``sponsor: a person who …``, ``dh-make - the program that …``, ``X (Y)``."""

import re
from collections.abc import Iterator

from chunksmith.providers.builtin.grammar.clauses import parse
from chunksmith.providers.builtin.grammar.reading import Reading, subject_phrase
from chunksmith.providers.builtin.grammar.verbs import NOUN_LIKE, reading
from chunksmith.providers.builtin.grammar.views import Draft, View, clause_end
from chunksmith.providers.builtin.grammar.words import is_name
from chunksmith.providers.builtin.rules.frames import drafts
from chunksmith.providers.builtin.rules.objects import duties, objects
from chunksmith.providers.builtin.rules.predicates import NO_DEED

_ENTRY = re.compile(r"(?P<term>[\w`][\w`.()/+*$-]*(?: [\w`.()/+$-]+){0,2})\s?(?::| -| –| —) (?=\w)")
_ABBREVIATION = re.compile(r"\((?P<short>[A-Z][A-Z0-9]{1,6})\)")
_NO_TERM = frozenset(
    """
    note example warning caution hint tip question answer important summary result exception exceptions default
    please however but also first second third remember reason rule step yes no i.e e.g then short long see use
    """.split()
)


def entries(read: Reading) -> Iterator[Draft]:
    """What the term stands for, when an article opens the explanation; what it does, when a verb does."""
    yield from abbreviations(read)
    yield from _used_for(read)
    match = _ENTRY.match(read.sentence.text)
    if match is None or match["term"].split()[0].lower() in _NO_TERM:
        return
    start = next((place for place, token in enumerate(read.tokens) if token.start >= match.end()), read.last)
    if read.last - start < 4:
        return
    if read.tokens[start].text[0].isupper() or read.tokens[start].lower == "the":
        yield from _stated(read, start)
    if match["term"].lower().strip("`") in read.sentence.text[match.end() :].lower():
        return
    term, first, second = match["term"].strip("`"), read.tokens[start], read.tokens[start + 1]
    if any(
        token.tag in ("be", "modal", "do", "have", "pron", "sub", "rel", "wh") for token in read.tokens[: start - 1]
    ):
        return
    if first.lower == "this":
        yield from _this(read, start, term)
        return
    if parse(read.tokens, start, read.last) is not None:
        return
    if first.lower in {"a", "an", "the"} and second.tag in ("word", "quoted"):
        asked = f'What is "{term}"'
        yield Draft("definition", asked, f'Explain what "{term}" is', start, _entry_end(read, start), 8.5)
    elif first.tag == "to" and reading(second.lower, "b") and (named := _named(term)):
        asked = f"What is the purpose of {named}"
        yield Draft("what", asked, f"State the purpose of {named}", start, _entry_end(read, start), 7.0)
    elif first.text[0].isupper() and reading(first.lower, "n") and second.lower == "as":
        asked, told = f"What is {term} {first.lower} as", f"State what {term} is {first.lower} as"
        yield Draft("what", asked, told, start + 2, _entry_end(read, start), 7.0)
    elif _names_program(term) and first.tag == "word" and reading(first.lower, "b") and first.lower not in NOUN_LIKE:
        yield Draft("what", f"What does {term} do", f"State what {term} does", start, _entry_end(read, start), 7.0)


def _used_for(read: Reading) -> Iterator[Draft]:
    """``The "wick" option, used to set the height``: a printed entry without a verb of its own."""
    parts = read.tokens
    comma = next((place for place, token in enumerate(parts[:8]) if token.text == ","), 0)
    used = comma and [token.lower for token in parts[comma + 1 : comma + 3]] == ["used", "to"]
    if not used or parts[0].lower != "the" or read.last - comma < 5 or comma < 3:
        return
    if any(token.tag not in ("word", "quoted", "det", "num") for token in parts[:comma]):
        return
    named = f"the {read.sentence.text[parts[1].start : parts[comma - 1].end]}"
    yield Draft("what", f"What is {named} used for", f"State what {named} is used for", comma + 2, read.last, 7.5)


def _this(read: Reading, start: int, term: str) -> Iterator[Draft]:
    """``patch - this utility applies …``: the term is what ``this`` stands for."""
    if read.tokens[start + 1].lower == "is" and read.tokens[start + 2].lower in {"a", "an", "the"}:
        asked = f"What is {term}"
        yield Draft("definition", asked, f"Explain what {term} is", start + 2, _entry_end(read, start + 2), 8.5)
        return
    clause = parse(read.tokens, start, read.last)
    if clause is None or clause.negated or clause.subject_end - clause.first < 2:
        return
    view = View(read.sentence.text, clause, term, _entry_end(read, clause.main))
    found = [] if clause.base in _LETTING else [*objects(view), *duties(view)]
    if not found and clause.kind == "lexical" and clause.base not in NO_DEED:
        asked, told = f"What does {term} do", f"State what {term} does"
        found = [Draft("what", asked, told, clause.verb, view.end, 6.5)]
    yield from found


# "lets you emulate root": the whole predicate tells.
_LETTING = frozenset("let help make allow enable".split())


def _stated(read: Reading, start: int) -> Iterator[Draft]:
    """``perl - Perl is one of …``: the statement has a subject of its own."""
    clause = parse(read.tokens, start, read.last) if read.tokens[start - 1].text in {"-", "–", "—"} else None
    named = subject_phrase(read, clause) if clause is not None else None
    if clause is not None and named is not None and not (named.leans or named.needs_lead or named.penalty > 2):
        asked = drafts(View(read.sentence.text, clause, named.text, clause_end(clause)))
        yield from (draft for draft in asked if draft.start > clause.verb)


def abbreviations(read: Reading) -> Iterator[Draft]:
    """``multiversion concurrency control (MVCC)``: the words before it whose initials it is."""
    for match in _ABBREVIATION.finditer(read.sentence.quote):
        short = match["short"]
        before = [place for place, token in enumerate(read.tokens) if token.tag == "word"]
        for end in range(len(before), len(short) - 1, -1):
            places = before[end - len(short) : end]
            initials = "".join(read.tokens[place].text[0].upper() for place in places)
            adjoining = places[-1] - places[0] == len(short) - 1
            if initials == short and adjoining and _precedes(read, places[-1], match.start()):
                told = f"State what {short} stands for"
                yield Draft("what", f"What does {short} stand for", told, places[0], places[-1] + 1, 8.0)
                return


def _precedes(read: Reading, place: int, offset: int) -> bool:
    """Whether the token ends right before ``offset`` of the quote: nothing but a space in between."""
    sentence = read.sentence
    end = sentence.origins[read.tokens[place].end - 1] + 1 - sentence.origins[0]
    return 0 < offset - end <= 2


def _names_program(term: str) -> bool:
    return " " not in term and (is_name(term) or "(" in term or "-" in term or "_" in term)


def _named(term: str) -> str:
    """``the clean target``, ``debian/rules``; empty where the term may be anything."""
    if _names_program(term):
        return term
    words = term.split()
    noun = len(words) > 1 and words[-1].isalpha() and words[-1].islower() and not reading(words[-1], "b")
    return f"the {term}" if noun or (len(words) > 1 and words[-1] in NOUN_LIKE) else ""


def _entry_end(read: Reading, start: int) -> int:
    for place in range(start + 3, read.last):
        token = read.tokens[place]
        if token.tag == "punct" and token.text in {";", ":", "—", "–"}:
            return place
        if token.text == "," and read.tokens[place + 1].lower in {"but", "so", "which", "see"}:
            return place
    return read.last
