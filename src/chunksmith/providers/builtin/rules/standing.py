"""Questions on a sentence that stands alone: what applies behind its opening, what is true of its subject.

They are asked where nothing else is left. The answer is the statement as it stands, so that no verb has to be turned
and nothing is cut off; what they need is an opening or a subject that is certain and named in full.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from chunksmith.providers.builtin.acceptance import Candidate, in_full
from chunksmith.providers.builtin.grammar.clauses import parse
from chunksmith.providers.builtin.grammar.finite import subject_is_plural
from chunksmith.providers.builtin.grammar.framing import is_anaphoric, is_free, is_partial, leans_on_earlier
from chunksmith.providers.builtin.grammar.persons import asks_who, kind_of, names_stranger
from chunksmith.providers.builtin.grammar.reading import Proposal, Reading, is_expletive, past_opening, subject_phrase
from chunksmith.providers.builtin.grammar.verbs import reading
from chunksmith.providers.builtin.grammar.views import Draft, View, clause_end
from chunksmith.providers.builtin.grammar.words import Token, tokens
from chunksmith.providers.builtin.pointing import is_of_case, is_whole, points_away, without_told
from chunksmith.providers.builtin.rules.conditions import statement_end
from chunksmith.providers.builtin.rules.directives import Directive, directive_at, is_deed, what_to_do
from chunksmith.providers.builtin.rules.errands import errands
from chunksmith.providers.builtin.rules.openings import lead_text
from chunksmith.providers.builtin.rules.stranded import stranded
from chunksmith.providers.builtin.rules.truths import truths
from chunksmith.providers.builtin.summary import commands
from chunksmith.providers.builtin.wording import names_variable

_SCORE = 5.0
_LEAST_TOLD = 3  # words of a subject, or of an opening, that say what is asked about


def standing_questions(read: Reading) -> Iterator[Candidate]:
    """``If A, B`` → what applies if A? ``S does B`` → what is true of S?"""
    start = past_opening(read)
    while start < read.last and read.tokens[start].lower in {"or", ","}:
        start += 1
    if read.last - start < 7 or read.sentence.text[-1] != "." or read.told:
        return
    text = read.sentence.text[read.tokens[start].start :]
    if not is_whole(text) or names_variable("", text) or ELSEWHERE.search(read.sentence.quote):
        return
    opened = read.tokens[start].tag in ("prep", "sub", "to")
    for proposal in _behind_opening(read, start) if opened else _of_subject(read, start):
        candidate = as_it_stands(read, proposal)
        if candidate is not None:
            yield candidate


# It speaks of its page, sends the reader elsewhere, or goes on behind a colon.
ELSEWHERE = re.compile(
    r"[:;]|\b(?:information is|above|below|see|etc|as (?:described|explained|shown)|"
    r"(?:described|explained|discussed|documented|shown) (?:in|at|by|here|separately)|"
    r"in (?:some|most|all|many|both|other) cases|(?:this|that|next|previous|manual|web|wiki) pages?|"
    r"that (?:case|event)|"
    r"the (?:first|second|last|third|next) (?:step|case|form|column|argument|two)s?)\b|"
    r"\bjust (?:described|discussed|mentioned|seen)\b|"
    r"\b(?:diagram|figure|example|picture)s?\b",
    re.I,
)


def is_closed(read: Reading, start: int, end: int) -> bool:
    """Nothing in ``tokens[start:end]`` points outside, whatever stands in the rest of the sentence."""
    low, high = read.tokens[start].start, read.tokens[end - 1].end
    text, original = read.sentence.text[low:high], read.sentence.original(low, high)
    if original is None or not is_whole(f"{text}.") or names_variable("", text):
        return False
    return not (ELSEWHERE.search(original) or points_away(without_told(original, "")) or _LEFT_OPEN.search(text))


# Which one, the sentence before tells.
_LEFT_OPEN = re.compile(
    r"\bthe (?:situation|problem|issue|matter|process)\b(?! (?:of|that|when|where|in which)\b)", re.I
)


def below_heading(read: Reading, draft: Draft, leans: bool) -> Iterator[Proposal]:
    """The draft as it stands, or behind the heading when it leans; nothing when there is no heading then."""
    told = read.topic is not None and read.topic.text.lower() in draft.question.lower()
    if told or (not leans and not leans_on_earlier(tokens(draft.question), read.earlier)):
        yield Proposal(replace(draft, question=draft.question[0].upper() + draft.question[1:]))
    elif read.topic is not None:
        lead = f"Regarding how to {read.topic.text}" if read.topic.kind == "infinitive" else read.topic.lead
        asked = f"{lead}, {draft.question[0].lower()}{draft.question[1:]}"
        yield Proposal(
            Draft(draft.kind, asked, f"State the answer: {asked}?", draft.start, draft.end, draft.score - 0.3)
        )


def as_it_stands(read: Reading, proposal: Proposal) -> Candidate | None:
    """The sentence stands alone, so that its parts do; what is left to judge is how they read."""
    draft = proposal.draft
    low, high = read.tokens[draft.start].start, read.tokens[draft.end - 1].end
    answer, question = read.sentence.original(low, high), in_full(proposal.lead, draft.question)
    asked, said = len(question.split()), len(read.sentence.text[low:high].split())
    if (
        answer is None
        or (is_of_case(read.sentence.text) and not read.told)
        or (said == 1 and not asked >= 6)
        or not 4 <= asked <= 40
        or len(question) > 260
        or not 1 <= said <= 44
    ):
        return None
    if question.count('"') % 2 or question.count("`") % 2 or question.count("(") != question.count(")"):
        return None
    told_already = set(re.findall(r"\w{4,}", read.sentence.text[low:high].lower()))
    if draft.kind != "whether" and told_already and told_already <= set(re.findall(r"\w{4,}", question.lower())):
        return None
    if names_stranger(draft.question, answer) or _AWKWARD.search(question) or _TRAILING.search(answer):
        return None
    score = draft.score - proposal.penalty - 0.5 * (asked > 20) - 0.5 * (said > 26)
    question = asks_who(question, read.sentence.text[low:high], read.people)
    told = f"{draft.instruction}." if not proposal.lead else f"Answer the question: {question}"
    return Candidate(kind_of(draft.kind, question), question, told, answer, read.sentence.quote, score, read.number)


_TRAILING = re.compile(r", (?!etc\Z)\w+\Z")
_AWKWARD = re.compile(
    r"\b(\w+) \1\b|\bplease\b|\bsuch\b(?! as\b| an? \w+ (?:as|that)\b)|\b(?:the|a|an|and|or|being|only|then)\?", re.I
)


_OCCASIONS = frozenset("if unless when whenever once before after until".split())
_STOPS = frozenset({";", ":", "—", "–"})


def _behind_opening(read: Reading, start: int) -> Iterator[Proposal]:
    parts = read.tokens
    comma = _only_comma(parts, start, read.last)
    if comma is None or not _tells_when(read, start, comma):
        return
    begin = comma + 2 if parts[comma + 1].lower == "then" else comma + 1
    if any(token.text in _STOPS for token in parts[start : read.last]) or read.last - begin < 4:
        return
    lead = lead_text(read, start, comma)
    order = directive_at(read, begin, read.last) or _order_behind_you(read, start, begin)
    free = free_to(read, begin)
    if free:
        asked, told = f"What may you do {lead}", f"State what you may do {lead}"
        yield Proposal(Draft("condition", asked, told, free, read.last, _SCORE + 0.5))
    elif order is not None:
        if is_deed(order) and not (_is_purpose(parts, start) and order.negated):
            asked, told = what_to_do(order, lead)
            yield Proposal(Draft("condition", asked, told, order.verb, read.last, _SCORE + 0.5))
    elif _follows(read, start, comma, begin):
        needed = any(token.lower in _NEEDED for token in parts[begin : begin + 8])
        if _is_purpose(parts, start) and not needed:
            return
        asked = f"{'What must be done' if _is_purpose(parts, start) else 'What applies'} {lead}"
        told = f"State {asked[0].lower()}{asked[1:]}"
        yield Proposal(Draft("condition", asked, told, begin, read.last, _SCORE + 0.3))


def _order_behind_you(read: Reading, start: int, begin: int) -> Directive | None:
    """``If you …, upload to X``: behind a condition of the reader's a bare verb can only be an order."""
    first = read.tokens[begin]
    bare = first.tag == "word" and first.text.islower() and reading(first.lower, "b")
    return Directive(read, begin, read.last, "should") if bare and read.tokens[start + 1].lower == "you" else None


