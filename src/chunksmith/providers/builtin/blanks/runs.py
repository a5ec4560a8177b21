"""Runs of whole sentences printed with one term of theirs blanked out: the last cloze items of an English passage."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from chunksmith.providers.builtin.blanks.cloze import BLANK, LINK, Cloze
from chunksmith.providers.builtin.blanks.gaps import Gap, compound_gaps, gaps_of, noun_gaps, words_of
from chunksmith.providers.builtin.blanks.run_openings import (
    DEMONSTRATIVE,
    HEADED,
    LABEL,
    PERSONS,
    VAGUE_WORDS,
    Line,
    Opening,
    openings,
)
from chunksmith.providers.builtin.grammar.neighbours import lacks_subject
from chunksmith.providers.builtin.grammar.reading import Reading, has_clause
from chunksmith.providers.builtin.grammar.verbs import reading
from chunksmith.providers.builtin.grammar.words import Token, is_name, is_plural, tokens
from chunksmith.providers.builtin.languages import fill_in
from chunksmith.providers.builtin.quoting import is_fragment
from chunksmith.providers.builtin.summary import commands
from chunksmith.providers.builtin.wording import names_variable

# In words: the sentence with the gap, a run, a sentence alone.
_SHORTEST = 6
_LONGEST = 60
_LONGEST_ALONE = 75
# What an entry costs, beside what its opening does.
_LONG = 0.2
_EXAMPLE = 1.5


class _Run(NamedTuple):
    lines: Sequence[Line]
    lead: str
    cost: float


def run_clozes(reads: Sequence[Reading], examples: Collection[int] = ()) -> list[Cloze]:
    """Each gap of each run that can be printed, best first.

    A run is a sentence, alone or behind the one to three before it; what it leans on is printed, or named by a heading.
    """
    counts = Counter(words_of([read.sentence for read in reads], "en"))
    lines = [_line(read) for read in reads]
    begun = [tuple(openings(line)) if _is_fit(line) else None for line in lines]
    found: list[Cloze] = []
    for number, line in enumerate(lines):
        runs = tuple(_runs(lines, begun, number, examples))
        cut = tuple(_cut(line, counts)) if runs else ()
        found += [cloze for run in runs for cloze in _filled(run, cut)]
    return sorted(found, key=lambda item: (-round(item.score, 3), item.sentence))


def _cut(line: Line, counts: Counter[str]) -> Iterator[Gap]:
    sentence, text = line.read.sentence, line.read.sentence.text
    yield from gaps_of(sentence, "en", counts)
    yield from compound_gaps(text, counts)
    yield from noun_gaps(text, counts)


def _filled(run: _Run, cut: Sequence[Gap]) -> Iterator[Cloze]:
    text = " ".join(line.text for line in run.lines)
    last = run.lines[-1]
    moved_by = len(text) - len(last.text) - last.begin
    sentence = last.read.sentence
    for gap in cut:
        answer = sentence.original(gap.start, gap.end)
        if answer is None or gap.start < last.begin or _tells(f"{run.lead} {text}", answer):
            continue
        if not _is_apart(sentence.text, gap) or _OF_EXAMPLE.search(answer) or names_variable("", answer):
            continue
        blanked = text[: gap.start + moved_by] + BLANK + text[gap.end + moved_by :]
        asked = fill_in("en", blanked.replace('"', "'"), answer, run.lead)
        late = 0.2 * gap.start / len(sentence.text)
        yield Cloze(asked, answer, sentence.quote, gap.weight / 3 + late - run.cost, last.read.number)


def _is_apart(text: str, gap: Gap) -> bool:
    """A term of its own: no part of a code, of a possessive or of a fixed phrase, and no first word behind a colon."""
    before, behind = text[: gap.start], text[gap.end :]
    return not (_ATTACHED.search(before) or behind[:1] in {"'", "’"} or before.endswith(": ") or _PHRASE.search(before))


_ATTACHED = re.compile(r"[^\s(\"'`]\Z|[^\s(\"'][`\"']\Z")
_PHRASE = re.compile(r"\b(?:vice|per|make no|this|these) \Z", re.I)


def _tells(printed: str, answer: str) -> bool:
    """Whether the answer or another form of its word is printed at another place as well."""
    bare = answer.strip("`*").lower()
    stem = _ENDING.sub("", bare) if len(bare) > 6 else bare.removesuffix("s") if len(bare) > 4 else bare
    return printed.lower().count(stem) > 1


_ENDING = re.compile(r"(?:ing|ed|es|e|s)\Z")


def _runs(
    lines: Sequence[Line], begun: Sequence[Sequence[Opening] | None], number: int, examples: Collection[int]
) -> Iterator[_Run]:
    """Those that end with one sentence. ``begun``: how each may begin one; None: it may not be printed."""
    if len(lines[number].text.split()) < _SHORTEST:
        return
    for first in range(number, number - len(lines[number].read.lines) - 1, -1):
        run, starts = lines[first : number + 1], begun[first]
        words = sum(len(line.text.split()) for line in run)
        if starts is None or words > (_LONGEST if first < number else _LONGEST_ALONE):
            return
        cost = 0.1 * (number - first) + _cost(run, examples) if starts else 0.0
        yield from (_Run(run, start.lead, start.cost + cost) for start in starts)
        if lines[first].label:
            return


def _cost(lines: Sequence[Line], examples: Collection[int]) -> float:
    """What the text itself costs, its opening aside."""
    text = " ".join(line.text for line in lines)
    of_example = bool(_OF_EXAMPLE.search(text)) or any(line.read.number in examples for line in lines)
    vague = bool(VAGUE_WORDS.search(lines[-1].text) if len(lines) > 1 else DEMONSTRATIVE.search(text, 1))
    variable = names_variable("", text)
    personal = bool(PERSONS.search(text))
    return _EXAMPLE * (of_example or variable) + HEADED * (vague + personal) + _LONG * (len(text.split()) > 40)


_OF_EXAMPLE = re.compile(r"\bexamples?\b|foo|acme|`[a-z]`", re.I)


def _line(read: Reading) -> Line:
    text = read.sentence.text
    label = LABEL.match(text)
    link = label or _BARE_LINK.match(text) or LINK.match(text)
    begin = link.end() if link and not _HEDGE.match(text) else 0
    first = text[begin:].split(" ", 1)[0].rstrip(",")
    printed = text[begin].upper() + text[begin + 1 :] if begin and first.isalpha() else text[begin:]
    return Line(read, begin, printed, (label["label"] or label["path"] or "") if label else "")


_BARE_LINK = re.compile(
    r"(?:Or|Evidently|In summary|As a side note|On the other hand|Keep in mind that|Remember that|"
    r"(?:Usually )?[Tt]his means that),? (?=[A-Za-z])"
)
# Without these words the statement would say more than the passage does.
_HEDGE = re.compile(r"(?:Usually(?! this means)|Generally|Normally|Typically|Currently|Still|In general|In practice)\b")


def _is_fit(line: Line) -> bool:
    """A whole statement or order that nothing but the sentences before it and its heading explains."""
    text = line.text
    whole = len(text.split()) >= 4 and text[-1] == "." and text[0].isupper() and "___" not in text and "``" not in text
    if (
        not whole
        or _FAR.search(text)
        or is_fragment(_LINE_NUMBER.sub("", _BEING.sub("", text)))
        or _BROKEN.search(text)
    ):
        return False
    parts = tokens(text)
    if parts[0].tag in ("be", "have", "do", "modal") or lacks_subject(parts, 0, len(parts)):
        return False
    asked = _BEING.sub("", _ASKED.sub("", text))
    return commands(asked) or any(_states(part) for part in _parts(asked))


def _parts(text: str) -> list[str]:
    """The sentence, and where it begins with an opening what stands behind its commas."""
    first = tokens(text)[0]
    opened = first.tag in ("prep", "sub", "to") or first.lower == "given"
    behind = [part.removeprefix("then ") for part in text.split(", ")[1:]]
    return (behind or [text]) if opened else [text, *behind] if first.tag == "adv" else [text]


def _states(text: str) -> bool:
    """Words with a finite verb among them: ``assigned`` alone may as well tell of the noun before it."""
    parts = tokens(text)
    return has_clause(text) or any(_is_finite(parts, place) for place in range(1, len(parts) - 1))


def _is_finite(parts: Sequence[Token], place: int) -> bool:
    token, before, behind = parts[place], parts[place - 1], parts[place + 1]
    if token.tag in ("be", "have", "do", "modal"):
        inner = any(near.tag in ("rel", "sub", "wh") for near in parts[max(0, place - 5) : place])
        return token.lower not in {"be", "been", "being", "having", "doing"} and not inner
    if token.tag != "word" or before.tag in ("to", "modal", "det"):
        return False
    if reading(token.lower, "s") is not None:
        return before.tag in ("pron", "quoted") or is_name(before.text) or behind.tag == "to"
    # "Systems designers report success", "later versions refuse to".
    plural = is_plural(before.text) and place < 4 and behind.tag in ("det", "word")
    return reading(token.lower, "b") is not None and (plural or behind.tag == "to")


_FAR = re.compile(
    r"\b(?:(?:above|below)(?! (?:the|an?|any|each|every|zero|\d))|following(?! an? )|aforementioned|here|figures?|"
    r"(?:sections?|chapters?|appendix|page|part|steps?) (?-i:[\dA-Z])|"
    r"(?:next|previous|later|earlier|preceding) (?:\w+ )?(?:sub)?(?:sections?|paragraphs?|steps?|sentences?|chapters?)|"
    r"mentioned|just that|"
    r"(?:described|shown|discussed|explained|listed) (?:in|at|by|to)|see (?:section|also|the)|"
    r"(?:this|these|the) (?:sections?|chapters?|page|paragraphs?|figures?|diagrams?|listings?|examples?))\b|"
    r"\A(?:See|Suppose|Imagine|Having|Consider|Yes|No)\b|, except\b|\bplease (?:see|visit|read|(?:take|have) a look)\b",
    re.I,
)
# Statements may begin and end as fragments do.
_LINE_NUMBER = re.compile(r"\ALine \d+ ")
_BEING = re.compile(r" being \w+(?=\.)")
_BROKEN = re.compile(r":-\)|\b(\w+) \1\b|\s`[^`]+`\w", re.I)
_ASKED = re.compile(r"\A[^,]{0,40}, please (?=[a-z])")
