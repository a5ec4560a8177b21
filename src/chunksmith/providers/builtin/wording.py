"""How a question and its answer read: endings, doubled words, letters that stand for something else."""

import re

from chunksmith.providers.builtin.grammar.verbs import NOUN_LIKE, reading
from chunksmith.providers.builtin.grammar.views import Draft
from chunksmith.providers.builtin.pointing import answer_stands_alone, stands_alone


def answer_fits(draft: Draft, answer: str) -> bool:
    words = answer.split()
    if not words or len(words) > (45 if draft.kind == "definition" else 36) or (len(words) < _LEAST.get(draft.kind, 1)):
        return False
    if words[-1].lower() in _TRAILERS and words[-2:-1] and words[-2].endswith(","):
        return False
    if _AFTERTHOUGHT.search(answer) or _OPENS_BADLY.match(answer):
        return False
    if words[-2:] in (["for", "you"], ["to", "you"]) and len(words) < 6:
        return False
    if draft.kind in {"where", "condition"} and words[0].lower() in _TAILS and _SECOND_STATEMENT.search(answer):
        return False
    if draft.kind == "when" and len(words) < 3 and not any(char.isdigit() for char in answer):
        return False
    if words[-1].lower() in _BAD_ENDINGS or answer.count('"') % 2 or answer.count("“") != answer.count("”"):
        return False
    if _UNFINISHED.search(answer):
        return False
    # A footnote number before a pronoun, an abbreviation that ends two sentences.
    if words[-2:] == ["of", "course"] or _GLUED.search(answer):
        return False
    if _EMPTY_CONDITION.match(answer):
        return False
    if draft.kind in {"condition", "when"} and _TWO_OPENINGS.match(answer):
        return False
    verb = reading(words[0].lower(), "s")
    if draft.kind == "condition" and verb is not None and verb.base not in NOUN_LIKE:
        # "If a process opens the file, closes and opens it again": the condition goes on.
        return False
    if draft.kind == "condition" and words[0].lower() in {"it", "they"}:
        return answer_stands_alone(" ".join(words[1:]))
    return answer_stands_alone(answer)


# "in the tower and like the lamp is made of brass", "if it is dark, and will go out again": more than was asked.
_OPENS_BADLY = re.compile(
    r"(?:so that (?:if|when) [^,]*\Z|please|as well as|rather than|instead of|along with|in addition to)\b", re.I
)
# "When comparing values, the rules for numbers": more than the circumstance.
_TWO_OPENINGS = re.compile(r"(?:when|if|after|before|once)\b[^,]*, (?:the|an?|all|its|their) ", re.I)
_TAILS = frozenset("in at on under within inside near if when unless".split())
_SECOND_STATEMENT = re.compile(r"\band like\b|, and (?:\w+ )?(?:is|are|was|were|has|have|can|will|must)\b")
_AFTERTHOUGHT = re.compile(r"\b(?:as well|too|accordingly|nonetheless|as a (?:result|consequence))$|, \w+ly$", re.I)
_TRAILERS = frozenset("too however though therefore instead also again then thus anyway respectively".split())
_GLUED = re.compile(r"^\d+ (?:they|it|you|the|we)\b|\. etc$|(?<!\be\.g)(?<!\bi\.e)(?<!\betc)[.!?]\)? [`A-Z]")
# "by counting the keepers and, when none remains": what is done then is cut off.
_UNFINISHED = re.compile(r"\b(?:and|or|but), (?:when|if|after|before|once|unless|while|as)\b[^,]*\Z")
_EMPTY_CONDITION = re.compile(
    r"(?:if|when|because|unless|once|after|before) (?:(?:it|they|he|she|so|you|this)(?: \w+){0,2}$|"
    r"one (?:is|exists|was|has)\b|(?:that|this|these|those|not|so)\b)",
    re.I,
)
_LEAST = {"how": 2, "why": 3, "condition": 3}
_BAD_ENDINGS = frozenset(
    """
    the a an of to in on at by for with from and or but that which is are was were as than not only its their this
    also both either such if when because so be more very least better even especially particularly just away into
    e.g i.e simply merely only then each every note whether
    """.split()
)


_BAD_QUESTION = re.compile(
    r"\b(\w+) \1\b|[:;]|\bdoes not only\b|\bdo you (?:need(?! to)|want)\b|\bnot only\b|\bin order\?|[,(]\?|"
    r"\bplease\b|"
    r"\b(?:the|a|an|and|or|but|so|it|them|all|some|any|only)\?|\bwhat (?:is|are) there(?! no)\b|"
    r"\bwhat (?:is|are) it"
    r"(?! (?:(?:not|very|often|usually|also|generally|really) )*(?:an? \w+ )?(?:good )?\w+ (?:to|for))\b|"
    r"\bthere\b.*\bthere\b|(?<!/)\betc\b(?!/)|\b(\S+) or \2\b|\w`[\w@-]|\bas well\?|"
    r"\bunder what condition (?:do|does|might|may) [^?]*\bmean\?|"
    r"^Under what condition\b.*\bsince\b|, \w+\?$|(?<!certain )(?<!of the )\bthings?\b(?! that)|\bdo the number\b|"
    r"\band (?:since|because|so(?! on\b)|if|when|then)\b|\bthe important \w+ to\b|\ba bit of\b|"
    r"\b(?:expected|free) to do\?|\w\(\d|\bof (?:them|it)\b|"
    r"^\w+ (?:is|are|was|were) (?:[\w-]+ ){1,4}just \w+ing\b|\bonly able\b|"
    r"\bvalue of -?\d|\bwhat is (?:\w+ly )?expected\?|"
    r"\ban? (?:[\w-]+ ){1,3}one\b|^why (?:would|could|might)\b|"
    r"^(?:What|Who) (?:is|are|was|were) (?:0|\d+|\"\w+\")(?: or\b|,)|\bwhat does (?:a|an|the|one) (?:lot|number|few)\b",
    re.I,
)