def free_to(read: Reading, begin: int) -> int:
    """Where the permission of ``please feel free to do A`` begins; 0 when there is none."""
    place = begin + (read.tokens[begin].lower == "please")
    free = [token.lower for token in read.tokens[place : place + 3]] == ["feel", "free", "to"]
    return place + 3 if free and place + 5 < read.last else 0


def _is_purpose(parts: Sequence[Token], start: int) -> bool:
    """``To do A``, ``In order to do A``"""
    return parts[start].tag == "to" or [token.lower for token in parts[start : start + 3]] == ["in", "order", "to"]


_NEEDED = frozenset("must should".split())


def _only_comma(parts: Sequence[Token], start: int, last: int) -> int | None:
    """The comma behind the opening: the first one, unless more of them may be a list."""
    commas = [place for place in range(start + 2, last - 3) if parts[place].text == ","]
    if not commas or commas[0] - start > 26:
        return None
    first = commas[0]
    following = parts[first + 1]
    if parts[start].lower in {"if", "when"} and any(parts[place + 1].lower == "then" for place in commas[1:]):
        # "If a process opens the file, closes and opens it again, then …": the condition goes on.
        return None
    if (
        following.tag == "conj"
        or (following.tag == "rel" and following.lower != "that")
        or (following.lower == "then" and following is parts[-1])
    ):
        return None
    near = commas[1] - first if len(commas) > 1 else 99
    return None if near < 4 or following.tag in ("prep", "sub") else first


