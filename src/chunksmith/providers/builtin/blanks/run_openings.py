"""How a run of sentences may begin: what its first one leans on is named by a heading, or it must not be printed."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from chunksmith.providers.builtin.grammar.clauses import parse
from chunksmith.providers.builtin.grammar.framing import is_anaphoric, is_free
from chunksmith.providers.builtin.grammar.reading import Reading, last_word
from chunksmith.providers.builtin.grammar.topic import heading_text, is_generic, named, topic_of
from chunksmith.providers.builtin.grammar.words import tokens
from chunksmith.providers.builtin.pointing import is_whole, without_told
from chunksmith.providers.builtin.summary import commands, stands

# What an entry costs for what its reader has to make up for.
HEADED = 0.3
_VAGUE = 0.6
_ORDER = 0.5
# "perl - Perl is …", "/dev/null All data …", "Short answer: A column …".
LABEL = re.compile(
    r"(?P<path>/[\w/.-]+) (?=[A-Z])|"
    r"(?P<label>[\w./+-]+(?: [\w./+-]+){0,3}) [-–—] (?=[A-Za-z])|[A-Z][a-z]+(?: [a-z]+){0,3}: (?=[A-Z])"
)
PERSONS = re.compile(r"\b(?:we|our|ours|us|I|my|me)\b", re.I)


class Line(NamedTuple):
    """A sentence as it is printed: behind its label and the words that link it to the one before."""

    read: Reading
    begin: int
    text: str
    label: str


class Opening(NamedTuple):
    """``lead``: what goes before the question, if anything."""

    lead: str
    cost: float


def openings(line: Line) -> Iterator[Opening]:
    """How a run may begin with this sentence: none when it leans on what cannot be printed."""
    label = line.label or _title_above(line.read)
    if label:
        yield Opening(f"Regarding {label}", HEADED)
        return
    lead, told = quoted_lead(line.read), _told(line)
    order = _ORDER * commands(line.text)
    if not is_whole(told) or not stands(told, "en") or _LEANING.search(told) or (order and _is_entry(line)):
        return
    elif order or _POINTED.search(line.text) or VAGUE_WORDS.search(line.text) or not _is_free(line, told):
        # Only its heading tells of what it speaks.
        if lead:
            yield Opening(lead, _VAGUE + order + _VAGUE * bool(VAGUE_WORDS.search(line.text)))
        if _OF_DOCUMENT.match(line.text):
            yield Opening("", 2 * _VAGUE)
    elif _BARE_SUBJECT.match(told):
        yield Opening(lead, HEADED if lead else 2 * _VAGUE)
    elif _PRONOUN.search(told):
        yield Opening(lead, HEADED if lead else _VAGUE)
    else:
        yield Opening("", 0.0)


def _is_entry(line: Line) -> bool:
    """A short order that is a paragraph of its own, as in a reference card."""
    return line.read.starts and not line.read.sentence.item and len(line.text.split()) < 10


def _is_free(line: Line, told: str) -> bool:
    parts = tokens(told)
    clause = parse(parts, 0, last_word(parts))
    if clause is None or parts[clause.first].lower in {"you", "some", "many", "most", "each", "every", "people", "one"}:
        return True
    subject = parts[clause.first : clause.subject_end]
    return is_free(subject) and not is_anaphoric(subject, line.read.earlier)


def _told(line: Line) -> str:
    """The sentence without what may stay in print although it points: persons, and what the heading names.

    Only to be judged: *water* stands in it as a subject that needs nothing before it.
    """
    told = PERSONS.sub("people", _ANOTHER.sub("One ", _EXISTENTIAL.sub("some water", line.text)))
    told = _EXPLETIVE.sub("water", _HARMLESS.sub(" ", _WAY.sub("", told)))
    told = _ONE_AND_OTHER.sub(r"\1a second", _TAKEN_UP.sub(r"\1water", _LINE.sub("the line", told)))
    told = DEMONSTRATIVE.sub(lambda match: f"the {match[1]}" if _is_named(line.read, match[1]) else match[0], told)
    return without_told(told[0].upper() + told[1:], "")


_ANOTHER = re.compile(r"\AAnother (?=example of)")
_EXISTENTIAL = re.compile(
    r"(?:\A|(?<=, )|(?<=that )|(?<=if )|(?<=If )|(?<=then )|(?<=because )|(?<=as ))[Tt]here "
    r"(?=(?:is|are|was|were|may be|can be)\b)"
)
_EXPLETIVE = re.compile(
    r"(?<=[Mm]akes )it(?= \w+ (?:for|to)\b)|(?<=[Mm]ake )it(?= \w+ (?:for|to)\b)|"
    r"\b[Ii]t(?= (?:is|was|should be|may be|can be|must be|has become|would be) [^,.]{3,60} "
    r"(?:to (?!the |an? |your |its |their |all )|that|if|for)\b)"
)
_HARMLESS = re.compile(
    r",? however,? | (?<=has )previously (?=been)| such (?=that|as)| (?<=\w )see (?!also|the)| in that (?=\w)|"
    r" in question(?= )| such (?=an? )| the other (?=[a-z]+s\b)"
)
_WAY = re.compile(r" in this way(?=,)| like this(?=,)|(?<=all) of this(?=,)|(?:first|second|third) (?=form\b)")
_TAKEN_UP = re.compile(r"\A((?:If|When|Once|After|Before)\b[^.]*, [^.]*)\bthis(?= (?:in|by|to|with|as|at|on)\b|[.,])")
_ONE_AND_OTHER = re.compile(r"(?<=\bone )(.*)\bthe other\b")
_LINE = re.compile(r"\A(?:L|On l)ine \d+\b")
DEMONSTRATIVE = re.compile(r"\b[Tt]h(?:is|ese) ([a-z]+)\b")
# What only a heading can tell.
_POINTED = re.compile(r"\b(?:this|these|such an?|line \d+|(?:first|second|third) form)\b|\AAnother\b", re.I)
_PRONOUN = re.compile(r"\b(?:it|they|them|its|their)\b")
VAGUE_WORDS = re.compile(
    r"\A(?:There (?:is|are) no|Otherwise|For the same|The (?:same|middle|first|second|third))\b|"
    r"\b(?:in this way|in the same way)\b|\b(?:(?:is|are|was|were) also|now|the other|another|instead(?! of)|"
    r"(?:more|less|fewer|better|faster|smaller|larger)\b(?!.*\bthan\b| or\b))\b"
)
_BARE_SUBJECT = re.compile(
    r"The (?:[a-z]+ )?[a-z]+ (?:is|are|was|were|has|have|may|can|must|should|will|does|do|[a-z]+s)\b"
)
_LEANING = re.compile(
    r"\A(?:Nor|Neither of|Another|Other|Others|Such|Even|In (?:this|that|such)|"
    r"The (?:other|others|second|difference))\b|\bthere\b|"
    r"\A(?:When|If|Once|While|Unless) \w+(?:ed|ing)\b.*, (?:it|they)\b|is that (?:it|they)\b|"
    r"\A\w+ (?:you|one|it|they) d(?:o|oes|id) so\b",
    re.I,
)
_OF_DOCUMENT = re.compile(r"\bthis (?:document|article|manual|reference|tutorial|standard|book)\b", re.I)


def _is_named(read: Reading, noun: str) -> bool:
    """``This document``, ``this pragma`` below the heading of one, ``this type`` below *Type* and *note*."""
    if any(LABEL.match(one.sentence.text) for one in read.lines):
        return False
    if read.opens_section or noun in _HEADED_THINGS or _OF_DOCUMENT.match(f"this {noun}"):
        return True
    titles = {heading_text(heading).lower() for heading in read.sentence.headings}
    return noun in titles or named(read.topic, noun) is not None


# What a heading tells of as a whole.
_HEADED_THINGS = frozenset("problem problems error errors issue kind".split())


def _title_above(read: Reading) -> str:
    """A short line above a paragraph that begins with ``this``: ``- Pre-Depends``, ``**xDelete:**``."""
    if not read.starts or not _BARE.search(read.sentence.text):
        return ""
    before = read.sentence.passage[: read.sentence.origins[0]].rstrip(" \n-*")
    above, _, last = before.rpartition("\n")
    line = last.strip(" -*:•")
    own = not above.rpartition("\n")[2].strip() and not last.endswith((".", ",", ";")) and not is_generic(line)
    return line if own and _TITLE.fullmatch(line) and len(line.split()) <= 4 else ""


_BARE = re.compile(r"\A(?:This|These|It|They|Use this)\b")
_TITLE = re.compile(r"[A-Za-z/][\w/.() -]{2,40}")


def quoted_lead(read: Reading) -> str:
    """The innermost heading as it is printed before a question, quoted where it is no phrase for a sentence."""
    path: list[str] = []
    for heading in reversed(read.sentence.headings):
        topic = topic_of([heading], read.vocabulary.lower, read.vocabulary.capital)
        if topic is not None and topic.kind != "infinitive" and not path:
            return topic.lead
        path.insert(0, heading_text(heading).replace('"', "'"))
        if not is_generic(heading):
            break
    title = ": ".join(path)
    return f'Regarding "{title}"' if len(title.split()) <= 12 and re.search(r"[\w?)]\Z", title) else ""
