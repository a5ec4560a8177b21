"""Names of one letter and digits (B12, z3, H2O), which neither words nor numbers tell apart."""

import re
from collections.abc import Set

from chunksmith.quality.folding import fold

# Letters of the scripts before Arabic: none is written without spaces.
_LETTER, _MORE = r"[^\W\d_\u0600-\U0010ffff]", r"[^\W_\u0600-\U0010ffff]"
_WHOLE = re.compile(rf"(?<!\w){_LETTER}\d{_MORE}*(?!\w)")
# As others may write them: B-12, B 12, x^2, x_2.
_ANYHOW = re.compile(rf"(?<![^\W_])({_LETTER})(?:[^\w\s]|[ _])?(\d{_MORE}*)")


def designations(text: str) -> set[str]:
    """Those that a text has, folded."""
    return set(map(fold, _WHOLE.findall(text)))


def known_designations(plain: str) -> frozenset[str]:
    """Those that folded text has, however they are written there."""
    return frozenset("".join(parts) for parts in _ANYHOW.findall(plain))


def without_designations(text: str, some: Set[str]) -> str:
    """The text with a space in the place of each of them."""
    return _WHOLE.sub(lambda found: " " if fold(found[0]) in some else found[0], text)
