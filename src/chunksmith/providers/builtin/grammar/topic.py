"""What a passage is about, from the headings it stands under: a context for questions, a name for ``this option``."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from chunksmith.providers.builtin.grammar.verbs import NOUN_LIKE, reading
from chunksmith.providers.builtin.grammar.words import Token, is_common, is_name, is_plural, tokens

_NUMBER = re.compile(
    r"\A(?:(?:chapter|appendix|section|part)\s+(?:\d+|[A-Z])\b[.:]?|(?:\d+|[A-Z](?=\.\d))(?:\.\d+)*[.)]?(?=\s))\s*",
    re.I,
)
_REMARK = re.compile(
    r"\s+\([^()]*\)\s*\Z|\s+:\s.*\Z|(?:(?<=\s)|\A)[*_]{1,2}(?=\S)|(?<=\S)[*_]{1,2}(?=\s|\Z)|\s*[.:…]+\Z|"
    r"\A(?:(?:an )?introduction to|overview of|about) (?:the )?(?=\S)|\s+overview\Z",
    re.I,
)
_GENERIC = re.compile(
    r"(?:specific |more |further |general |other |some |basic |additional |technical |important |function )*"
    r"(?:purposes?|requirements?|options?|introductions?|overview|rationale|summary|conclusions?|basics|quirks|faq|"
    r"details?|examples?|notes?|background|description|directory description|discussion|limitations?|benefits|contents|"
    r"advantages?|disadvantages?|references?|appendix|glossary|usage|synopsis|history|type|types|abstract|preface|"
    r"scope|terminology|definitions?|table of contents|index|questions|answers|about|foreword|miscellaneous|misc|"
    r"getting started|first steps|next steps|see also|how it works|bugs|caveats|remarks|resources|best practices)",
    re.I,
)
_VAGUE = re.compile(
    r"\b(?:examples?|questions?|miscellan\w+|misc|details?|notes?|remarks?|various|other|reminders?)\b", re.I
)
_MAX_WORDS = 7


@dataclass(frozen=True, slots=True)
class Topic:
    """``text`` as it is written inside a sentence. ``code``: one identifier, path or acronym, a name of its own.

    ``command``: it is the page of a command's manual, ``lamp(1)``.
    """

    text: str
    kind: Literal["noun", "gerund", "infinitive"]
    code: bool = False
    command: bool = False

    @property
    def lead(self) -> str:
        """``Regarding the lock file``, ``When closing a bug``, ``Regarding how to close a bug``."""
        return f"{_LEADS[self.kind]} {self.text}"


_LEADS = {"noun": "Regarding", "gerund": "When", "infinitive": "Regarding how to"}


def topic_of(
    headings: Sequence[str], lower_words: frozenset[str] = frozenset(), capital_words: frozenset[str] = frozenset()
) -> Topic | None:
    """The innermost heading that names something.

    ``lower_words`` and ``capital_words`` are written so in the text below, within sentences.
    """
    for heading in reversed(headings):
        found = _topic(heading, lower_words, capital_words - {word.capitalize() for word in lower_words})
        if found is not None:
            return found
    return None


def heading_text(heading: str) -> str:
    """Without number and markup."""
    numbered = _NUMBER.sub("", heading.strip(), count=1).strip()
    return re.sub(r"\A(?:\d+[.)]?|[-–—]) (?=\w)", "", numbered).strip("*_ ")


def is_generic(heading: str) -> bool:
    """``Purpose``, ``Notes``: only the headings above it say of what."""
    return bool(_GENERIC.fullmatch(heading_text(heading)))


def _topic(heading: str, lower_words: frozenset[str], names: frozenset[str]) -> Topic | None:
    title = _REMARK.sub("", heading_text(heading)).strip()
    title = _REMARK.sub("", title).replace("``", "`")
    if page := _MANUAL.fullmatch(title):
        return Topic(page[1], "noun", code=True, command=True)
    if (
        not title
        or title.lower().startswith(("list of", "lists of"))
        or _GENERIC.fullmatch(title)
        or _VAGUE.search(title)
        or len(title.split()) > _MAX_WORDS
    ):
        return None
    if title.endswith(("-", "_", "/")) and title[0] not in "/`":
        return None
    lowered = title.lower()
    if lowered.startswith("how to ") and len(title.split()) > 3:
        titled = sum(word[:1].isupper() for word in title[7:].split()) > 1
        deed = _written(title[7:], lower_words) if titled else title[7:]
        return Topic(deed, "infinitive") if deed else None
    parts = tokens(title)
    if not _is_clean(parts, title):
        return None
    first = parts[0]
    if len(parts) == 1 and title.isalpha() and not is_name(title) and is_common(title.capitalize()):
        # "Interface", "control": of what?
        return None
    if first.tag in ("prep", "to", "conj") or first.lower == "be":
        return None
    written = "" if names & set(re.findall(r"[\w'-]+", title)) else _written(title, lower_words)
    if first.lower == "being":
        return Topic(title[0].lower() + title[1:], "gerund")
    compound = first.lower in _GERUND_NOUNS or (len(parts) > 1 and parts[1].lower in _AFTER_COMPOUND)
    if reading(first.lower, "g") and not compound:
        followed = len(parts) > 1 and (parts[1].tag not in ("conj", "punct", "prep") or parts[1].lower in _AFTER_GERUND)
        if not followed:
            return None
        return Topic(written or title, "gerund" if written else "noun")
    if first.tag == "word" and reading(first.lower, "b") and not _opens_compound(parts):
        return None
    if reading(first.lower, "dn") and len(parts) > 1 and parts[1].tag in ("prep", "det"):
        return None
    text = written or (title[0].lower() + title[1:] if first.tag == "det" else title)
    return Topic(text, "noun", len(parts) == 1 and _is_identifier(title))


_MANUAL = re.compile(r"([a-z][\w.+-]*)\(\d[a-z]?\)")
# "Opening hours", "Living conditions"
_AFTER_COMPOUND = frozenset(
    "hours days time conditions arrangements instructions expenses fees room rooms language languages".split()
)
_AFTER_GERUND = frozenset("with to on for from into".split())


def _opens_compound(parts: Sequence[Token]) -> bool:
    """``Fuzz Testing``, ``Index format``; not ``Write correct English``."""
    if parts[0].lower in NOUN_LIKE:
        return len(parts) == 1 or parts[1].tag not in ("det", "quoted", "prep") or parts[1].lower in {"of", "for", "in"}
    return len(parts) == 2 and bool(reading(parts[1].lower, "g"))


_GERUND_NOUNS = frozenset(
    """
    testing building packaging logging locking porting indexing parsing chaining caching collating matching
    mapping sorting dangling existing missing pending remaining underlying overlapping trailing leading floating
    operating programming sliding blocking recurring living engineering marketing accounting housing incoming outgoing
    upcoming ongoing heating cooling lighting opening closing working parking mailing billing shipping funding pricing
    training banking advertising manufacturing nursing catering farming fishing meeting staffing rating rising falling
    growing changing
    """.split()
)


def _is_clean(parts: Sequence[Token], title: str) -> bool:
    """A noun phrase: no finite verb, no pronoun, no comma or quotation mark that could open a second thought."""
    if re.search(r"[?!,;:=<>|{}…\"“→←•]|\.\.|--", title) or not any(char.isalpha() for char in title):
        return False
    # "Going on vacation gracefully"
    gracefully = len(parts) > 2 and parts[-1].lower.endswith("ly") and reading(parts[0].lower, "g") is not None
    return not any(
        token.tag in ("be", "modal", "do", "have", "pron", "rel", "wh", "sub", "adv")
        or token.lower in {"this", "these", "your", "our", "my", "its", "their", "vs", "other", "more"}
        for token in parts[: len(parts) - gracefully]
    ) and not any(_is_finite(parts, place) for place in range(1, len(parts)))


def _is_finite(parts: Sequence[Token], place: int) -> bool:
    """``How WAL Works``, ``Disk drives that lie``, ``Lamps Contain Oil``: a verb that can be no noun."""
    token = parts[place]
    plain = reading(token.lower, "b")
    if plain is not None and token.lower not in NOUN_LIKE and place == 1 and is_plural(parts[0].text):
        return token.tag == "word" and len(parts) > 2
    form = reading(token.lower, "s")
    return token.tag == "word" and form is not None and form.base not in NOUN_LIKE and parts[place - 1].tag == "word"


def _is_identifier(title: str) -> bool:
    if re.search(r"[A-Z]s\Z", title):
        return False
    return title[0] in "`/" or is_name(title) or title.islower() or bool(re.search(r"[_/.()]|[a-z]-[a-z]", title))


def _written(title: str, lower_words: frozenset[str]) -> str:
    """Title case taken back, all of it or nothing: empty when a word could be a name."""
    words = title.split(" ")
    titled = sum(word[:1].isupper() for word in words[1:]) >= len(words) / 2
    for place, word in enumerate(words):
        bare = word.strip("()'")
        if place and not titled and not (bare.lower() in lower_words and is_common(bare)):
            continue
        if not bare[:1].isupper() or is_name(bare.replace("-", "")):
            continue
        if not _is_ordinary(bare, lower_words):
            return ""
        words[place] = word.lower()
    return " ".join(words)


def _is_ordinary(word: str, lower_words: frozenset[str]) -> bool:
    lower = word.lower()
    return lower in lower_words or is_common(word) or bool(reading(lower, "bsdng"))


# "This pragma", "this directory": the heading says which.
KINDS = frozenset(
    """
    pragma command option function file directory program tool package script field device target setting statement
    clause mode utility interface hierarchy filesystem distribution template algorithm routine method parameter flag
    variable format tag macro library table index operator keyword property extension module service system technique
    mechanism process procedure policy plant animal lamp tool machine bird
    """.split()
)


# What the page of a command tells of.
_COMMANDS = frozenset("command program tool utility script".split())


def named(topic: Topic | None, noun: str) -> str | None:
    """``This {noun}`` written out: ``the /media directory``, ``the interdiff command``; None when not certain."""
    if topic is None or topic.kind != "noun" or noun not in KINDS or (topic.command and noun not in _COMMANDS):
        return None
    words = topic.text.lower().strip("`").split()
    if words[-1] == noun:
        bare = topic.text if words[0] == "the" else f"the {topic.text}"
        return bare if len(words) > 1 else None
    if words[-1].startswith(noun):
        return None
    if words[0] == noun and len(words) == 2 and not is_plural(words[1]):
        return f"the {topic.text.split()[1]} {noun}"
    return f"the {topic.text} {noun}" if topic.code else None
