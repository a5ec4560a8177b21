"""Whether the text that a page carries is worth more than its picture."""

import re
import unicodedata

# A picture of the page with a stamp of a library or scanner over it has about so much text that is not the page's.
STAMP_CHARS = 250
_JUNK_SHARE, _LETTERS_APART, _WITHOUT_VOWEL = 0.03, 0.5, 0.35
_FEW_WORDS = 8
_CID = re.compile(r"\(cid:\d+\)")
_WORD = re.compile(r"[^\W\d_]+")
_LATIN = re.compile(r"[a-z]{4,}")
_VOWEL = re.compile("[aeiouy]")
_APART = re.compile(r"(?:(?<!\w)[A-Za-z] ){4,}[A-Za-z](?!\w)")
_ROMAN = re.compile("[ivxlcdm]+")


def is_good(text: str, *, covered: bool) -> bool:
    """``covered``: pictures fill half of the page or more, so that it may be a scan.

    Bad is a page without letters or figures; one that is covered and has less than ``STAMP_CHARS`` characters; one
    where more than 3 % of the characters mean nothing (replacement and private characters in words, glyph numbers);
    one whose letters stand apart; and Latin text of which more than a third of the longer words have no vowel, as a
    wrong table of characters makes it.
    """
    visible = [char for char in text if not char.isspace()]
    if not any(char.isalnum() for char in visible) or (covered and len(visible) < STAMP_CHARS):
        return False
    # One that stands alone is a bullet from a font of symbols.
    junk = sum(sum(map(_is_junk, word)) for word in text.split() if len(word) > 1) + 7 * len(_CID.findall(text))
    return junk <= len(visible) * _JUNK_SHARE and _has_words(text)


def _is_junk(char: str) -> bool:
    return char == "\ufffd" or unicodedata.category(char) in ("Co", "Cn", "Cc", "Cs")


def _has_words(text: str) -> bool:
    words = _WORD.findall(text)
    if len(words) < _FEW_WORDS:
        return True
    # Only of letters that make up words together: elsewhere a character may be a word, or a syllable.
    apart = sum(len(run) // 2 + 1 for run in _APART.findall(text))
    if apart > sum(map(len, words)) * _LETTERS_APART:
        return False
    plain = "".join(char for char in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(char))
    latin = [word for word in _LATIN.findall(plain) if not _ROMAN.fullmatch(word)]
    silent = sum(not _VOWEL.search(word) for word in latin)
    return len(latin) < _FEW_WORDS or silent <= len(latin) * _WITHOUT_VOWEL
