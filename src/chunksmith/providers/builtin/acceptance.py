"""Decides whether a drafted question may go out, and what it is worth."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from chunksmith.providers.builtin.framing import answer_stands_alone, stands_alone
from chunksmith.providers.builtin.reading import Proposal, Reading
from chunksmith.providers.builtin.topic import Topic, heading_text
from chunksmith.providers.builtin.views import Draft


@dataclass(frozen=True, slots=True)
class Candidate:
    kind: str
    question: str
    instruction: str
    answer: str
    quote: str
    score: float
    sentence: int


def finished(read: Reading, proposal: Proposal) -> Candidate | None:
    """The draft as an item, or None when it would read badly or could not be answered alone."""
    return _judged(read, proposal)[0]


def refusal(read: Reading, proposal: Proposal) -> str:
    """Why the draft was not taken; empty when it was."""
    return _judged(read, proposal)[1]


_OPEN = re.compile(r"(?P<wh>what|who|where|when|why|how|which)\b", re.I)
_KIND = {"who": "who", "where": "where", "when": "when", "why": "why", "how": "how"}


def headed(read: Reading) -> Iterator[Candidate]:
    """A heading that is a question, answered by the first sentence below it."""
    heading = heading_text(read.sentence.heading)
    match = _OPEN.match(heading)
    text = read.sentence.text
    if not read.opens_section or not heading.endswith("?") or match is None or not 4 <= len(heading.split()) <= 20:
        return
    stated = text[0].isupper() and text[-1] == "." and 6 <= len(text.split()) <= 45
    # A condition or a remark at the beginning is not yet the answer.
    stated = stated and read.tokens[0].tag not in ("sub", "conj", "pron", "adv")
    if stated and answer_stands_alone(text) and stands_alone(heading):
        kind = _KIND.get(match["wh"].lower(), "what")
        told = f"Answer the question: {heading}"
        yield Candidate(kind, heading, told, read.sentence.quote, read.sentence.quote, 8.0, read.number)


class _Verdict(NamedTuple):
    candidate: Candidate | None
    reason: str = ""


def _judged(read: Reading, proposal: Proposal) -> _Verdict:
    draft = proposal.draft
    if draft.end <= draft.start:
        return _Verdict(None, "empty answer")
    low, high = read.tokens[draft.start].start, read.tokens[draft.end - 1].end
    answer = read.sentence.original(low, high)
    clean = read.sentence.text[low:high]
    if answer is None:
        return _Verdict(None, "answer not verbatim")
    if read.tokens[draft.end : draft.end + 1] and read.tokens[draft.end].text == ":":
        return _Verdict(None, "answer goes on")
    lead, penalty = _context(read.topic, proposal)
    if lead is None:
        return _Verdict(None, "no context")
    question = _LINKS.sub("", _joined(lead, draft.question) + "?")
    instruction = _LINKS.sub("", _joined(lead, draft.instruction) + ".")
    if not _answer_fits(draft, clean):
        return _Verdict(None, "answer leans or ends badly")
    # A heading names the subject of its section, not what "it" is.
    headed_only = bool(lead) and not proposal.lead
    if not _question_fits(question, clean) or (headed_only and not stands_alone(draft.question + "?")):
        return _Verdict(None, "question leans or reads badly")
    score = draft.score - penalty + _length_score(question, clean, draft.kind)
    if score < _LEAST_SCORE:
        return _Verdict(None, "low score")
    candidate = Candidate(draft.kind, question, instruction, answer, read.sentence.quote, score, read.number)
    return _Verdict(candidate)


_LEAST_SCORE = 4.0


class _Context(NamedTuple):
    lead: str | None
    penalty: float


def _context(topic: Topic | None, proposal: Proposal) -> _Context:
    """The heading before a question that leans on it; no lead at all when the question would be empty without."""
    lead, penalty = proposal.lead, proposal.penalty
    # "What does SQLite assume?" has as many answers as the document has sentences.
    short = proposal.draft.kind == "what" and not lead and len(proposal.draft.question.split()) <= 4
    if not proposal.leans and not short:
        return _Context(lead, penalty)
    if topic is not None:
        asked = f"{lead} {proposal.draft.question}".lower()
        if all(word in asked for word in topic.text.lower().split()):
            return _Context(lead, penalty)
        if lead:
            return _Context(None if proposal.needs_lead else lead, penalty + 1.5)
        return _Context(topic.lead, penalty + 0.3)
    return _Context(None if proposal.needs_lead else lead, penalty + (proposal.doubt if proposal.leans else 1.0))


def _joined(lead: str, text: str) -> str:
    return _sentence_case(f"{lead}, {_small_wh(text)}" if lead else text)


# Words that tie a sentence to the one before and change nothing in the question.
_LINKS = re.compile(
    r",? (?:instead|of course|too|as well|however|though|either)(?=[?.]$)|"
    r"(?<=[a-z`\"] )(?:also|still|therefore|thus|hence|indeed|again|however|nevertheless|thereby|now|just|even|"
    r"already|certainly|currently|simply|in fact|of course) "
)


def _small_wh(text: str) -> str:
    return text[0].lower() + text[1:]


def _sentence_case(text: str) -> str:
    return text[0].upper() + text[1:]


def _answer_fits(draft: Draft, answer: str) -> bool:
    words = answer.split()
    if not words or len(words) > (45 if draft.kind == "definition" else 36) or (len(words) < _LEAST.get(draft.kind, 1)):
        return False
    if words[-1].lower() in {"too", "however", "though"} and words[-2:-1] and words[-2].endswith(","):
        return False
    if words[-1].lower() in _BAD_ENDINGS or answer.count('"') % 2 or answer.count("“") != answer.count("”"):
        return False
    # A footnote number before a pronoun, an abbreviation that ends two sentences.
    if words[-2:] == ["of", "course"] or _GLUED.search(answer):
        return False
    if _EMPTY_CONDITION.match(answer):
        return False
    if draft.kind == "condition" and words[0].lower() in {"it", "they"}:
        return answer_stands_alone(" ".join(words[1:]))
    return answer_stands_alone(answer)


_GLUED = re.compile(r"^\d+ (?:they|it|you|the|we)\b|\. etc$", re.I)
_EMPTY_CONDITION = re.compile(
    r"(?:if|when|because|unless) (?:(?:it|they|he|she|so|you|this)(?: \w+){0,2}$|one (?:is|exists|was|has)\b)", re.I
)
_LEAST = {"how": 2, "why": 3, "condition": 3}
_BAD_ENDINGS = frozenset(
    """
    the a an of to in on at by for with from and or but that which is are was were as than not only its their this
    also both either such if when because so be more very least better even especially particularly just away into
    e.g i.e
    """.split()
)


_BAD_QUESTION = re.compile(
    r"\b(\w+) \1\b|[:;]|\bdoes not only\b|\bdo you (?:need(?! to)|want)\b|\bnot only\b|\bin order\?|[,(]\?|"
    r"\b(?:the|a|an|and|or|but|so|it|them)\?|\bwhat (?:is|are) there(?! no)\b|"
    r"\bwhat (?:is|are) it(?! (?:not |very |often |usually |also |generally |a good )?\w+ (?:to|for))\b|"
    r"\bthere\b.*\bthere\b|(?<!/)\betc\b(?!/)|\b(\S+) or \2\b|\w`[\w@-]|\bas well\?|"
    r"^Under what condition\b.*\bsince\b|, \w+\?$|\bwhat does (?:a|an|the|one) (?:lot|number|few)\b",
    re.I,
)


def _question_fits(question: str, answer: str) -> bool:
    count = len(question.split())
    if not 3 <= count <= 30 or len(question) > 220 or _BAD_QUESTION.search(question) or not stands_alone(question):
        return False
    if question.count("(") != question.count(")") or question.count("[") != question.count("]"):
        return False
    if question.count('"') % 2 or question.count("`") % 2 or question.count("“") != question.count("”"):
        return False
    if _VARIABLE.search(question) and "(" not in question:
        return False
    # "the length, or 0": which of them holds depends on the condition in the question.
    if ", or " in answer and re.search(r" (?:if|when) ", question) and question.startswith("What does"):
        return False
    if len(answer.split()) == 1 and question.endswith(" do?"):
        return False
    asked = set(re.findall(r"\w{4,}", question.lower()))
    if answer.startswith("-") or set(re.findall(r"\w{4,}", answer.lower())) <= asked | {
        "with",
        "from",
        "into",
        "using",
    }:
        # "with the debuild command" is no answer to a question on the debuild command.
        return any(char.isdigit() for char in answer) and not answer.startswith("-")
    if _THIN.fullmatch(answer) and count < 12 and _WHAT.search(question):
        return False
    return answer.lower().rstrip(".") not in question.lower()


_VARIABLE = re.compile(r"\b(?:if|when|does|is|can|will) [A-Z] ")
_WHAT = re.compile(r"\bwhat (?:does|do|did|is|are|was|were|can|may|must|should|will)\b", re.I)
# "the application", "usual": too little to tell a right answer from a wrong one.
_THIN = re.compile(r"(?:the )?[a-z]+")


def _length_score(question: str, answer: str, kind: str) -> float:
    asked, said = len(question.split()), len(answer.split())
    score = -1.0 if asked > 20 else 0.0
    score -= 1.0 if asked > 25 else 0.0
    score -= 2.0 if asked < 4 and kind != "definition" else 0.0
    score += 0.5 if 2 <= said <= 18 else 0.0
    score -= 1.0 if said == 1 and kind == "what" and asked <= 5 else 0.0
    return score - (1.5 if said > 26 else 0.0)
