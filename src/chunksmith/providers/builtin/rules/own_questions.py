"""Questions that a document asks itself, in a heading, answered by the paragraph below it."""

import re
from collections.abc import Iterator, Sequence

from chunksmith.providers.builtin.acceptance import Candidate, headed
from chunksmith.providers.builtin.grammar.reading import Reading
from chunksmith.providers.builtin.grammar.topic import heading_text
from chunksmith.providers.builtin.pointing import stands_alone

_ASKS = re.compile(
    r"(?:(?P<wh>what|who|where|when|why|how|which)|do|does|did|is|are|was|were|can|could|may|should|will|would|must|"
    r"has|have)\b",
    re.IGNORECASE,
)
_WORDS = range(3, 26)
_ANSWER_WORDS = range(5, 71)
_MOST_SENTENCES = 3
# Who reads a page of questions asks its authors, whom nothing but the title of the page names.
_READER = re.compile(r"\b(?:i|me|my|mine)\b", re.IGNORECASE)
_AUTHORS = re.compile(
    r"\b(?:we|us|our|ours|your|yours|(?:do|did|are|were|will|would|can|could|have) you)\b", re.IGNORECASE
)
_OF_THE_PAGE = re.compile(
    r"\A(?:the )?(?:frequently asked questions|faqs?|questions and answers|q ?& ?a)\W*", re.IGNORECASE
)
_ELSEWHERE = re.compile(
    r"\b(?:below|above|following|as follows|see|here|figure|section|chapter|mentioned|described|shown)\b", re.IGNORECASE
)
_TAKES_UP = re.compile(r"(?:this|these|that|those|he|she|so|such|here|there|another|the (?:former|latter))\b", re.I)
_LABEL = re.compile(r"\A[#\s]*(?:(?:A|Answer)(?: ?\d{1,3})?[:.]\s+)?")
_YES = re.compile(r"(?:(?:yes|no|none|never|always|not yet|of course)[.,!]\s*)+", re.IGNORECASE)
_SCORE = 7.0


def own_questions(reads: Sequence[Reading]) -> Iterator[Candidate]:
    """One for each heading that asks; those that its first sentence answers alone are ``headed``'s."""
    for number, read in enumerate(reads):
        heading = heading_text(read.sentence.heading)
        if read.opens_section and heading.endswith("?") and not any(headed(read)):
            yield from _asked(heading, reads[number : number + _MOST_SENTENCES])


def _asked(heading: str, reads: Sequence[Reading]) -> Iterator[Candidate]:
    asks = _ASKS.match(heading)
    question = _with_title(heading, reads[0].sentence.headings)
    if asks is None or len(heading.split()) not in _WORDS or question is None:
        return
    answer = _first_paragraph(heading, reads)
    kind = (asks["wh"] or "what").lower()
    if answer is not None and _answers(answer):
        told = f"Answer the question: {question}"
        yield Candidate("what" if kind == "which" else kind, question, told, answer, answer, _SCORE, reads[0].number)


def _with_title(heading: str, headings: Sequence[str]) -> str | None:
    """None where it cannot be known who or what is meant."""
    if not stands_alone(_AUTHORS.sub("somebody", _READER.sub("somebody", heading))):
        return None
    if not _AUTHORS.search(heading):
        return heading
    title = _OF_THE_PAGE.sub("", heading_text(headings[0])) if len(headings) > 1 else ""
    return f"Regarding {title}, {heading[0].lower()}{heading[1:]}" if title and not title.endswith("?") else None


def _first_paragraph(heading: str, reads: Sequence[Reading]) -> str | None:
    """As many of its sentences as stand in ``reads``; None where something else stands before or between them."""
    first = reads[0].sentence
    before = first.passage[: first.origins[0]]
    lead = before[before.rfind("\n\n") + 1 :].rpartition(heading)[2]
    lead = _LABEL.sub("", lead)
    if lead and not _YES.fullmatch(lead):
        return None
    end = first.origins[-1] + 1
    for sentence in (read.sentence for read in reads[1:]):
        if sentence.paragraph != first.paragraph or first.passage[end : sentence.origins[0]].strip():
            break
        end = sentence.origins[-1] + 1
    return first.passage[first.origins[0] - len(lead) : end]


def _answers(answer: str) -> bool:
    return (
        answer[0].isupper()
        and answer[-1] in ".!"
        and len(answer.split()) in _ANSWER_WORDS
        and not _TAKES_UP.match(_YES.sub("", answer, count=1))
        and not _ELSEWHERE.search(answer)
    )
