"""What points outside of a sentence: words that only the page, or the sentence before, explains."""

import re
from functools import lru_cache

from chunksmith.providers.builtin.grammar.verbs import NOUN_LIKE, readings

# "below the lamp", "above 40 degrees" name a place; "shown below" points at the page.
_UP_AND_DOWN = (
    r"(?:above|below)(?! (?:the|an?|any|each|every|zero|one|two|three|sea|water|ground|freezing|\d[\d.,]*)\b)"
)

# A place, not "there is".
_THERE = (
    r"(?<!is )(?<!are )(?<!was )(?<!were )(?<!does )(?<!do )there"
    r"(?! (?:is|are|was|were|may|can|will|must|might|should|exist)\b)"
)

# "Method (3) is better": what the page has numbered.
_LABELLED = r"(?:method|option|case|step|form|interpretation|rule|alternative) \(\d(?=\))"

# Words that point outside of the sentence: a question that holds one cannot be answered without the page.
_POINTING = re.compile(
    r"\b(?:this|these|those|he|she|his|him|her|hers|we|our|ours|us|i(?!/o|\.e)|my|me|mine|here|"
    rf"{_UP_AND_DOWN}|following|{_THERE}|"
    r"aforementioned|latter|former|previous(?! versions? of\b)|previously|preceding|(?<!or )(?<!and )earlier|"
    r"such(?! as)|said|also|however|therefore|"
    r"thus|then|instead(?! of\b)|otherwise|again|too(?! \w)|hence|though|indeed|likewise|"
    r"nevertheless|nonetheless|respectively|(?<!if )(?<!when )another|others|the others?|"
    r"(?<!use )(?<!have )(?<!has )(?<!uses )(?<!in )(?<!at )(?<!of )(?<!by )(?<!on )the same(?!\b.{0,60}\bas\b)|"
    r"(?:figures?|fig|sections?|chapters?) [\dA-Z]|(?:the|next|which) (?:figures?|sections?|chapters?)|"
    r"(?:slower|faster|easier|harder|safer|cheaper)(?!.* than)|"
    r"(?<!or )(?<!\bany )(?:more|less|better)(?!.* than| of\b)|"
    r"appendix|(?:tables?|listings?|exercises?|programs?|examples?) \d[\d-]*|that (?:kind|sort|amount)|"
    r"steps? \d|lines? \d|equations?|this page|"
    r"document describes|next(?! to)|in turn|still|in question|"
    r"the (?:\w+ ){0,3}(?:diagram|illustration|picture)|first two|"
    r"(?:in|for) (?:some|most|all|many|both|either|other) cases?|on the other|usual manner|prior(?! to)|"
    r"so far|mentioned|described|discussed|shown|yet|second one|first one|"
    r"(?:if|when|once|unless|after|before) (?:you|one|it|they) d(?:o|oes|id) so|"
    rf"{_LABELLED}|both(?= ?[?,.;])|"
    r"the two|the three|(?:as|like) (?:it|they)|the rest|now|these days|recently)\b",
    re.I,
)
_POINTING_ANSWER = re.compile(
    rf"\b(?:this|these|those (?!who|which|that|of|in|for|with|on|responsible|involved|present|"
    r"concerned|\w+ed\b|\w+ (?:of the \w+ )?(?:that|which|who)\b)|"
    rf"{_UP_AND_DOWN}|{_THERE}|the following|"
    r"as follows|aforementioned|latter|former|here|we|our|i(?!/o|\.e)|my|me|us|"
    r"(?:some|one|each|both|all|most|many|two|none|any|either) of (?:them|it)|"
    r"another way|such(?! as)|that [\w-]+\Z|that amount|"
    r"see (?:section|also|below|the [\w-]+ (?:section|documentation|manual|page))|"
    r"(?:first|second|third|last|final) (?:section|chapter|paragraph|example|column|form)s?|"
    r"(?:figures?|sections?|chapters?|listings?|examples?|exercises?) \d[\d-]*|"
    rf"{_LABELLED}|"
    r"(?:more|further|additional) information\b(?! that)|"
    r"the (?:\w+ )?(?:diagram|figure|picture|illustration)s?|\A(?:the same(?! .* as )|each other|one another)\b|"
    r"(?:from|of|in|to|for|on|with|at|by|than|outside|within|inside|beyond) that \w+|"
    r"(?:previous|preceding|next) (?:paragraph|example|sentence|page|figure|diagram|step|section|subsection)|"
    r"(?:described|discussed|explained|listed|given) (?:previously|earlier)|"
    r"described in section|to the right|(?:on|to) the left|on the right|shown (?:in|to|at)|right now|mentioned)\b",
    re.I,
)


