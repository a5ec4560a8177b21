"""The sentences that explain a question, printed before it: ``A. What does it do?``"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from chunksmith.providers.builtin.grammar.clauses import parse
from chunksmith.providers.builtin.grammar.framing import is_anaphoric, is_free, is_pointing
from chunksmith.providers.builtin.grammar.neighbours import lacks_subject
from chunksmith.providers.builtin.grammar.passage import Sentence
from chunksmith.providers.builtin.grammar.reading import Reading, has_clause, is_expletive, past_opening
from chunksmith.providers.builtin.grammar.verbs import NOUN_LIKE, reading
from chunksmith.providers.builtin.grammar.words import Token, tokens
from chunksmith.providers.builtin.pointing import is_whole
from chunksmith.providers.builtin.summary import commands, stands
from chunksmith.providers.builtin.wording import names_variable

_LONGEST = 40  # words of one sentence
_RUN = 60  # words
LONGEST_RUN = 90  # words, where nothing else is left


class Context(NamedTuple):
    """``text`` goes before the question; ``quote`` is the passage from its beginning to the end of the sentence."""

    text: str
    quote: str


def context_of(read: Reading, words: int = _RUN) -> Context | None:
    """The shortest run of sentences right before this one, in its paragraph, that can be printed alone.

    A run from the beginning of the paragraph may lean on its heading, which is printed before it.
    """
    for size in range(1, len(read.lines) + 1):
        run = read.lines[-size:]
        if not _goes_on(_text(run[0])) or sum(len(one.sentence.text.split()) for one in run) > words:
            break
        if any(not _names(run[:place], line) for place, line in enumerate(run) if place):
            continue
        if _opens(run[0]):
            return _printed(read, run, "")
        if run[0].starts and run[0].topic is not None and _opens_section(run[0]):
            return _printed(read, run, f"{run[0].topic.lead}: ")
    return _introduced(read)


def _names(before: Sequence[Reading], line: Reading) -> bool:
    """``this file`` in a sentence that is printed: the ones before it speak of a file."""
    told = " ".join(one.sentence.text for one in before).lower()
    return all(match[1].removesuffix("s") in told for match in _TAKEN_UP.finditer(line.sentence.text))


_TAKEN_UP = re.compile(r"\b(?:this|these) (file|document|command|option|package|table|directory|field|form)s?\b", re.I)


def _introduced(read: Reading) -> Context | None:
    """The last sentence that speaks of what ``this lamp`` or ``the lamp`` at the beginning takes up."""
    start = past_opening(read)
    if read.tokens[start].lower not in _TAKING or not read.farther:
        return None
    clause = parse(read.tokens, start, read.last)
    subject = read.tokens[start + 1 : clause.subject_end] if clause is not None else ()
    bare = subject and all(token.tag in ("word", "quoted") for token in subject)
    if not bare or not subject[-1].text.islower() or len(subject[-1].text) < 4:
        return None
    noun = re.compile(rf"\b{re.escape(subject[-1].lower.removesuffix('s'))}s?\b", re.I)
    for line in reversed(read.farther):
        if noun.search(line.sentence.text):
            return Context(_text(line), read.sentence.quote) if _opens(line) else None
    return None


_TAKING = frozenset("the this these such".split())


def _text(read: Reading) -> str:
    """Without the words that only link it to the one before."""
    start = past_opening(read)
    # Without "sometimes" the statement would say more than the passage does.
    hedge = next((place for place, token in enumerate(read.tokens[:start]) if token.lower in _HEDGES), start)
    text = read.sentence.text[read.tokens[min(hedge, len(read.tokens) - 1)].start :]
    return text[0].upper() + text[1:]


_HEDGES = frozenset(
    "sometimes usually generally normally typically often occasionally traditionally historically".split()
)


def _printed(read: Reading, run: Sequence[Reading], lead: str) -> Context | None:
    first = run[0].sentence
    quote = read.sentence.passage[first.origins[0] : read.sentence.origins[-1] + 1]
    text = " ".join((_text(run[0]), *(one.sentence.text for one in run[1:])))
    return Context(lead + text, quote) if quote.startswith(first.quote) else None


def taking_up(read: Reading) -> Reading:
    """The sentence as it is read behind its context: a bare ``this`` is a subject like ``it``."""
    start = past_opening(read)
    parts = list(read.tokens)
    bare = start + 2 < read.last and parts[start].lower in _BARE
    # "this files" could be anything; "this file is" is a noun, and "this prevents" a verb.
    if bare and (parts[start + 1].tag not in ("word", "quoted", "num") or parse(parts, start, read.last) is None):
        many = parts[start].lower in {"these", "those"}
        parts[start] = parts[start]._replace(lower="they" if many else "it", tag="pron")
    return replace(read, tokens=parts, told=True)


_BARE = frozenset("this these that those".split())


def _opens(read: Reading) -> bool:
    """Nothing in it is explained by what stands before."""
    if read.tokens[0].lower in _CONTRASTS or not stands_as_context(_text(read)):
        return False
    clause = parse(read.tokens, past_opening(read), read.last)
    if clause is None or read.tokens[clause.first].lower in {"you", "some", "many", "most", "each", "every"}:
        return True
    subject = read.tokens[clause.first : clause.subject_end]
    if read.tokens[clause.first].lower == "it":
        return is_expletive(clause)
    return is_free(subject) and not is_anaphoric(subject, read.earlier)


# Each of them says what holds in another case than the one before it.
_CONTRASTS = frozenset("otherwise instead conversely alternatively likewise similarly".split())


def _opens_section(read: Reading) -> bool:
    """Under its heading, which tells of what thing ``the first byte`` is."""
    clause = parse(read.tokens, past_opening(read), read.last)
    pointing = clause is None or is_pointing(read.tokens[clause.first : clause.subject_end])
    return not pointing and is_whole(_text(read)) and stands(_text(read), "en")


def gives_context(before: Sentence) -> bool:
    """A statement of moderate length that can be printed alone."""
    return stands_as_context(before.text)


def stands_as_context(text: str) -> bool:
    return _goes_on(text) and stands(text, "en") and is_whole(text)


def is_fragment(text: str) -> bool:
    """``The key, used to open the tower.``: no statement, although it ends like one."""
    return bool(_FRAGMENT.search(text))


def _goes_on(text: str) -> bool:
    """A whole statement that speaks of nothing but what the ones before it tell."""
    fits = 5 <= len(text.split()) <= _LONGEST and text[-1] == "." and text[0].isupper()
    plain = fits and not _FAR.search(text) and not is_fragment(text) and not names_variable("", text)
    return plain and is_clause(text)


def is_clause(text: str) -> bool:
    """A whole sentence, as far as can be seen: an order, or words with a finite verb among them."""
    if commands(text):
        return True
    parts = tokens(text)
    if lacks_subject(parts, 0, len(parts)):
        return False
    if parts[0].tag in ("prep", "sub", "to"):
        return has_clause(text.partition(", ")[2] or "-")
    verbs = [place for place, token in enumerate(parts) if place and _is_finite(token)]
    return has_clause(text) or any(not _introduced_by(parts, place) for place in verbs)


def _is_finite(token: Token) -> bool:
    if token.tag in ("be", "have", "do", "modal"):
        return True
    form = reading(token.lower, "sd") if token.tag == "word" else None
    return form is not None and form.base not in NOUN_LIKE


def _introduced_by(parts: Sequence[Token], place: int) -> bool:
    """A verb of an inner clause, or a participle behind a comma: ``the option, used to …``."""
    near = parts[max(0, place - 5) : place]
    aside = parts[place - 1].text == "," and reading(parts[place].lower, "n") is not None
    return aside or any(token.tag in ("rel", "sub", "wh") for token in near)


_FAR = re.compile(
    r"\b(?:above|below|following(?! an? )|aforementioned|preceding|here|we|our|ours|us|i|my|me|figures?|"
    r"sections? \d|lines? \d+|chapters?|appendix|page|mentioned|see (?:section|also|the)|"
    r"this (?:section|document|article|manual))\b|"
    r"\A(?:See|Suppose|Imagine|Having)\b",
    re.I,
)
_FRAGMENT = re.compile(
    r"\A(?:An?|The) [^,]{3,50}, (?:used|given|called|meant|intended|needed) [^,]*\Z|"
    r"\bbeing \w+\.$|^(?:Query|Line \d)\b|\bjust that\b|^(?:An?|The|One) \w+:"
)
