"""The last questions: on complements, on statements inside a sentence, on things that a heading or a line names.

They are asked where all other ranks give fewer than two.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from chunksmith.providers.builtin.acceptance import Candidate, finished, unlinked
from chunksmith.providers.builtin.blanks.run_openings import quoted_lead
from chunksmith.providers.builtin.grammar.clauses import parse
from chunksmith.providers.builtin.grammar.reading import Proposal, Reading, past_opening
from chunksmith.providers.builtin.grammar.topic import Topic
from chunksmith.providers.builtin.questions import (
    MAX_OPENED,
    drafted_behind,
    finished_somewhere,
    is_plain,
    proposals,
    raised,
)
from chunksmith.providers.builtin.rules.command_lines import command_lines
from chunksmith.providers.builtin.rules.complements import complements
from chunksmith.providers.builtin.rules.consequents import adjunct_questions
from chunksmith.providers.builtin.rules.enumerated import enumerated
from chunksmith.providers.builtin.rules.errands import steps
from chunksmith.providers.builtin.rules.in_place import asked_in_place
from chunksmith.providers.builtin.rules.inward import excepted, inward, past_label
from chunksmith.providers.builtin.rules.named_things import with_name
from chunksmith.providers.builtin.rules.openings import clause_proposals
from chunksmith.providers.builtin.rules.plain import plain_questions
from chunksmith.providers.builtin.rules.standing import as_it_stands
from chunksmith.providers.builtin.rules.unturned import unturned


def remaining(reads: Sequence[Reading]) -> list[Candidate]:
    """Questions on long complements, on statements inside a sentence, and under headings that have to be quoted."""
    asked = [found for read in reads if is_plain(read, MAX_OPENED) for found in _remaining(read)]
    asked += [
        found
        for read in reads
        for one in (*command_lines(read), *enumerated(read))
        if (found := as_it_stands(read, one))
    ]
    asked += [found for read in reads for inner in excepted(read) for found in _excepted(inner)]
    return [one for one in asked if not _OF_PAGE.search(one.question)]


def _excepted(inner: Reading) -> Iterator[Candidate]:
    clause = parse(inner.tokens, 0, inner.last)
    drafted = clause_proposals(inner, clause) if clause is not None else ()
    headed = (raised(one)._replace(leans=True, needs_lead=True) for one in drafted)
    yield from (found for one in headed if (found := finished(inner, one)))


_OF_PAGE = re.compile(r"\bthe (?:first |second |last |next )?(?:document|section|article|chapter)\b")


def _remaining(read: Reading) -> Iterator[Candidate]:
    headed = _quoting_heading(read)
    for inner in (read, *past_label(read)):
        named = with_name(inner, drafted_behind(replace(inner, told=True)))
        yield from (one for proposal in named if (one := finished(inner, raised(proposal))))
    yield from (one for proposal in steps(read) if (one := finished(read, raised(proposal))))
    for inner in (headed, *inward(headed)):
        yield from (one for proposal in complements(inner) if (one := as_it_stands(inner, proposal)))
        drafted = (*map(raised, (*proposals(inner), *unturned(inner), *plain_questions(inner))), *_in_place_of(inner))
        yield from (one for proposal in drafted if (one := finished(inner, _without_links(proposal))))
        opened = map(_without_links, adjunct_questions(inner))
        yield from (one for proposal in opened if (one := finished_somewhere(inner, proposal)))


def _in_place_of(read: Reading) -> Iterator[Proposal]:
    """Of one statement only, which is about a thing."""
    if read.tokens[past_opening(read)].lower not in {"there", "you"}:
        yield from (one for one in asked_in_place(read) if not _NO_PLACE.search(one.draft.question))


_NO_PLACE = re.compile(r" but |^\W*//|\b(?:is|are|be) (?:to|of|from) what\Z")


def _without_links(proposal: Proposal) -> Proposal:
    """Without "also" and "like this", which would be taken for words that lean."""
    draft = proposal.draft
    question, told = (_LIKE_THIS.sub("", unlinked(f"{text}?")[:-1]) for text in (draft.question, draft.instruction))
    return proposal._replace(draft=replace(draft, question=question, instruction=told))


_LIKE_THIS = re.compile(r"(?<=[a-z]s) like (?:this|these)\b(?! [a-z])")


def _quoting_heading(read: Reading) -> Reading:
    """Where no heading fits into a sentence, the innermost is quoted."""
    quoted = quoted_lead(read) if read.topic is None else ""
    return replace(read, topic=Topic(quoted.removeprefix("Regarding "), "noun")) if quoted else read
