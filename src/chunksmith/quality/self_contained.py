"""Whether an entry can be read without its passage. English; the first few pointers also in other languages."""

import re

from chunksmith.domain.datasets import Entry
from chunksmith.domain.generation import ModeShape
from chunksmith.quality.fields import grounded_text, prompt_text, whole_text
from chunksmith.quality.folding import fold
from chunksmith.quality.words import has_any, is_function_word

POINTS_AT_TEXT = 0.4  # "according to the passage"
POINTS_AT_PLACE = 0.5  # "see section 3", "the example below"
DANGLING = 0.4  # "What does it do?"
CONNECTED = 0.8  # "However, …" at the beginning
_SEEN_CHARS = 4_000

# Of the two patterns below, each match has one of its signs.
_TEXT_SIGNS = (
    *"passage excerpt text snippet paragraph author document article information details abschnitt auszug extrait "
    "pasaje fragmento testo brano".split(),
    *("ed?", "ed ?"),
)
_PLACE_SIGNS = tuple(
    "section chapter fig table appendix step above below example code diagram list query document page article "
    "paragraph manual guide".split()
)
_AT_TEXT = re.compile(
    r"\b(?:according to|in|from|based on|mentioned in|described in|by|of|does) (?:the|this) "
    r"(?:(?:above|given|provided|following|source) )?(?:passage|excerpt|text|snippet|paragraph|context(?! of))\b"
    r"|\b(?:according to|based on|per|as per) (?:the|this) (?:document|article|passage|excerpt|text)\b"
    r"|\b(?:information|details) (?:provided|given|above)\b"
    r"|\b(?:is|are|was|were) (?:mentioned|described|discussed|listed) ?\?"
    r"|\b(?:text|passage|paragraph|excerpt) above\b|\bthe (?:author|passage|excerpt)\b"
    r"|\b(?:dem|diesem) (?:text|abschnitt|auszug)\b|\b(?:laut|gemass) (?:text|abschnitt|dem text)\b"
    r"|\b(?:selon|d'apres) (?:le|ce) (?:texte|passage|extrait)\b"
    r"|\bsegun (?:el|este) (?:texto|pasaje|fragmento)\b|\bsecondo (?:il|questo) (?:testo|brano)\b"
)
_AT_PLACE = re.compile(
    r"\b(?:see|in|of) (?:section|chapter|figure|fig\.?|table|appendix|step) \(?\d"
    r"|\b(?:shown|described|listed|mentioned|discussed|given|defined|explained|noted|outlined|stated|said|as) "
    r"(?:above|below)\b"
    r"|\b(?:the|this) (?:above|following|preceding|previous) (?:example|figure|table|code|diagram|section|list|query)\b"
    r"|\b(?:example|figure|table|code|diagram|section|list|query) (?:above|below)\b"
    r"|\bthis (?:document|page|section|chapter|article|paragraph|manual|guide)\b"
    r"|\bthe (?:next|previous|preceding) (?:section|chapter|paragraph)\b"
)
_POINTING = frozenset("it its they them their theirs he she him his her hers this these those".split())
# "It is possible to …", "how long does it take …": the word stands for what follows.
_EXPECTS = re.compile(
    r"\bit (?:is |was |be |be considered |has been )?(?:not )?(?:\w+ly )?"
    r"(?:take|takes|took|possible|impossible|necessary|important|safe|unsafe|useful|advisable|recommended|better|best|"
    r"good|bad|okay|ok|legal|common|rare|true|false|said|known|likely|unlikely|easy|hard|difficult|required|allowed|"
    r"mean|means|matter|matters|make sense|makes sense|sufficient|enough|wise|appropriate|helpful|faster|worth)\b"
)
# "Who built it?", "How tall was it?": one verb or adjective, and nothing that is named.
_ONLY_POINTS = re.compile(
    r"^(?:who|what|which) (?:first |originally )?\w+ (?:it|them|him|her)\W*$"
    r"|^how \w+ (?:is|are|was|were|does|do|did|has|have|had|can|will) (?:it|they|he|she)\W*$"
)
_CONNECTIVE = re.compile(
    r"^(?:however|therefore|thus|hence|moreover|furthermore|in addition|additionally|consequently|nevertheless|"
    r"nonetheless|on the other hand|for this reason|as a result|similarly|likewise|instead|otherwise)\b"
)
# Verbs and orders that name no subject: "Explain how it works" still does not say what "it" is.
_ASKING = frozenset(
    "explain describe define list name identify compare discuss outline summarize summarise give state say tell "
    "happens happen mean means work works called use used does purpose kind type many much please exactly did "
    "important role reason example main key".split()
)
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")


def self_contained(entry: Entry, shape: ModeShape, passage: str | None) -> float:
    """1, multiplied by a factor for each thing that only a reader of the passage could follow."""
    whole = fold(whole_text(entry, shape)[:_SEEN_CHARS])
    asked, said = fold(prompt_text(entry, shape)[:_SEEN_CHARS]), fold(grounded_text(entry, shape)[:_SEEN_CHARS])
    value = 1.0
    if has_any(whole, _TEXT_SIGNS) and _speaks(_AT_TEXT, whole, passage or ""):
        value *= POINTS_AT_TEXT
    if has_any(whole, _PLACE_SIGNS) and _AT_PLACE.search(whole):
        value *= POINTS_AT_PLACE
    # With an input beside it, "Summarize this" points at something that the reader has.
    if not entry.input and (_dangles(asked) if asked else _dangles(said, opening=True)):
        value *= DANGLING
    if shape.grounded != "question" and _CONNECTIVE.match(said):
        value *= CONNECTED
    return value


def _speaks(pattern: re.Pattern[str], text: str, passage: str) -> bool:
    """What the passage says too is its subject, not a fault: a manual of citing has authors and texts."""
    return any(match[0] not in fold(passage) for match in pattern.finditer(text))


def _dangles(text: str, *, opening: bool = False) -> bool:
    """Whether a word that stands for something comes before anything that it could stand for.

    With ``opening`` only the first word is looked at: later ones may stand for what the sentence itself has named.
    """
    if not opening and _ONLY_POINTS.match(text.strip()):
        return True
    for place, match in enumerate(_WORD.finditer(text)):
        word = match[0]
        if word in _POINTING:
            return word != "it" or _EXPECTS.match(text, match.start()) is None
        if opening and place == 0:
            return False
        if not is_function_word(word) and word not in _ASKING and not word.isdecimal():
            return False
    return False
