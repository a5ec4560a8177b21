"""Whether a sentence denies what its passage says, or says what its passage denies: by the words around the denial."""

from collections.abc import Sequence

from chunksmith.quality.passages import Passage, Sentence, any_negator, is_negator
from chunksmith.quality.words import is_function_word, root

SHARED = 0.6  # of the words that carry meaning, from which two sentences are about the same thing
_NEAR = 5  # words before, and half as many after, in which a denial of the same thing is looked for
_BEFORE_DENIED = 3  # words between a denial and what it denies


def denies(words: Sequence[str], content: frozenset[str], passage: Passage, *, asked_denied: bool) -> bool:
    """``words`` are those of one sentence of an answer, folded; ``content`` the roots of those that carry meaning.

    ``asked_denied``: the question denies already, so that the answer need not: "What must not be done?"
    """
    alike = passage.alike(content, SHARED) if len(content) > 1 else []
    if not alike:
        return False
    return _adds_denial(words, alike) or (not asked_denied and _drops_denial(words, alike))


def _adds_denial(words: Sequence[str], alike: Sequence[Sentence]) -> bool:
    """A denial whose next word the passage has, without any denial near it."""
    if not any_negator(words):
        return False
    for place, word in enumerate(words):
        if not is_negator(word) or place == 0:  # "No, …" answers; it denies nothing of what follows
            continue
        denied = _next_content(words, place)
        if denied is None:
            continue
        found = _places(denied, alike)
        if found and not any(_has_denial_near(one.words, at) for one, at in found):
            return True
    return False


def _places(word: str, alike: Sequence[Sentence]) -> list[tuple[Sentence, int]]:
    """Where the word stands, or else another form of it."""
    same = [(one, at) for one in alike for at, other in enumerate(one.words) if other == word]
    return same or [(one, at) for one in alike for at, other in enumerate(one.words) if root(other) == root(word)]


def _drops_denial(words: Sequence[str], alike: Sequence[Sentence]) -> bool:
    """A denial of the passage that stands between two words which follow each other in the answer."""
    if any_negator(words) or not any_negator(alike[0].words):
        return False
    own = [root(word) for word in words if not is_function_word(word)]
    followed = {(before, after) for before, after in zip(["", *own], own, strict=False)}
    return all(_is_dropped(one, followed) for one in alike)


def _is_dropped(one: Sentence, followed: set[tuple[str, str]]) -> bool:
    for place, word in enumerate(one.words):
        if is_negator(word):
            denied = _next_content(one.words, place)
            before = next((root(w) for w in reversed(one.words[:place]) if not is_function_word(w)), "")
            if denied is not None and (before, root(denied)) in followed:
                return True
    return False


def _next_content(words: Sequence[str], place: int) -> str | None:
    after = words[place + 1 : place + 1 + _BEFORE_DENIED]
    return next((word for word in after if not is_function_word(word)), None)


def _has_denial_near(words: Sequence[str], at: int) -> bool:
    return any(map(is_negator, words[max(0, at - _NEAR) : at + _NEAR // 2 + 1]))
