"""Which encoding of a byte for each character makes the accented letters of a text those of one language."""

import re
from collections.abc import Iterable

# In cp1252. What these share with each other is no foreign letter in any of them.
_WESTERN = (
    "äöüßé",  # German
    "àâæçéèêëîïôœùûü",  # French
    "áéíóúñüàèòïç",  # Spanish, Catalan
    "áâãàçéêíóôõúü",  # Portuguese
    "àèéìíîòóùú",  # Italian
    "åäöæøéü",  # Swedish, Finnish, Danish, Norwegian
    "áðéíóúýþæö",  # Icelandic
)
_ICELANDIC_VOWELS = re.compile("[áéíóúæ]", re.IGNORECASE)
_OTHERS = {
    "cp1250": (
        "ąćęłńóśźż",  # Polish
        "áčďéěíňóřšťúůýž",  # Czech
        "áäčďéíĺľňóôŕšťúýž",  # Slovak
        "áéíóöőúüű",  # Hungarian
        "čćđšž",  # Croatian, Slovene
        "ăâîşţ",  # Romanian
    ),
    "cp1254": ("çğıöşüâîû",),  # Turkish
    "cp1257": ("ąčęėįšųūž", "āčēģīķļņšūž", "äöõüšž"),  # Lithuanian, Latvian, Estonian
}
_OTHERS["iso8859-2"] = _OTHERS["cp1250"]
_ANY_WESTERN = frozenset("".join(_WESTERN))
# Quotation marks and dashes stand in words too; a raised number or a sign of money does not.
_IN_WORDS = frozenset("’‘–—…·\u00ad\u00a0")
_SIGNS = frozenset("¹²³°ºª¼½¾®™©±µ§¶")
# In Portuguese only an e follows this letter; elsewhere it is mostly a Hungarian one in a wrong encoding.
_NOT_PORTUGUESE = re.compile("õ(?!e)", re.IGNORECASE)
_WORD_OF_HIGH = re.compile(r"[^\s\x00-@\[-`{-\x7f]*[\x80-\uffff][^\s\x00-@\[-`{-\x7f]*")
_LEAST_GAIN = 4


def encoding_of_accents(data: bytes) -> str | None:
    """cp1252, or the encoding beside it in which ``data`` is clearly of a language that it is not of in cp1252."""
    western = data.decode("cp1252", "replace")
    languages = _WESTERN if _ICELANDIC_VOWELS.search(western) else _WESTERN[:-1]
    western = _NOT_PORTUGUESE.sub("", western)
    known = max(_score(western, set(language), _ANY_WESTERN) for language in languages)
    scores = {
        encoding: max(_score(data.decode(encoding, "replace"), set(language)) for language in languages)
        for encoding, languages in _OTHERS.items()
    }
    best = max(scores, key=lambda encoding: scores[encoding])
    high = len(data) - len(data.translate(None, bytes(range(128, 256))))
    if scores[best] - known >= max(_LEAST_GAIN, 0.04 * high):
        return best if scores[best] >= 0.6 * high else None
    return "cp1252" if known >= 0.6 * high else None


def _score(text: str, letters: set[str], half: Iterable[str] = frozenset()) -> float:
    """One for a letter of the language, a half for one of ``half``, two less for what no word has in it."""
    total = 0.0
    for word in _WORD_OF_HIGH.findall(text.replace("İ", "ı")):
        for place, character in enumerate(word.lower()):
            if character < "\x80" or character in _IN_WORDS:
                continue
            if character in letters or (half and character in _SIGNS and place == len(word) - 1):
                total += 1
            elif character in half:
                total += 0.5
            elif character.isalpha() or 0 < place < len(word) - 1:
                total -= 2
    return total
