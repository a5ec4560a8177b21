"""How many tokens a text is about, without a tokenizer (those download their vocabularies)."""

import re

_WIDE = re.compile(r"[\u2e80-\ua4cf\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff00-\uffef\U00010000-\U0003ffff]+")
_MIDDLE = re.compile(r"[\u0370-\u1cff]+")


def estimate_tokens(text: str) -> int:
    """Estimate by script: Latin four characters to a token, Greek to Mongolian two, Chinese, Japanese, Korean one.

    Units:  tokens, rounded up, so only the empty text has none. A whole counts at most as much as its parts together.
    """
    return -(-quarter_tokens(text) // 4)


def quarter_tokens(text: str) -> int:
    """The same in quarters of a token, which add up exactly over the parts of a text."""
    if text.isascii():
        return len(text)
    wide = sum(map(len, _WIDE.findall(text)))
    middle = sum(map(len, _MIDDLE.findall(text)))
    return len(text) + 3 * wide + middle