def stands_alone(question: str, whole: bool = False) -> bool:
    """No word in it points to something that only the page shows.

    ``whole``: it is asked of a sentence that stands alone, so that what such a sentence explains itself may stay.
    """
    question = _ON_STATEMENT.sub(".", _without_explained(question) if whole else question)
    if _POINTING.search(question):
        return False
    return not any(_dangling(match, question) for match in _PRONOUN.finditer(question))


# "a power failure following a crash", "if two links to the same file are still open": what a sentence that stands
# alone explains itself.
_EXPLAINED = re.compile(
    r"\b(?:(?<=\w )following(?= (?:an?|the|each|every|any|its)\b)|"
    r"(?<!to )(?<!does )(?<!do )(?<!is )(?<!are )(?<!will )(?<!can )(?<!should )(?<!must )(?<!was )(?<!may )"
    r"(?<=[a-z] )the same(?= \w)(?! (?:with|as|for|is|reason|way|time|thing|technique|situation|effect|problem)\b))\b",
    re.I,
)
_EXPLAINED_INSIDE = re.compile(
    r"\b(?:still|again|previously|the same(?= \w)|(?<=and )then|another(?= \w)|(?<=or )more|"
    r"such(?= an? \w+ (?:as|that)\b))\b",
    re.I,
)
_INSIDE = re.compile(r" (?:if|when|once|unless|because|although|while|after|before) .*")


def _without_explained(question: str) -> str:
    """Conditions are told in full: what they take up, they have named."""
    bare = _EXPLAINED.sub("", question)
    return _INSIDE.sub(lambda match: _EXPLAINED_INSIDE.sub("", match[0]), bare)


# What is asked of a statement that is printed before it.
_ON_STATEMENT = re.compile(
    r"\. (?:Why is that|Under what condition is that(?: not)? so|When is that the case|What follows from that)\?\Z"
)


# A whole sentence may keep words that a question may not: "also" and "more" do no harm where nothing is asked of them.
_OUTSIDE = re.compile(
    r"\b(?:this|these|those|he|she|his|him|her|we|our|us|i(?!/o|\.e)|my|me|here|following(?! (?:an?|any)\b)|"
    r"aforementioned|latter|"
    rf"{_UP_AND_DOWN}|"
    r"former|previous(?! versions? of\b)|previously|preceding|"
    r"such(?! as\b| an? \w+ (?:as|that)\b)|figures?|sections?|chapters?|appendix|mentioned|lines? \d+|"
    rf"{_LABELLED}|"
    r"in turn|in question|last case|other hand|that case|the other)\b",
    re.I,
)


# "Readers of one copy do not know the readers of the other copy": the other is none but the one that is left.
_ONE_AND_OTHER = re.compile(r"\bone (\w+)\b.*\bthe other \1\b", re.I)


# Every rule asks it of the same sentence.
@lru_cache(maxsize=512)
def is_whole(sentence: str) -> bool:
    """Whether a sentence can be printed alone: nothing in it points outside, every pronoun has a noun before it."""
    if _OUTSIDE.search(_ONE_AND_OTHER.sub("", without_told(sentence, ""))):
        return False
    return not any(match[0].lower() != "that" and _dangling(match, sentence) for match in _PRONOUN.finditer(sentence))


def is_of_case(sentence: str) -> bool:
    """``Otherwise, …``, ``Then, the …``: true only in the case that the sentence before tells of."""
    return bool(_OF_CASE.match(sentence))


_OF_CASE = re.compile(r"otherwise\b|then, (?:the|if|it)\b|in (?:that|this) (?:case|event)\b", re.I)
_PRONOUN = re.compile(r"\b(?:it|they|them|its|their|itself|themselves|that)\b", re.I)


