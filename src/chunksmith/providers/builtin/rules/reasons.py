"""Questions across two sentences: ``A. Therefore B.`` asks why B, and A answers."""

import re
from collections.abc import Iterator

from chunksmith.providers.builtin.acceptance import Candidate, worded
from chunksmith.providers.builtin.grammar.clauses import parse
from chunksmith.providers.builtin.grammar.reading import Reading, subject_phrase
from chunksmith.providers.builtin.grammar.verbs import reading
from chunksmith.providers.builtin.grammar.views import View, clause_end, doubled
from chunksmith.providers.builtin.summary import is_statement

_CONCLUDING = re.compile(
    r"(?:(?:and )?(?:so|therefore|thus|hence|consequently|accordingly|as a result|for (?:this|that) reason|"
    r"as a consequence|because of this),? |(?:this|that|which) (?:means|implies) that )(?!far\b|that\b)",
    re.I,
)
_SHORTEST, _LONGEST = 6, 36  # words
_SCORE = 6.8


def reasons(read: Reading) -> Iterator[Candidate]:
    """Why something holds, when the sentence draws it from the one before."""
    found = _CONCLUDING.match(read.sentence.text)
    before = read.before
    if found is None or before is None or not _is_reason(before.text) or not is_statement(before, "en"):
        return
    start = next((place for place, token in enumerate(read.tokens) if token.start >= found.end()), read.last)
    clause = parse(read.tokens, start, read.last)
    if clause is None or clause_end(clause) != read.last or read.tokens[start].tag in ("sub", "prep"):
        return
    subject = subject_phrase(read, clause)
    if subject is None or subject.needs_lead or subject.penalty > 2:
        return
    view = View(read.sentence.text, clause, subject.text, read.last)
    if doubled(view, view.end) or any(token.tag == "modal" for token in read.tokens[clause.main : read.last]):
        return
    passage = read.sentence.passage
    quote = passage[before.origins[0] : read.sentence.origins[-1] + 1]
    asked = worded(view.ask("Why", view.end), before.quote)
    if asked and quote.startswith(before.quote):
        told = view.tell("Explain why", view.end) + "."
        score = _SCORE - subject.penalty - subject.leans
        yield Candidate("why", asked, told, before.quote, quote, score, read.number)


def _is_reason(text: str) -> bool:
    """A statement, neither an order nor a question, that is not too long to answer with."""
    first = text.split(maxsplit=1)[0].lower()
    fits = _SHORTEST <= len(text.split()) <= _LONGEST
    return fits and not reading(first, "b") and first not in {"if", "to", "for"}
