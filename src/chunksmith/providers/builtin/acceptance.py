"""Decides whether a drafted question may go out, and what it is worth."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from chunksmith.providers.builtin.grammar.framing import leans_on_earlier
from chunksmith.providers.builtin.grammar.persons import asks_who, kind_of, names_stranger, settled
from chunksmith.providers.builtin.grammar.reading import Proposal, Reading, past_opening
from chunksmith.providers.builtin.grammar.topic import Topic, heading_text
from chunksmith.providers.builtin.grammar.verbs import NOUN_LIKE, reading
from chunksmith.providers.builtin.grammar.views import Draft
from chunksmith.providers.builtin.grammar.words import Token, is_name, tokens
from chunksmith.providers.builtin.pointing import (
    answer_stands_alone,
    is_of_case,
    is_whole,
    points_away,
    stands_alone,
    without_told,
)
from chunksmith.providers.builtin.wording import answer_fits, length_score, question_fits, reads_well


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
    measured = re.match(r"how (?:often|many|much|long|far|old|big|large)\b", heading, re.I)
    if (
        measured
        or not read.opens_section
        or not heading.endswith("?")
        or match is None
        or not 4 <= len(heading.split()) <= 20
    ):
        return
    stated = text[0].isupper() and text[-1] == "." and 6 <= len(text.split()) <= 45
    # A condition or a remark at the beginning is not yet the answer.
    stated = stated and read.tokens[0].tag not in ("sub", "conj", "pron", "adv")
    if stated and answer_stands_alone(text) and stands_alone(heading):
        kind = _KIND.get(match["wh"].lower(), "what")
        told = f"Answer the question: {heading}"
        yield Candidate(kind, heading, told, read.sentence.quote, read.sentence.quote, 8.0, read.number)


def behind(read: Reading, proposal: Proposal, context: str, quote: str, last: bool = False) -> Candidate | None:
    """The draft behind the sentences that explain it, which are printed before the question.

    ``last``: nothing else is left, so that the answer too may take up what they name.
    """
    draft = proposal.draft
    if draft.end <= draft.start:
        return None
    low, high = read.tokens[draft.start].start, read.tokens[draft.end - 1].end
    answer, clean = read.sentence.original(low, high), read.sentence.text[low:high]
    goes_on = read.tokens[draft.end : draft.end + 1] and (read.tokens[draft.end].text == ":" or _is_cut(read, draft))
    if answer is None or goes_on:
        return None
    # A statement may begin with what the sentences before it name.
    subject = _SUBJECT_TAKEN_UP.match(clean) if proposal.statement else None
    begin = subject.end() if subject else 0
    last = last and (proposal.statement or draft.start > past_opening(read))
    said = without_told(clean[begin:], context) if last else clean[begin:]
    if not answer_fits(draft, said) or points_away(without_told(answer[begin:], context) if last else answer[begin:]):
        return None
    asked = in_full(proposal.lead, draft.question)
    told = unlinked(_ended(_joined(proposal.lead, draft.instruction)))
    definite = {word for phrase in _DEFINITE.findall(asked) for word in phrase.split()[: 1 + last]}
    takes_up = bool(_TAKING_UP.search(asked) or definite & set(_WORDS.findall(context.lower())))
    takes_up = takes_up or (last and bool(_DEMONSTRATIVE.search(clean)))
    taken_up = ((match, match[1] or match[2]) for match in _DEMONSTRATIVE.finditer(asked))
    if any(not _is_named(noun, context, asked[: at.start()], asked[at.end() :]) for at, noun in taken_up):
        return None
    said_before = set(_CONTENT.findall(asked.lower())) - _ASKING <= set(_WORDS.findall(context.lower()))
    told_before = said_before and not asked.endswith(" do?")
    if (
        told_before
        or not takes_up
        or _ELSEWHERE.search(asked)
        or not reads_well(asked, clean, draft.kind)
        or clean.lower() in context.lower()
    ):
        return None
    score = draft.score - proposal.penalty - 1.5 + length_score(asked, clean, draft.kind)
    if score < _LEAST_SCORE:
        return None
    asked, told = (asks_who(one, clean, read.people) for one in (asked, told))
    return Candidate(
        kind_of(draft.kind, asked), f"{context} {asked}", f"{context} {told}", answer, quote, score, read.number
    )


_SUBJECT_TAKEN_UP = re.compile(r"\A(?:it|they|this|these|such)\b(?: (?!is\b|are\b)[\w`-]+)?\s", re.I)
_TAKING_UP = re.compile(
    r"\b(?:it|they|them|its|their|this|these|those|such|itself|themselves|that case|he|she|him|her|his|"
    r"another|others?)\b|\b(?:that(?: way)?|then|otherwise|same reason|same time)\?\Z",
    re.I,
)
_DEMONSTRATIVE = re.compile(
    r"\b(?:this|these) ([a-z]{4,})\b|"
    r"\bTh(?:is|ese) (function|method|flag|option|message|field|argument|parameter|class|module|macro|attribute)s?\b"
)


def _is_named(noun: str, context: str, before: str, behind: str) -> bool:
    """``these conditions`` after a sentence that speaks of conditions; ``this feature`` after any.

    A word that may be a verb is one behind an auxiliary: "What does this cause", not "does this file hold".
    """
    stem = noun.removesuffix("s")
    if stem in _ABOUT_ANYTHING or stem in context.lower():
        return True
    following = (behind.split(maxsplit=1) or [""])[0].strip("?,")
    turned = bool(_TURNED.search(before)) and not (reading(following, "b") or following in {"be", "do"})
    return reading(noun, "sbdn") is not None and (turned or noun not in NOUN_LIKE)


_TURNED = re.compile(r"\b(?:does|do|did|can|could|will|would|may|might|must|should|is|are|was|were) \Z")
_ABOUT_ANYTHING = frozenset(
    """
    feature approach step behavior behaviour problem situation method case change effort process way rule restriction
    limitation information practice property technique strategy mechanism action operation procedure goal effect reason
    kind sort type
    """.split()
)
_DEFINITE = re.compile(r"\bthe ((?:[a-z]+ ){0,1}[a-z]+)\b")
_WORDS = re.compile(r"[a-z]+")
_CONTENT = re.compile(r"[a-z]{3,}")
_ASKING = frozenset(
    "what who whom where when why how under condition does did should can may must will would you the and this".split()
)


# What no sentence before explains: it stands elsewhere on the page, or the writer speaks.
_ELSEWHERE = re.compile(
    r"\b(?:above|below|following|aforementioned|previous|previously|preceding|earlier|here|we|our|ours|us|i|my|"
    r"me|figures?|listings?|sections?|chapters?|appendix|page|documents?|mentioned|described|discussed|shown|"
    r"next|prior|now|recently|in question|so far)\b",
    re.I,
)


def worded(question: str, answer: str) -> str:
    """A question across sentences as it goes out; empty when it would read badly or lean on something."""
    asked = unlinked(_sentence_case(question) + "?")
    return asked if question_fits(asked, answer) else ""


_STATED = re.compile(r"\. (?:Why|Under|When|What) [^.]*\Z")


class _Verdict(NamedTuple):
    candidate: Candidate | None
    reason: str = ""


def _judged(read: Reading, proposal: Proposal) -> _Verdict:
    draft = without_trailer(read, proposal.draft)
    if is_of_case(read.sentence.text):
        return _Verdict(None, "holds in another case only")
    if draft.end <= draft.start:
        return _Verdict(None, "empty answer")
    low, high = read.tokens[draft.start].start, read.tokens[draft.end - 1].end
    answer = read.sentence.original(low, high)
    clean = read.sentence.text[low:high]
    if answer is None:
        return _Verdict(None, "answer not verbatim")
    trailer = draft.end < proposal.draft.end
    after = read.tokens[draft.end : draft.end + 1]
    if after and not trailer and (after[0].text == ":" or _is_cut(read, draft)):
        return _Verdict(None, "answer goes on")
    if leans_on_earlier(tokens(draft.question), read.earlier):
        proposal = proposal._replace(leans=True, needs_lead=True)
    lead, penalty = _context(read.topic, proposal)
    if lead is None:
        return _Verdict(None, "no context")
    if lead and _STATED.search(draft.question):
        # "When moving the lamp, the tower is dark. Why is that?" would make it a matter of the moving.
        return _Verdict(None, "no context")
    question = in_full(lead, draft.question)
    instruction = unlinked(_ended(_joined(lead, draft.instruction)))
    named = draft.question
    said = settled(without_told(clean, named), named, read.people)
    if not answer_fits(draft, said) or points_away(without_told(answer, named)) or names_stranger(named, said):
        return _Verdict(None, "answer leans or ends badly")
    if draft.kind == "condition" and clean.lower().startswith("unless ") and "condition" in draft.question:
        return _Verdict(None, "condition of the contrary")
    # A heading names the subject of its section, not what "it" is.
    headed_only = bool(lead) and not proposal.lead
    whole = is_whole(read.sentence.text)
    if not question_fits(settled(question, "", read.people), clean, draft.kind, whole) or (
        headed_only and not stands_alone(settled(draft.question, "", read.people) + "?", whole)
    ):
        return _Verdict(None, "question leans or reads badly")
    question, instruction = (asks_who(told, clean, read.people) for told in (question, instruction))
    score = draft.score - penalty + length_score(question, clean, draft.kind)
    if score < _LEAST_SCORE:
        return _Verdict(None, "low score")
    kind = kind_of(draft.kind, question)
    return _Verdict(Candidate(kind, question, instruction, answer, read.sentence.quote, score, read.number))


_LEAST_SCORE = 4.0


def without_trailer(read: Reading, draft: Draft) -> Draft:
    """``flags within the kernel, usually``: the answer ends before the adverb that goes with the whole sentence."""
    parts, end = read.tokens, draft.end
    trails = end == read.last and end - draft.start > 2 and parts[end - 2].text == ","
    if trails and parts[end - 1].lower in _TRAILERS:
        return replace(draft, end=end - 2)
    if end < read.last and _is_cut(read, draft) and (instances := _instances(parts, draft.start, end)):
        return replace(draft, end=instances)
    tail = " ".join(token.lower for token in parts[end - 3 : end])
    return replace(draft, end=end - 3) if tail in _TAILS and end - draft.start > 3 else draft


def _instances(parts: Sequence[Token], start: int, end: int) -> int | None:
    """Where ``, like`` or ``, such as`` begins: what it names is told without its instances."""
    for place in range(start + 2, end - 1):
        if parts[place].text == "," and (parts[place + 1].lower == "like" or parts[place + 2].lower == "as"):
            return place if parts[place + 1].lower in {"like", "such"} else None
    return None


_TAILS = frozenset({", if possible", ", if any", ", where possible", "or vice versa", "and vice versa"})
_TRAILERS = frozenset("too however though therefore thus hence also usually normally generally typically often".split())


_NEW_THOUGHT = ("be", "modal", "have", "do", "adv", "pron", "det", "sub")


def _is_cut(read: Reading, draft: Draft) -> bool:
    """The answer ends before an ``and`` that may go on with it: ``in both query | and write performance``."""
    parts, place = read.tokens, draft.end
    listed = any(token.text == "," for token in parts[draft.start : place])
    if parts[place].lower == "whether":
        # "to let the user decide | whether to install it"
        return True
    rest = [token.lower for token in parts[place + 1 : read.last + 1]]
    if rest[:1] == ["or"] and any(token.lower == "either" for token in parts[draft.start : place]):
        # "if either the lamp is lit | , or the keeper is awake"
        return True
    if parts[place].lower == "but" and parts[place - 2].tag == "det" and _is_noun_phrase(parts[place + 1 : place + 3]):
        # "a small | but finite probability"
        return True
    if parts[place].text == "," and listed and (rest[:1] in (["and"], ["or"]) or "etc" in rest):
        return True
    if parts[place].text == "," and place + 1 < read.last and reading(parts[place + 1].lower, "g"):
        # "the installation, upgrading and removal tester": a list, not a remark.
        return any(token.tag == "conj" for token in parts[place + 2 : place + 6])
    if parts[place].tag != "conj" or place + 1 >= read.last:
        return False
    following, after = parts[place + 1], parts[min(place + 2, read.last)]
    if parts[draft.start].tag == "to" and reading(following.lower, "b"):
        # "to query | or set the number"
        return True
    if parts[place].lower in {"but", "so"} or following.tag in _NEW_THOUGHT:
        return False
    third = reading(following.lower, "s")
    if third is not None and (third.base not in NOUN_LIKE or after.tag in ("det", "num", "quoted")):
        return False
    return not (reading(following.lower, "bd") and after.tag in ("det", "num", "quoted", "pron"))


def _is_noun_phrase(told: Sequence[Token]) -> bool:
    return len(told) == 2 and all(token.tag == "word" and not reading(token.lower, "sbd") for token in told)


class _Context(NamedTuple):
    lead: str | None
    penalty: float


def _context(topic: Topic | None, proposal: Proposal) -> _Context:
    """The heading before a question that leans on it; no lead at all when the question would be empty without."""
    lead, penalty = proposal.lead, proposal.penalty
    # "What does SQLite assume?" has as many answers as the document has sentences.
    words = proposal.draft.question.lower().split()
    short = proposal.draft.kind in _EASILY_EMPTY and not lead and len(words) <= 4
    told = 9 if lead or proposal.draft.kind in {"definition", "whether"} else _specific(proposal.draft.question)
    if not proposal.leans and not short and told > 3:
        return _Context(lead, penalty)
    if topic is None and not proposal.leans and not short:
        return _Context(lead, penalty + (1.0 if told <= 2 else 0.0))
    if topic is not None:
        asked = f"{lead} {proposal.draft.question}".lower()
        if all(word in asked for word in topic.text.lower().split()):
            return _Context(lead, penalty)
        if lead:
            return _Context(None if proposal.needs_lead else lead, penalty + 1.5)
        if proposal.draft.kind == "definition" and topic.kind != "noun":
            # "When measuring coverage, what is the run?"
            return _Context(None, penalty)
        if proposal.draft.kind == "whether" and _specific(proposal.draft.question) < _LEAST_TOLD:
            # "Regarding required files, will the package be installed?": under what circumstances?
            return _Context(None, penalty)
        if topic.kind == "noun" and short and "you" in words:
            # "Regarding duties, what should you orphan?": when, and why?
            return _Context(None, penalty)
        return _Context(topic.lead, penalty + 0.3)
    return _Context(None if proposal.needs_lead else lead, penalty + (proposal.doubt if proposal.leans else 1.0))


_LEAST_TOLD = 4


def _specific(question: str) -> int:
    """How many words tell what is asked about; a name or a figure tells as much as three."""
    parts = tokens(question)
    named = sum(
        token.tag in ("quoted", "num") or (token.tag == "word" and (is_name(token.text) or "_" in token.text))
        for token in parts[1:]
    )
    plain = sum(token.tag == "word" and token.lower not in _HOLLOW for token in parts[1:])
    return 2 * named + plain + sum(token.text[0].isupper() and token.tag == "word" for token in parts[1:])


_HOLLOW = frozenset(
    "happens happen happened consequence condition applies apply follows used use contain contains include includes "
    "new many run done made set become".split()
)
_WH_WORDS = frozenset("What Who Where When Why How Until Under State Explain Answer".split())
_EASILY_EMPTY = frozenset("what why how where when".split())


def in_full(lead: str, question: str) -> str:
    """The question as it is printed, behind what goes before it."""
    asked = unlinked(_joined(lead, question) + "?")
    return _RESTRICTED.sub(r"\g<asked>", asked) if " only " in asked else asked


_FINITE = "(?:is|are|was|were|can|may|must|should|will|does|do|did)"
# "When can the lamp only turn?", "What does it only carry?": the word goes with the answer, which needs it no more.
_RESTRICTED = re.compile(
    rf"(?P<asked>(?:\A|, )(?:(?:when|where|how) {_FINITE} (?:(?!(?:if|that|which|who) )\S+ )+?|"
    rf"what {_FINITE} (?:(?:\S+ ){{2,}}?(?=only (?:be )?\w+(?: \w+)?\?\Z)|\S+ (?=only (?:be )?\w+ \w+\?\Z))))"
    r"(?<!the )(?<!an )(?<!as )(?<!not )only (?!by |in |on |at |for |with |when |if |to |one |an? |the )",
    re.I,
)


def _joined(lead: str, text: str) -> str:
    return _sentence_case(f"{lead}, {_small_wh(text)}" if lead else text)


def _ended(told: str) -> str:
    return told if told.endswith("?") else f"{told}."


# Words that tie a sentence to the one before and change nothing in the question.
_LINKS = re.compile(
    r",? (?:instead|of course|too|as well|however|though|either)(?=[?.]$)|"
    r"(?<=[a-z`\"] )(?:also|similarly(?! to )|therefore|thus|hence|indeed|however|nevertheless|thereby|"
    r"even(?! (?:if|when|though|after)\b)|in fact|of course) "
)


def unlinked(text: str) -> str:
    return _LINKS.sub("", text)


def _small_wh(text: str) -> str:
    """A statement that asks in place is written as inside a sentence already."""
    first = tokens(text)[0]
    asking = first.tag in ("wh", "rel", "sub", "prep", "be", "have", "do", "modal", "to") or first.text in _WH_WORDS
    return text[0].lower() + text[1:] if asking and not is_name(first.text) else text


def _sentence_case(text: str) -> str:
    return text[0].upper() + text[1:]