def _dangling(match: re.Match[str], question: str) -> bool:
    before = question[: match.start()].split()
    word = match[0].lower()
    if word == "that":
        tail = question[match.end() :].strip("?. ").split()
        previous = before[-1].lower() if before else ""
        # "a name that is new and that has no owner": the second clause tells of the same noun.
        again = previous == "and" and bool(_RELATED.search(question[: match.start()]))
        return (
            not tail or (previous in _NO_THAT_AFTER and not again) or not before or _is_demonstrative(match, question)
        )
    if word == "it" and before and before[-1].lower() in _BEFORE_EXPLETIVE and _EXPLETIVE.match(question, match.end()):
        return False
    if word == "it" and _CLEFT.search(question[: match.end() + 14]):
        return False
    if word in {"them", "they", "their", "themselves"} and not _PLURAL_BEFORE.search(question[: match.start()]):
        return True
    # A possessive or a pronoun is bound by a noun phrase before it in the same question.
    needed = 4 if word in {"its", "their", "itself", "themselves"} else 5
    return len(before) < needed or not _NOUN_BEFORE.search(question[: match.start()])


def _is_demonstrative(match: re.Match[str], question: str) -> bool:
    """``packaging that software,``: a noun of its own, which nothing before has named."""
    noun = _NOUN_ALONE.match(question, match.end())
    if noun is None or (readings(noun[1]) and noun[1] not in NOUN_LIKE):
        return False
    return noun[1] not in question[: match.start()].lower()


_NOUN_ALONE = re.compile(r" ([a-z]{4,})(?=[,?.]| and\b| or\b)")
_RELATED = re.compile(r"\b[a-z]{3,} (?:that|which) \w", re.I)
_CLEFT = re.compile(r"(?:why|when) is it that\b|does it (?:not )?hold that\b", re.I)
_BEFORE_EXPLETIVE = frozenset("is was does would can could may might should will must".split())
_EXPLETIVE = re.compile(
    r" (?:be |make )?(?:not |very |often |usually |also |really )*(?:an? \w+ )?(?:good )?\w+ (?:to|for)\b"
)
_PLURAL_BEFORE = re.compile(
    r"\b(?!(?:does|is|was|has|this|as|its|plus|thus|less|pass|process|access|class|address|status|unless|across|"
    r"happens|follows|applies|means)\b)\w{3,}s\b|"
    r"\b(?:and|or|people|children|data|media|men|women|any|each|every|someone|anyone|nobody|user|maintainer|person|team)\b",
    re.I,
)
_NOUN_BEFORE = re.compile(
    r"\b(?:a|an|the|your|any|each|every|some|no|one|two|three|several|all|most|many)\s\w|[`\"/_]|\S [A-Z]|[A-Z]{2}|"
    r"\b(?!(?:does|is|was|has|this|as|happens|follows|applies|means)\b)\w{3,}s\b|\w{3,}ing \w"
)


_NO_THAT_AFTER = frozenset(
    """
    in of on at for with from to by and or is are was were does do did what when where why how as after before like
    than about during because if into can must should may will would could might has have had
    """.split()
)


def points_away(answer: str) -> bool:
    """Anywhere in it, also in a remark in brackets: ``(shown in the diagram)``."""
    return bool(_POINTING_ANSWER.search(answer))


def without_told(answer: str, question: str) -> str:
    """``data stored in that column``, asked of a column: what is named before, the answer may take up."""

    def kept(match: re.Match[str]) -> str:
        before = answer[: match.start()]
        if _SECOND.search(before):
            # "…, and the acids slow these enzymes down": more than the answer.
            return match[0]
        told = f"{question} {before}".lower()
        named = re.search(rf"\b{re.escape(match[1].removesuffix('s'))}s?\b", told)
        return match[1] if named else match[0]

    return _DEMONSTRATIVE.sub(kept, answer)


_SECOND = re.compile(r", (?:and|but|so|while|whereas) ")
_DEMONSTRATIVE = re.compile(r"\b(?:that|this|these|those) ([a-z]{4,})\b")


def answer_stands_alone(answer: str) -> bool:
    words = answer.lower().split()
    first = words[0].strip("\"'“*`") if words else ""
    if words[:2] in (["so", "that"], ["such", "that"]):
        return not _POINTING_ANSWER.search(answer.partition(" ")[2])
    return first not in {
        "it",
        "they",
        "them",
        "he",
        "she",
        "this",
        "that's",
        "these",
        "those",
        "there",
        "which",
        "so",
        "such",
        "its",
        "their",
        "his",
        "her",
    } and not (_POINTING_ANSWER.search(answer))