def _tells_when(read: Reading, start: int, comma: int) -> bool:
    """The opening is a purpose, a statement on something that is named in full, or what the reader does."""
    parts = read.tokens
    if _is_purpose(parts, start):
        return comma - start >= _LEAST_PURPOSE + 2 * (parts[start].tag != "to")
    if [token.lower for token in parts[start : start + 3]] == ["as", "long", "as"]:
        start += 2
    elif parts[start].lower not in _OCCASIONS:
        return False
    told = [token for token in parts[start + 1 : comma] if token.tag in ("word", "quoted", "num")]
    first = parts[start + 1]
    if first.lower == "you":
        return len(told) >= _LEAST_TOLD - 1
    if len(told) < _LEAST_TOLD:
        return False
    if reading(first.lower, "g"):
        return parts[start + 2].tag in ("det", "word", "quoted") and parts[start].lower not in {"if", "unless"}
    if first.lower == "there":
        return parts[start + 2].tag == "be"
    clause = parse(parts, start + 1, comma)
    if clause is None:
        return False
    subject = parts[clause.first : clause.subject_end]
    # "If no source is included": what is not there need not be known.
    absent = first.lower == "no" and len(subject) > 2
    free = absent or is_free(subject)
    return free and not is_anaphoric(subject, read.earlier) and not is_partial(subject)


_LEAST_PURPOSE = 4  # tokens


def _follows(read: Reading, start: int, comma: int, begin: int) -> bool:
    """What comes behind the opening is one statement; what ``it`` is in it, the opening tells."""
    parts = read.tokens
    first = parts[begin].lower
    if first in _SPEAKERS or statement_end(read, begin) != read.last:
        return False
    if first in {"it", "they"}:
        clause = parse(parts, begin, read.last)
        if clause is not None and first == "it" and is_expletive(clause):
            return True
        opening = parse(parts, start + 1, comma)
        if opening is None or parts[opening.first].tag == "pron":
            return False
        return subject_is_plural(parts[opening.first : opening.subject_end]) == (first == "they")
    if first in {"that", "those"}:
        # "If an index is …, that index can be …": the opening has named it.
        return any(token.lower == parts[begin + 1].lower for token in parts[start + 1 : comma])
    return parts[begin].tag in ("det", "word", "quoted", "num") or first in {"there", "you"}


_SPEAKERS = frozenset("i we he she this these such one so then not any either neither".split())


def _of_subject(read: Reading, start: int) -> Iterator[Proposal]:
    """What its predicate gives; else what is true of it."""
    parts = read.tokens
    order = directive_at(read, start, read.last)
    if order is not None:
        yield from (Proposal(draft) for draft in errands(order))
        return
    clause = None if commands(read.sentence.text) else parse(parts, start, read.last)
    if clause is None or parts[start].tag == "pron":
        return
    subject = parts[clause.first : clause.subject_end]
    if not is_free(subject) or is_partial(subject) or is_anaphoric(subject, read.earlier):
        return
    named = subject_phrase(read, clause)
    if named is None or named.penalty > _DOUBTFUL:
        return
    if not named.leans and not named.needs_lead:
        view = View(read.sentence.text, clause, named.text, clause_end(clause))
        yield from (Proposal(draft) for draft in stranded(view))
    yield from truths(read, clause, named)


_DOUBTFUL = 2.0
