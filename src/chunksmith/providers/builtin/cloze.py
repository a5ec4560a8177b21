"""Sentences with one term blanked out: the fallback where no open question can be asked with certainty."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from chunksmith.providers.builtin.clauses import parse
from chunksmith.providers.builtin.framing import Vocabulary, is_anaphoric, is_free, is_partial, leans_on_earlier
from chunksmith.providers.builtin.languages import FILL_IN, WIDE, function_words
from chunksmith.providers.builtin.passage import Sentence
from chunksmith.providers.builtin.pointing import is_whole, stands_alone
from chunksmith.providers.builtin.quoting import gives_context
from chunksmith.providers.builtin.reading import has_clause, last_word
from chunksmith.providers.builtin.summary import centrality, commands, stands
from chunksmith.providers.builtin.topic import topic_of
from chunksmith.providers.builtin.verbs import NOUN_LIKE, reading, readings
from chunksmith.providers.builtin.views import YEAR
from chunksmith.providers.builtin.wording import names_variable
from chunksmith.providers.builtin.words import MONTHS, Token, is_common, is_name, is_plural, tokens

BLANK = "_____"
_NUMBER = re.compile(r"(?:(?<=\s)|(?<=\()|\A)\d(?:[\d.,]*\d)?(?=[\s,;:.)](?!\d)|%|\Z)")
_NUMBERED = re.compile(r"(?:versions?|sections?|lines?|steps?|chapters?|pages?|parts?|figures?|tables?) $", re.I)
_COUNTED = re.compile(r"%?\s+(?:[a-z]+\s)?([a-z]+)")
_LATIN_TERM = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{2,}[A-Za-z0-9]")
# Printed lines are broken inside of words: a run that goes on behind a space is not whole.
_KATAKANA = re.compile(r"(?<![\u30a1-\u30fc])(?<![\u30a1-\u30fc]\s)[\u30a1-\u30fa\u30fc]{3,}+(?!\s?[\u30a1-\u30fc])")
_KANJI = re.compile(r"[\u4e00-\u9fff]{2,4}")
_QUOTED = re.compile(r"[「『《“]([^「」『』《》“”]{2,12})[」』》”]")
_WORD = re.compile(r"[^\W\d_][\w’'-]*[^\W_]")
_WEIGHTS = {"number": 3.0, "name": 2.5, "term": 2.0, "code": 1.8}
_ORDINARY = frozenset(
    """
    thing things way ways example examples case cases part parts kind time times people number order result results
    reason fact place point something anything everything first second last other another more most many much higher
    year years day days month months week weeks hour hours minute minutes while
    step argument entry upload package
    complex difficult simple easy full lower larger smaller better later earlier elsewhere manner usual same aware
    """.split()
)


_LISTED = re.compile(r"\w: \w|\w - \w")
_LINK = re.compile(
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


class _Gap(NamedTuple):
    start: int
    end: int
    weight: float


def clozes(sentences: Sequence[Sentence], language: str, each: int = 1, compounds: bool = False) -> list[Cloze]:
    """At most ``each`` per sentence, the best gap first. Sentences that lean on others are left out.

    ``compounds``: the gaps are the heads of English compounds, which the words before them tell.
    """
    counts = Counter(_words(sentences, language))
    weights = centrality(sentences, language)
    found: list[Cloze] = []
    for number, sentence in enumerate(sentences):
        link = _LINK.match(sentence.text) if language == "en" else None
        begin = link.end() if link else 0
        leans = language == "en" and _leans(sentences, number, begin)
        if not _is_fit(sentence.text[begin : begin + 1].upper() + sentence.text[begin + 1 :], language):
            continue
        cut = _compound_gaps(sentence.text, counts) if compounds else _gaps(sentence, language, counts)
        gaps = sorted(cut, key=lambda gap: (-gap.weight, gap.start))
        good = [gap for gap in gaps if gap.start >= begin and not _repeats(sentence.text, gap)]
        for gap in good[:each]:
            answer = sentence.original(gap.start, gap.end)
            if answer is not None:
                asked = FILL_IN.get(language, "{}").format(_blanked(sentence.text, begin, gap, language))
                score = gap.weight / 3 + min(weights[number], 2.0)
                found.append(Cloze(asked, answer, sentence.quote, score, number, gap.weight >= _WEIGHTS["name"], leans))
    return found


def in_context(sentences: Sequence[Sentence]) -> list[Cloze]:
    """English sentences that lean, behind what they lean on: the sentence before, or the heading.

    For a passage that gives little else. The gaps may be the heads of compounds, which the words before them tell.
    """
    counts = Counter(_words(sentences, "en"))
    weights = centrality(sentences, "en")
    lower = Vocabulary.of(sentences).lower
    found: list[Cloze] = []
    for number, sentence in enumerate(sentences):
        link = _LINK.match(sentence.text)
        begin = link.end() if link else 0
        text = sentence.text[begin].upper() + sentence.text[begin + 1 :]
        context = "" if _stands(text) else _context(sentences, number)
        if context is None or not _follows(text):
            continue
        topic = topic_of(sentence.headings, lower)
        fits = topic is not None and topic.kind != "infinitive" and not context
        lead = f"{topic.lead}, fill" if topic is not None and fits else "Fill"
        known = f" {topic.text}" if topic is not None else ""
        moved_by = len(context) - begin
        for gap in (*_gaps(sentence, "en", counts), *_compound_gaps(sentence.text, counts)):
            moved = gap._replace(start=gap.start + moved_by, end=gap.end + moved_by)
            answer = sentence.original(gap.start, gap.end)
            if gap.start >= begin and answer is not None and not _repeats(context + text + known, moved):
                asked = FILL_IN["en"].format(_blanked(context + text, 0, moved, "en")).replace("Fill", lead, 1)
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


def _blanked(text: str, begin: int, gap: _Gap, language: str) -> str:
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


def _words(sentences: Sequence[Sentence], language: str) -> Iterator[str]:
    pattern = _KANJI if language in WIDE else _WORD
    for sentence in sentences:
        yield from (match[0].lower() for match in pattern.finditer(sentence.text))


def _repeats(text: str, gap: _Gap) -> bool:
    """Another occurrence in the sentence would give the answer away."""
    return text.lower().count(text[gap.start : gap.end].lower()) > 1


def _gaps(sentence: Sentence, language: str, counts: Counter[str]) -> Iterator[_Gap]:
    text = sentence.text
    for match in _NUMBER.finditer(text):
        if text[: match.start()].endswith("(") or _NUMBERED.search(text[: match.start()]):
            continue
        # "reportbug 1", "process 1230": a label, not a quantity.
        counted = _COUNTED.match(text, match.end())
        quantity = "." in match[0] or YEAR.match(match[0]) or (counted is not None and is_plural(counted[1]))
        if language == "en" and not quantity:
            continue
        yield _Gap(match.start(), match.end(), _WEIGHTS["number"])
    if language in WIDE:
        yield from _wide_gaps(text, counts)
    elif language == "en":
        yield from _english_gaps(text, counts)
    else:
        yield from _foreign_gaps(text, language, counts)


def _wide_gaps(text: str, counts: Counter[str]) -> Iterator[_Gap]:
    for match in _QUOTED.finditer(text):
        yield _Gap(match.start(1), match.end(1), _WEIGHTS["name"])
    for pattern, weight in ((_KATAKANA, 2.4), (_LATIN_TERM, 2.3)):
        for match in pattern.finditer(text):
            yield _Gap(match.start(), match.end(), weight)
    for match in _KANJI.finditer(text):
        # Inside a longer run the pattern would cut a word in two.
        edges = text[match.start() - 1 : match.start()] + text[match.end() : match.end() + 1]
        if counts[match[0]] >= 2 and not _KANJI.search(edges * 2):
            yield _Gap(match.start(), match.end(), 1.5 + 0.1 * min(counts[match[0]], 5))


def _english_gaps(text: str, counts: Counter[str]) -> Iterator[_Gap]:
    parts = tokens(text)
    for place, token in enumerate(parts):
        if token.tag == "quoted" and token.text[0] == "`" and place and re.fullmatch(r"`[\w./-]{3,30}`", token.text):
            yield _Gap(token.start + 1, token.end - 1, _WEIGHTS["code"])
        if (
            token.tag != "word"
            or len(token.text) < 4
            or token.text.endswith(("'s", "’s"))
            or not token.text[-1].isalnum()
            or token.lower in _ORDINARY
        ):
            continue
        following = parts[place + 1] if place + 1 < len(parts) else None
        if token.text[0].isupper() and place and token.lower not in MONTHS:
            beyond = (
                parts[place + 2] if place + 2 < len(parts) and parts[place + 1].tag in ("to", "conj", "prep") else None
            )
            # "Intent to Salvage" is one name.
            whole = not any(near is not None and near.text[:1].isupper() for near in (following, beyond))
            first = not parts[place - 1].text[:1].isupper()
            # "Direct" may be the beginning of a title.
            named = is_name(token.text) or not is_common(token.text)
            if whole and first and named:
                yield _Gap(token.start, token.end, _WEIGHTS["name"])
        elif (
            place > (2 if parts[0].lower == "the" else 1)
            and counts[token.lower] > 1
            and parts[place - 1].tag != "adv"
            and _fills(parts, place)
            and following is not None
            and (following.tag in ("punct", "prep", "be"))
        ):
            yield _Gap(token.start, token.end, _WEIGHTS["term"] + 0.1 * min(counts[token.lower], 4) - 0.5)


def _compound_gaps(text: str, counts: Counter[str]) -> Iterator[_Gap]:
    """``source code``, ``foreign key constraint``: the last word of a term, where the sentence goes on or ends."""
    parts = tokens(text)
    for place in range(2, len(parts) - 1):
        token, before, following = parts[place], parts[place - 1], parts[place + 1]
        if token.tag != "word" or not (token.text.islower() and token.text.isalpha()) or len(token.text) < 5:
            continue
        if token.lower in _ORDINARY or not _heads(parts, place) or following.tag in ("word", "quoted", "num", "adv"):
            continue
        attached = before.lower.endswith("ing") and parts[place - 2].tag == "det"
        if before.tag not in ("word", "quoted") or before.lower in _ORDINARY | _LOOSE:
            continue
        if _is_verb(before.lower) and not attached:
            continue
        yield _Gap(token.start, token.end, 1.0 + 0.3 * min(counts[token.lower], 3) + 0.05 * min(len(token.text), 10))


def _heads(parts: Sequence[Token], place: int) -> bool:
    word = parts[place].lower
    if readings(word) and not (word in NOUN_LIKE or word.removesuffix("s") in NOUN_LIKE):
        return False
    if reading(word, "dng") or word.endswith(_ADJECTIVE_ENDINGS):
        return False
    return not readings(word) or parts[place + 1].tag in ("punct", "prep")


_ADJECTIVE_ENDINGS = ("ly", "ful", "ous", "able", "ible", "ive", "ic", "al", "ed", "ing", "less", "ant", "rent")


def _is_verb(word: str) -> bool:
    form = reading(word, "bsdg")
    return form is not None and form.base not in NOUN_LIKE


# Words that go with any noun and tell none.
_LOOSE = frozenset(
    """
    new old own good best great large small big long short certain various different several important special common
    particular single whole entire additional necessary possible available appropriate relevant specific given real
    main only usual normal general proper correct right wrong better
    first second third fourth next last previous
    smaller larger whatever which such extra further useful major minor actual
    """.split()
)


def _fills(parts: Sequence[Token], place: int) -> bool:
    word = parts[place].lower
    if "-" in word and reading(word.rpartition("-")[2], "bs"):
        return False
    ends = place + 1 < len(parts) and parts[place + 1].text == "."
    return _is_noun(word) or (word in NOUN_LIKE and (parts[place - 1].tag == "det" or (ends and is_plural(word))))


def _is_noun(word: str) -> bool:
    """As a blank, an ordinary noun: not a form of a verb, not an adverb, not an adjective by its ending."""
    return (
        not readings(word)
        and not reading(word, "ng")
        and not word.endswith(
            ("ly", "ful", "ous", "able", "ible", "ive", "ic", "al", "ed", "ing", "ent", "ant", "ary", "less", "proven")
        )
    )


def _foreign_gaps(text: str, language: str, counts: Counter[str]) -> Iterator[_Gap]:
    stop = function_words(language)
    for place, match in enumerate(_WORD.finditer(text)):
        word = match[0]
        if len(word) < 5 or word.lower() in stop or place == 0:
            continue
        bonus = 0.4 if language == "de" and word[0].isupper() else 0.0
        yield _Gap(
            match.start(), match.end(), 1.0 + bonus + 0.15 * min(counts[word.lower()], 4) + 0.02 * min(len(word), 14)
        )