# A second statement has run into the question, unless it asks in place: "…, it is important to do what?"
_SECOND_CLAUSE = re.compile(
    r", (?:it|they|we|you|he|there)(?:['’]s|['’]re| (?:is|are|was|should|must|can|will|may|has|have|might|would))\b"
    r"(?!.* (?:what|whom)\?\Z)",
    re.I,
)


# "When is the lamp lit and should be kept so?": only the first verb has been turned.
_SECOND_PREDICATE = re.compile(
    r"(?:\A|, )(?:under what condition|when|why|where|how) (?:is|are|was|were|does|do|did|can|may|must|should|will)\b"
    r"(?:(?!\b(?:that|which|who|if|when|whether)\b).)*\band (?:should|must|can|may|will|has|have|is|are|was|were)\b",
    re.I,
)


def question_fits(question: str, answer: str, kind: str = "", whole: bool = False) -> bool:
    return stands_alone(question, whole) and reads_well(question, answer, kind)


def reads_well(question: str, answer: str, kind: str = "") -> bool:
    count = len(question.split())
    if not 3 <= count <= 30 or len(question) > 220 or _BAD_QUESTION.search(question):
        return False
    if _SECOND_CLAUSE.search(question) or (" and " in question and _SECOND_PREDICATE.search(question)):
        return False
    if question.count("(") != question.count(")") or question.count("[") != question.count("]"):
        return False
    if question.count('"') % 2 or question.count("`") % 2 or question.count("“") != question.count("”"):
        return False
    if names_variable(question, answer):
        return False
    # "the length, or 0": which of them holds depends on the condition in the question.
    if ", or " in answer and re.search(r" (?:if|when) ", question) and "what does" in question.lower():
        return False
    # "what is the value", "what does the reader see": nobody knows which.
    if _BARE.search(question):
        return False
    if len(answer.split()) == 1 and question.endswith(" do?"):
        return False
    if kind == "whether":
        return True
    asked = set(re.findall(r"\w{4,}", question.lower()))
    said = set(re.findall(r"\w{4,}", answer.lower()))
    if answer.startswith("-") or (said and said <= asked | {"with", "from", "into", "using"}):
        # "with the debuild command" is no answer to a question on the debuild command.
        return bool(re.search(r"(?<![A-Za-z])\d", answer)) and not answer.startswith("-")
    if _THIN.fullmatch(answer) and count < 12 and _WHAT.search(question) and "the default" not in question:
        return False
    return answer.lower().rstrip(".") not in question.lower()


def names_variable(question: str, answer: str) -> bool:
    """Unless the question says what it stands for: ``the value X`` of ``json_quote(X)``."""
    explained = set(re.findall(r"(?<=[(,])\w(?=[),])", question))
    if _EXAMPLE.search(question) or _EXAMPLE.search(answer):
        return True
    letters = {match[0].strip("\"'`“”") for text in (question, answer) for match in _VARIABLE.finditer(text)}
    return bool(letters - explained) or bool(_NAMED_PART.search(question) or _NAMED_PART.search(answer))


# "t1", "Idx2": the tables of an example, unlike "fts5".
_EXAMPLE = re.compile(
    r"\b(?!m4\b|(?:rc|fts|utf|sha|md|mp|ext|man|x|py|json|http|ipv?|v)\d)(?:[a-z]{1,3}|[A-Z][a-z]{1,3})\d\b"
)
# "The "fruit" column": a table that only the example shows.
_NAMED_PART = re.compile(r"[\"“][a-z_]+[\"”] (?:column|index|table|field|row)\b")
# A single letter stands for something that only the page tells: "the argument N", "column "k"".
_VARIABLE = re.compile(r"(?<![\w./'’(-])[\"'`“]?(?:[BD-HJ-Z]|[b-z])[\"'`”]?(?![\w./'’+#)-])|\b[a-z] = ")
_BARE = re.compile(
    r"\b[Ww]hat (?:is|are|was|were) the [a-z]+\?|"
    r"^What (?:can|could|may|might|must|should|will) (?:[a-z]+|[A-Z][a-z]+ [a-z]+)(?: not)? do\?"
)
_WHAT = re.compile(r"\bwhat (?:does|do|did|is|are|was|were|can|may|must|should|will)\b", re.I)
# "the application", "usual": too little to tell a right answer from a wrong one.
_THIN = re.compile(
    r"(?:the )?[a-z]+|(?:\w+ ){0,2}(?:the|an?|your) (?:situation|problem|issue|matter|thing|result|difference)s?"
)


def length_score(question: str, answer: str, kind: str) -> float:
    asked, said = len(question.split()), len(answer.split())
    score = -1.0 if asked > 20 else 0.0
    score -= 1.0 if asked > 25 else 0.0
    score -= 2.0 if asked < 4 and kind != "definition" else 0.0
    score += 0.5 if 2 <= said <= 18 else 0.0
    score -= 1.0 if said == 1 and kind == "what" and asked <= 5 else 0.0
    return score - (1.5 if said > 26 else 0.0)
