"""Where a reply names an option: by its letter, or by a label's name."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

NEAR_CHARS = 60  # what decides whether a letter is an option stands so near
_SIGN = re.compile(r"\s?[\)\]]|[:.]\s")
_SPECIES = re.compile(r"\.\s[a-z]")  # ``C. difficile``


@dataclass(frozen=True, slots=True)
class Option:
    """What can be chosen. ``words``: folded ways of naming it besides its letter."""

    key: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mention:
    key: str
    start: int
    end: int
    bare: bool  # a letter without bracket or sign, which may be a word
    opens: bool  # at the start of a line


def letters_in(plain: str, options: Sequence[Option]) -> list[Mention]:
    keys = "".join(option.key for option in options)
    found = []
    pattern = re.compile(
        rf"(?<![A-Za-z0-9'’])([\(\[\{{<\"'“‘«「『【]?)\s?([{keys}{keys.lower()}])(?![A-Za-z0-9]|['’][a-z])"
    )
    for match in pattern.finditer(plain):
        letter, after = match[2], plain[match.end() : match.end() + 12]
        line = plain[plain.rfind("\n", 0, match.start()) + 1 : match.start()]
        opens = not line.strip(" \t-•")
        enclosed = bool(match[1]) and bool(re.match(r"\s?[\)\]\}>\"'”’»」』】.:]", after))
        signed = bool(_SIGN.match(after)) or _calls(plain, match.start())
        alone = plain.strip(" \t\n()[]{}<>\"'“”‘’.:,;!").lower() == letter.lower()
        if letter.isupper() and not opens and _SPECIES.match(after):
            signed = False
        if letter.islower() and not (enclosed or signed or alone or _ends(after)):
            continue
        found.append(Mention(letter.upper(), match.start(2), match.end(2), not (enclosed or signed), opens))
    return [mention for mention in found if not _is_article(plain, mention)]


def labels_in(plain: str, options: Sequence[Option]) -> list[Mention]:
    """The longest names first: ``not entailment`` is no ``entailment``."""
    names = sorted({(word, option.key) for option in options for word in option.words}, key=lambda one: -len(one[0]))
    by_name = dict(names)
    spelled = "|".join(re.escape(word).replace(r"\ ", r"[\s_-]+") for word, _ in names)
    found = []
    for match in re.finditer(rf"(?<![\w-])(?:{spelled})(?![\w]|-\w)", plain, re.IGNORECASE):
        line = plain[plain.rfind("\n", 0, match.start()) + 1 : match.start()]
        common = folded(match[0]) in _COMMON_WORDS
        opens = not line.strip(" \t-•([{<\"'“‘«「『【")
        found.append(Mention(by_name[folded(match[0])], match.start(), match.end(), common, opens))
    return found


# Labels that are ordinary words as well: they have to be stated.
_COMMON_WORDS = frozenset({"no", "maybe"})


def _is_article(plain: str, mention: Mention) -> bool:
    """``A mitochondrion is …``, ``Vitamin B``, ``Hepatitis C``: no option is meant."""
    if not mention.bare:
        return False
    before = plain[max(0, mention.start - NEAR_CHARS) : mention.start]
    after = plain[mention.end : mention.end + NEAR_CHARS]
    if (
        mention.key in "AI"
        and re.match(r"\s+[a-z]", after)
        and not re.match(
            r"\s+(?:is|was|does|might|could|would|has|isn't|doesn't|because|since"
            r"|(?:and|or|but) [A-J]\b|cannot|can't|looks|seems)",
            after,
        )
    ):
        return True
    named = re.search(r"\b([A-Za-z]+)\s+$", before)
    return named is not None and named[1].lower() in _NAMED_BY_LETTER


_NAMED_BY_LETTER = frozenset(
    "vitamin hepatitis type group class grade stage influenza protein factor figure table appendix section part plan "
    "schedule category phase point team room blood".split()
)


def _calls(plain: str, start: int) -> bool:
    return bool(
        re.search(
            r"\b(?:option|choice|letter|answer|вариант|opción|opção|选项|選項)\s*$",
            plain[max(0, start - NEAR_CHARS) : start],
            re.IGNORECASE,
        )
    )


def _ends(after: str) -> bool:
    return not after.strip(" .!\"'”’)]")


def folded(text: str) -> str:
    """For whole comparison: case, punctuation at the ends and the article in front do not matter."""
    bare = unicodedata.normalize("NFKC", text).casefold().replace("_", " ").replace("-", " ")
    bare = re.sub(r"\s+", " ", bare).strip(" .,:;!()[]{}<>\"'“”‘’«»")
    return re.sub(r"^(?:the|an?)\s+(?=\S)", "", bare)
