"""Sentences with one term blanked out: the fallback where no open question can be asked with certainty."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from chunksmith.providers.builtin.blanks.gaps import WEIGHTS, Gap, compound_gaps, gaps_of, words_of
from chunksmith.providers.builtin.grammar.clauses import parse
from chunksmith.providers.builtin.grammar.framing import Vocabulary, is_anaphoric, is_free, is_partial, leans_on_earlier
from chunksmith.providers.builtin.grammar.passage import Sentence
from chunksmith.providers.builtin.grammar.reading import has_clause, last_word
from chunksmith.providers.builtin.grammar.topic import topic_of
from chunksmith.providers.builtin.grammar.words import tokens
from chunksmith.providers.builtin.languages import fill_in
from chunksmith.providers.builtin.pointing import is_whole, stands_alone
from chunksmith.providers.builtin.quoting import gives_context
from chunksmith.providers.builtin.summary import centrality, commands, stands
from chunksmith.providers.builtin.wording import names_variable

BLANK = "_____"
_LISTED = re.compile(r"\w: \w|\w - \w")
LINK = re.compile(
    r"(?:But|And|So|Also|However|Thus|Therefore|Hence|Similarly|Likewise|Finally|Furthermore|Moreover|Additionally|"
    r"For example|For instance|In general|In practice|Generally|Usually|Normally|Typically|Currently|Still|In addition|"
    r"Please note that|Please|Conversely|Bear in mind that|In any case|Note that|Notice that|Of course|Consequently|"
    r"Fortunately|Unfortunately),?\s+(?=[A-Za-z])"
)


class Cloze(NamedTuple):
    question: str
    answer: str
    quote: str
    score: float
    sentence: int
    telling: bool = False
    """whether a name or a number is asked for"""
    leans: bool = False
    """whether it may need its page: its subject is not certain, or has been named more fully"""


def clozes(sentences: Sequence[Sentence], language: str, each: int = 1, compounds: bool = False) -> list[Cloze]:
    """At most ``each`` per sentence, the best gap first. Sentences that lean on others are left out.

    ``compounds``: the gaps are the heads of English compounds, which the words before them tell.
    """
    counts = Counter(words_of(sentences, language))
    weights = centrality(sentences, language)
    found: list[Cloze] = []
    for number, sentence in enumerate(sentences):
        link = LINK.match(sentence.text) if language == "en" else None
        begin = link.end() if link else 0
        leans = language == "en" and _leans(sentences, number, begin)
        if not _is_fit(sentence.text[begin : begin + 1].upper() + sentence.text[begin + 1 :], language):
            continue
        cut = compound_gaps(sentence.text, counts) if compounds else gaps_of(sentence, language, counts)
        gaps = sorted(cut, key=lambda gap: (-gap.weight, gap.start))
        good = [gap for gap in gaps if gap.start >= begin and not _repeats(sentence.text, gap)]
        for gap in good[:each]:
            answer = sentence.original(gap.start, gap.end)
            if answer is not None:
                asked = fill_in(language, _blanked(sentence.text, begin, gap, language), answer)
                score = gap.weight / 3 + min(weights[number], 2.0)
                found.append(Cloze(asked, answer, sentence.quote, score, number, gap.weight >= WEIGHTS["name"], leans))
    return found


def in_context(sentences: Sequence[Sentence]) -> list[Cloze]:
    """English sentences that lean, behind what they lean on: the sentence before, or the heading.

    For a passage that gives little else. The gaps may be the heads of compounds, which the words before them tell.
    """
    counts = Counter(words_of(sentences, "en"))
    weights = centrality(sentences, "en")
    lower = Vocabulary.of(sentences).lower
    found: list[Cloze] = []
    for number, sentence in enumerate(sentences):
        link = LINK.match(sentence.text)
        begin = link.end() if link else 0
        text = sentence.text[begin].upper() + sentence.text[begin + 1 :]
        context = "" if _stands(text) else _context(sentences, number)
        if context is None or not _follows(text):
            continue
        topic = topic_of(sentence.headings, lower)
        fits = topic is not None and topic.kind != "infinitive" and not context
        lead = topic.lead if topic is not None and fits else ""
        known = f" {topic.text}" if topic is not None else ""
        moved_by = len(context) - begin
        for gap in (*gaps_of(sentence, "en", counts), *compound_gaps(sentence.text, counts)):
            moved = gap._replace(start=gap.start + moved_by, end=gap.end + moved_by)
            answer = sentence.original(gap.start, gap.end)
            if gap.start >= begin and answer is not None and not _repeats(context + text + known, moved):
                asked = fill_in("en", _blanked(context + text, 0, moved, "en"), answer, lead)
                found.append(Cloze(asked, answer, sentence.quote, gap.weight / 3 + weights[number] - 1, number))
    return found


def _context(sentences: Sequence[Sentence], number: int) -> str | None:
    """The sentence before in the same paragraph, when it can be printed alone."""
    before = sentences[number - 1] if number else None
    near = before is not None and before.paragraph == sentences[number].paragraph
    return f"{before.text} " if before is not None and near and gives_context(before) else None


def _stands(text: str) -> bool:
    """Nothing in it is told by the sentence before, save what the heading may tell."""
    return is_whole(re.sub(r"\bsuch (?=as|that)", "", text)) and not _TAKING_UP.match(text)


_TAKING_UP = re.compile(
    r"(?:it(?! (?:is|was|will be|may be|can be) (?:not |very |often |usually |also )?\w+ (?:to|that|for)\b)|they|"
    r"this|these|such|that|those|then|instead)\b|.*\b(?:also|(?:for|from|of|in|to|with|by) that)\b",
    re.I,
)


def _follows(text: str) -> bool:
    """A sentence that nothing but the one before it explains."""
    fit = 7 <= len(text.split()) <= 42 and len(text) <= 280 and "___" not in text and "``" not in text
    whole = text[0].isupper() and text[-1] == "." and not names_variable("", text) and not _LISTED.search(text)
    empty = _EMPTY.search(text) or _ELSEWHERE.search(text)
    return fit and whole and not empty and not _FAR.search(text) and _is_sentence(text)


# It sends the reader elsewhere, or says something of what is not told: "will do just that", "to do so".
_EMPTY = re.compile(
    r"\A(?:An?|The) [^,]{3,50}, (?:used|given|called|meant|intended|needed) [^,]*\Z|"
    r"^(?:See|Read|Refer|Visit|Consult|Suppose|Imagine)\b|\bjust that\b|\bdo so\b|\bsee \b|\bplease\b|"
    r"\bthe difference\b",
    re.I,
)


# It speaks of another section, names a thing before it speaks, or tells what to do.
_ELSEWHERE = re.compile(
    r"\b(?:described|discussed|documented|explained|listed|covered) (?:in|at|by)\b|\A[/`]\S+ [A-Z]|"
    r"\b(?:the|this) (?:document|article|manual|paper|book|section|chapter)\b",
    re.I,
)
_FAR = re.compile(
    r"\b(?:above|below|following|aforementioned|latter|former|previous|previously|preceding|here|we|our|ours|us|i|my|me|"
    r"figures?|sections?|chapters?|appendix|page|mentioned|described|he|she|his|her|in question|so far|"
    r"example|returned)\b",
    re.I,
)


def _blanked(text: str, begin: int, gap: Gap, language: str) -> str:
    blanked = text[begin : gap.start] + BLANK + text[gap.end :]
    return _inner_quotes(blanked[0].upper() + blanked[1:], language)


def _is_fit(text: str, language: str) -> bool:
    if not stands(text, language) or len(text) > 260 or "___" in text or "``" in text:
        return False
    if language != "en":
        return True
    whole = is_whole(text) and stands_alone(text) and not names_variable("", text) and not _LISTED.search(text)
    whole = whole and not _EMPTY.search(text) and not _is_cut(text) and not _ELSEWHERE.search(text)
    return len(text.split()) >= 7 and whole and _is_sentence(text) and _is_about_something(text)


def _is_cut(text: str) -> bool:
    """``If successful, is set to …``: the subject has got lost."""
    rest = text.partition(", ")[2]
    return (
        bool(rest) and text.split(" ", 1)[0].lower() in {"if", "when"} and tokens(rest)[0].tag in ("be", "have", "do")
    )


def _is_about_something(text: str) -> bool:
    """Whether the subject is free; a sentence whose subject is not certain may pass."""
    parts = tokens(text)
    clause = parse(parts, 0, last_word(parts))
    return clause is None or is_free(parts[clause.first : clause.subject_end])


def _leans(sentences: Sequence[Sentence], number: int, begin: int) -> bool:
    """Its subject is not certain, or ``the lamp``, or its words take up what an earlier sentence names."""
    parts = tokens(sentences[number].text[begin:])
    clause = parse(parts, 0, last_word(parts))
    if clause is None:
        return True
    subject = parts[clause.first : clause.subject_end]
    earlier = " ".join(before.text for before in sentences[max(0, number - 6) : number])
    bare = subject[0].lower == "the" and len(subject) <= 3 and all(token.text[0].islower() for token in subject[1:])
    return bare or is_partial(subject) or is_anaphoric(subject, earlier) or leans_on_earlier(parts, earlier)


def _is_sentence(text: str) -> bool:
    """A statement; behind an opening it begins after its comma. An order tells too little of what is filled in."""
    if commands(text):
        return False
    if has_clause(text):
        return True
    opening, _, rest = text.partition(", ")
    return bool(rest) and tokens(opening)[0].tag in ("prep", "sub", "to") and has_clause(rest)


def _inner_quotes(text: str, language: str) -> str:
    """Quotation marks inside of a quotation are single, as English prints them."""
    return text.replace('"', "'") if language == "en" else text


def _repeats(text: str, gap: Gap) -> bool:
    """Another occurrence in the sentence would give the answer away."""
    return text.lower().count(text[gap.start : gap.end].lower()) > 1
