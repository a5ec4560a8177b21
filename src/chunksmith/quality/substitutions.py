"""Words that stand in an answer where the passage has another one, in what is else the same run of words."""

from collections import Counter
from collections.abc import Sequence, Set
from functools import lru_cache

from rapidfuzz.distance import Levenshtein, Opcode

from chunksmith.quality.matter import decide_otherwise, form, has_opposites, opposites
from chunksmith.quality.passages import Passage
from chunksmith.quality.words import Tokens, is_common_word, is_function_word, root

# Words around a substituted one that are the same, grammar words counted: for a word that the passage has nowhere, and
# for one that it has elsewhere. At the end of an answer those before it are enough.
SAME_BEFORE, SAME_AFTER = (2, 3), (1, 2)
MOST_REPLACED = 3  # words of the passage in whose place it stands
SHARED = 0.5  # of the roots of the answer that a sentence of the passage has, to be compared word by word


def substituted(claimed: Tokens, passage: Passage, foreign: Set[str]) -> set[str]:
    """``foreign``: words of the claim that the passage has nowhere."""
    if not claimed.content:
        return set()
    content = frozenset(map(root, claimed.content))
    found: set[str] = set()
    alike = passage.alike(content, SHARED)
    for one in alike:
        if one.words != claimed.words:  # what is copied swaps nothing
            found |= _swapped(_rooted(claimed.words), claimed.words, _rooted(one.words), one.words, foreign)
    return found | _turned(claimed.words, max(alike, key=lambda one: len(content & one.content)).words if alike else ())


def _turned(words: Sequence[str], source: Sequence[str]) -> set[str]:
    """Words that the answer has more often than the sentence it is most like, which has their opposites more often."""
    turnable = list(filter(has_opposites, words))
    if not (source and turnable) or source == words:
        return set()
    mine, theirs = Counter(map(form, words)), Counter(map(form, source))
    return {
        word
        for word in turnable
        if mine[form(word)] > theirs[form(word)] and any(theirs[other] > mine[other] for other in opposites(form(word)))
    }


def _swapped(
    mine: Sequence[str], words: Sequence[str], theirs: Sequence[str], other: Sequence[str], foreign: Set[str]
) -> set[str]:
    found = set()
    steps = Levenshtein.opcodes(mine, theirs)
    for place, step in enumerate(steps):
        replaced = other[step.dest_start : step.dest_end]
        if step.tag != "replace" or step.src_end - step.src_start != 1 or len(replaced) > MOST_REPLACED:
            continue
        word, known = words[step.src_start], words[step.src_start] not in foreign
        before = _equal(steps[place - 1]) if place else 0
        after = _equal(steps[place + 1]) if place + 1 < len(steps) else 0
        at_end = step.src_end == len(words) and not known
        same = before >= SAME_BEFORE[known] and (at_end or after >= SAME_AFTER[known])
        if same and _are_words(word, replaced[-1]):
            found.add(word)
    return found


def _equal(step: Opcode) -> int:
    return int(step.src_end - step.src_start) if step.tag == "equal" else 0


def _are_words(word: str, other: str) -> bool:
    return (_is_word(word) and _is_word(other)) or decide_otherwise(word, other)


def _is_word(word: str) -> bool:
    """Not one that stands for others: "the one that" takes the place of a noun without changing what is said."""
    return not is_function_word(word) and not is_common_word(word)


@lru_cache(maxsize=512)
def _rooted(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(root, words))
