"""Whether an answer is one to its question, and whether it says anything that the question does not."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import chain

from chunksmith.domain.datasets import Entry
from chunksmith.domain.generation import ModeShape
from chunksmith.quality.fields import grounded_text, text_of
from chunksmith.quality.folding import fold
from chunksmith.quality.passages import Passage, Sentence, read
from chunksmith.quality.words import Tokens, has_any, is_function_word, is_unspaced, root, tokens

ASKED_SHARE = 0.6  # of what a question is about: the rest does the asking
OFF_SUBJECT = 0.2  # nothing of the question is in the passage
WRONG_KIND = 0.5  # "How many …?" without a number, "When …?" without a time
BARE_YES = 0.3  # "Yes." to a question that is none of yes and no
NEAR_BEST = 0.6  # a sentence with this share of the best one's words of the answer belongs to the answer's place
REPEATED_WORTH = 0.25  # of an answer made of the question's own words; now and then it is the right one
YES_WORTH = 0.4  # of "Yes.", as something said
ONE_NEW_WORTH = 0.8  # of a single word that the question does not have, in an answer of several
SUBJECT_WORDS = 2  # that a question needs, to be about something
TEXT_WORDS = 4  # that a text without a question needs

_GAP = "__"
# Said beside a question's own words they say nothing: "A rowid table is a kind of table".
_VACUOUS = frozenset(
    map(
        root,
        "type kind sort form way thing something concept term name called named used use uses part mean means refers "
        "known certain various different specific general important good really simply basically defined".split(),
    )
)
_YES_OR_NO = frozenset("yes no true false ja nein oui non si no wahr falsch vrai faux correct incorrect".split())
_ASKS_NUMBER = re.compile(r"\b(?:how (?:many|much|long|often|old|far|large|big)|wie viele?|combien|cuant[oa]s)\b")
_NUMBER_SIGNS = ("how ", "wie viel", "combien", "cuant")  # of which each match has one
_ASKS_TIME = re.compile(r"^(?:since )?(?:when|wann|quand|cuando|quando|in (?:which|what) year)\b")
_AMOUNT = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|hundreds?|thousands?|millions?|"
    r"once|twice|half|all|none|no|several|many|most|few|every|each|any|single|double|both|always|never|until|forever|"
    r"unlimited|infinite|zero|as (?:long|much|many|often)|more|less|fewer|at (?:least|most))\b"
)
_TIME = re.compile(
    r"\d|\b(?:when|whenever|while|before|after|until|once|as soon as|during|if|on|at|by|since|upon|every|each|always|"
    r"never|immediately|first|last|then|later|earlier|today|yesterday|daily|only|in|wenn|nach|vor|bei|seit|im|am|quand|"
    r"apres|avant|lors|en|cuando|despues|antes|al)\b"
)
_DECIDES = re.compile(
    r"^(?:is|are|was|were|do|does|did|can|could|will|would|shall|should|may|might|must|has|have|had|"
    r"ist|sind|kann|hat|haben|wird|est-ce|peut|es|son|puede)\b|\b(?:true or false|yes or no|or not|whether)\b"
)


def answers_question(entry: Entry, passage: str | None, shape: ModeShape) -> float | None:
    """None where the mode has no question, or no answer.

    The kind of the answer has to fit, and the place of the passage that it comes from has to be about what is asked.
    """
    question, answer = _question(entry, shape), grounded_text(entry, shape)
    if not question.strip() or shape.grounded == "question":
        return None
    if not answer.strip():
        return 0.0
    value = _kind_fits(fold(question).strip(), fold(answer).strip())
    if passage is not None:
        orders = "question" not in shape.columns
        value *= _relevance(entry, tokens(question), tokens(answer), read(passage), orders=orders)
    return value


def not_trivial(entry: Entry, shape: ModeShape) -> float:
    """What is said beyond what is asked."""
    question = tokens(_question(entry, shape))
    subject = len(set(question.content) | set(question.numbers))
    if shape.grounded == "question":
        return min(1.0, subject / SUBJECT_WORDS)
    answer = tokens(grounded_text(entry, shape))
    if not question.words:
        return min(1.0, len(set(answer.content) | set(answer.numbers)) / TEXT_WORDS)
    about = 1.0 if subject else 0.5
    if not answer.content and not answer.numbers:
        return about * (YES_WORTH if not _YES_OR_NO.isdisjoint(answer.words[:2]) else 0.0)
    said = answer.roots
    if _GAP in _question(entry, shape):  # the word may stand elsewhere in the sentence too
        return about
    new = len(said - question.roots - _VACUOUS)
    if not new:
        return about * REPEATED_WORTH
    return about * (ONE_NEW_WORTH if new == 1 and len(said) > SUBJECT_WORDS else 1.0)


def _question(entry: Entry, shape: ModeShape) -> str:
    """What is asked, without the text that it may be asked about."""
    return "\n".join([text_of(entry, name) for name in ("question", "instruction") if name in shape.columns])


def _kind_fits(question: str, answer: str) -> float:
    """Both folded."""
    first = answer.split(" ", 1)[0].strip(".,;:!")
    if first in _YES_OR_NO and len(answer.split()) <= 2 and not _DECIDES.search(question) and _GAP not in question:
        return BARE_YES
    if has_any(question, _NUMBER_SIGNS) and _ASKS_NUMBER.search(question) and not _AMOUNT.search(answer):
        return WRONG_KIND
    if _ASKS_TIME.match(question) and not _TIME.search(answer):
        return WRONG_KIND
    return 1.0


def _relevance(entry: Entry, question: Tokens, answer: Tokens, passage: Passage, *, orders: bool) -> float:
    """How much of the question's subject is said where the answer comes from, rare words counting most.

    An order such as "Say it in one sentence" names no subject of its own: it is left out.
    """
    asked = question.roots
    known = (asked & passage.roots) | (asked & passage.numbers)
    if not asked or not passage.sentences:
        return 1.0
    if not known:
        return 1.0 if orders or not _is_readable(question) else OFF_SUBJECT
    if not answer.content and not answer.numbers:  # "Yes." is about whatever was asked
        return 1.0
    said = answer.roots
    covered = known & said
    if covered != known:
        covered |= known & _place(entry, said, passage)
    if covered == known:
        return 1.0
    often = Counter(chain.from_iterable([one.content & known for one in passage.sentences]))
    weights = {word: 1.0 / max(1, often[word]) for word in known}
    share = sum(weights[word] for word in sorted(covered)) / sum(weights[word] for word in sorted(known))
    return min(1.0, share / ASKED_SHARE)


def _is_readable(question: Tokens) -> bool:
    """Whether its words can be compared with those of a passage: it has a grammar word that is known, or pairs of
    characters. Other languages may write grammar onto their words, as Arabic does, so that none is the same.
    """
    return any(map(is_function_word, question.words)) or is_unspaced("".join(question.words))


def _place(entry: Entry, said: frozenset[str], passage: Passage) -> frozenset[str]:
    """The words of the sentences that the answer comes from, each with the sentence before it."""
    sentences = passage.sentences
    shared = passage.shared(said)
    least = max(NEAR_BEST * max(shared), 1)  # a word
    chosen = {index for index, count in enumerate(shared) if count >= least}
    for item in entry.evidence:
        if item.start is not None and item.end is not None:
            chosen.update(_touched(sentences, item.start, item.end))
    return frozenset().union(*(one.content for index in chosen for one in sentences[max(0, index - 1) : index + 1]))


def _touched(sentences: Sequence[Sentence], start: int, end: int) -> list[int]:
    """The places of those that a part of the passage lies in."""
    return [index for index, one in enumerate(sentences) if one.start < end and start < one.end]
