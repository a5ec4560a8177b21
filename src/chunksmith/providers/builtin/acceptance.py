"""Decides whether a drafted question may go out, and what it is worth."""

import re
from dataclasses import dataclass

from chunksmith.providers.builtin.framing import answer_stands_alone, stands_alone
from chunksmith.providers.builtin.reading import Reading
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


def finished(read: Reading, draft: Draft, prefix: str, penalty: float) -> Candidate | None:
    """The draft as an item, or None when it would read badly or could not be answered alone."""
    if draft.end <= draft.start:
        return None
    low, high = read.tokens[draft.start].start, read.tokens[draft.end - 1].end
    answer = read.sentence.original(low, high)
    question = _sentence_case(f"{prefix}, {_small_wh(draft.question)}" if prefix else draft.question) + "?"
    instruction = _sentence_case(f"{prefix}, {_small_wh(draft.instruction)}" if prefix else draft.instruction) + "."
    question, instruction = _LINKS.sub("", question), _LINKS.sub("", instruction)
    clean = read.sentence.text[low:high]
    if answer is None or not _answer_fits(draft, clean, draft.end == read.last) or not _question_fits(question, clean):
        return None
    score = draft.score - penalty + _length_score(question, clean, draft.kind)
    if score < 4.0:
        return None
    return Candidate(draft.kind, question, instruction, answer, read.sentence.quote, score, read.number)


# Words that tie a sentence to the one before and change nothing in the question.
_LINKS = re.compile(
    r"(?<=[a-z`\"] )(?:also|still|therefore|thus|hence|indeed|again|however|nevertheless|thereby|now|just|even|"
    r"only|already|certainly|currently|simply|in fact|of course) "
)


def _small_wh(text: str) -> str:
    return text[0].lower() + text[1:]


def _sentence_case(text: str) -> str:
    return text[0].upper() + text[1:]


def _answer_fits(draft: Draft, answer: str, read_end: bool) -> bool:
    words = answer.split()
    if not words or len(words) > (45 if draft.kind == "definition" else 36) or (len(words) < _LEAST.get(draft.kind, 1)):
        return False
    if words[-1].lower() in _BAD_ENDINGS or answer.count('"') % 2 or answer.count("“") != answer.count("”"):
        return False
    if draft.kind == "condition" and words[0].lower() in {"it", "they"}:
        return answer_stands_alone(" ".join(words[1:]))
    return answer_stands_alone(answer)


_LEAST = {"how": 2, "why": 3, "condition": 3}
_BAD_ENDINGS = frozenset(
    """
    the a an of to in on at by for with from and or but that which is are was were as than not only its their this
    also both either such if when because so be more very into e.g i.e etc
    """.split()
)


_BAD_QUESTION = re.compile(
    r"\b(\w+) \1\b|[:;]|\bdoes not only\b|\bdo you (?:need|want)\b|\bnot only\b|\bin order\?|[,(]\?|\b(?:the|a|an|"
    r"and|or|but|so)\?|\bwhat (?:is|are) (?:there|it)\b|\bthere\b.*\bthere\b|(?<!/)\betc\b(?!/)|"
    r"\bas well\?|^Under what condition\b.*\bsince\b|, \w+\?$|"
    r"\bwhat does (?:a|an|the|one) (?:lot|number|few)\b",
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
    return answer.lower().rstrip(".") not in question.lower()


def _length_score(question: str, answer: str, kind: str) -> float:
    asked, said = len(question.split()), len(answer.split())
    score = -1.0 if asked > 20 else 0.0
    score -= 1.0 if asked > 25 else 0.0
    score -= 2.0 if asked < 4 and kind != "definition" else 0.0
    score += 0.5 if 2 <= said <= 18 else 0.0
    score -= 1.0 if said == 1 and kind == "what" and asked <= 5 else 0.0
    return score - (1.5 if said > 26 else 0.0)
