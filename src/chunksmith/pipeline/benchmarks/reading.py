"""What a chat model chose: one of lettered options, or one of a task's labels, in whatever way it says so.

Every mention of an option is looked at where it stands: is it ruled out, stated as the answer, or only named? One
stated answer counts; of several different ones only a last one that takes the others back. What is merely named counts
when nothing else is. Everything else is unreadable, and that is a result too: it is never guessed.
"""

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from chunksmith.domain.benchmarks import LETTERS, Label
from chunksmith.pipeline.benchmarks import phrases
from chunksmith.pipeline.json_text import without_thinking

_TAG = re.compile(r"</?[a-zA-Z][a-zA-Z_-]{0,20}>")
_LATEX = re.compile(r"\\(?:text|textbf|textit|mathrm|mathbf|rm|bf)\s*\{([^{}]*)\}")
_BOXED = re.compile(r"\\?\bboxed\s*\{([^{}]*)\}")
_EMPHASIS = re.compile(r"\*+|`+|~~|(?<![A-Za-z0-9])_+|_+(?![A-Za-z0-9])|\$+|^\s*(?:#+|>)\s*", re.MULTILINE)
_SQUARED = {ord(square): letter for square, letter in zip("🅰🅱", "AB", strict=True)} | {0xFE0F: None}
# Letters of other scripts that look like the Latin ones the options were shown with.
_ALIKE = {ord(other): letter for other, letter in zip("АВСЕΑΒΕ", "ABCEABE", strict=True)}
_ANSWER_KEYS = ("final_answer", "answer", "choice", "correct_answer", "correct_option", "option", "label", "letter")
_LAST_LINE_CHARS = 40


class Reading(NamedTuple):
    """``key`` None: unreadable, and ``why`` says in what way."""

    key: str | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class _Option:
    """What can be chosen. ``words``: folded ways of naming it besides its letter."""

    key: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Mention:
    key: str
    start: int
    end: int
    bare: bool  # a letter without bracket or sign, which may be a word
    opens: bool  # at the start of a line


def read_choice(text: str, choices: Sequence[str]) -> Reading:
    """Which of lettered options a reply chooses; the key is its letter."""
    letters = LETTERS[: len(choices)]
    options = [_Option(letter, (_folded(choice),)) for letter, choice in zip(letters, choices, strict=True)]
    return _read(text, options, lettered=True)


def read_label(text: str, labels: Sequence[Label]) -> Reading:
    """Which of a task's labels a reply gives; the key is its name."""
    options = [_Option(label.name, tuple(_folded(word) for word in (label.name, *label.also))) for label in labels]
    return _read(text, options, lettered=False)


def read_text(text: str) -> str | None:
    """A free answer without what stands around it; None when there is none."""
    bare = _TAG.sub("", without_thinking(text)).strip()
    found = _from_json(bare)
    if isinstance(found, str | int | float) and not isinstance(found, bool):
        bare = str(found)
    bare = re.sub(
        r"^(?:\*\*|#+\s*)?(?:the\s+)?(?:final\s+)?answer\s*(?:is)?\s*[:\-–]\s*(?:\*\*)?", "", bare, flags=re.IGNORECASE
    )
    bare = bare.strip().strip("*`").strip()
    if len(bare) > 1 and bare[0] + bare[-1] in ('""', "''", "“”", "«»"):
        bare = bare[1:-1].strip()
    return bare or None


def _read(text: str, options: Sequence[_Option], *, lettered: bool) -> Reading:
    stripped = without_thinking(text)
    if not stripped:
        return Reading(None, "empty")
    given = _from_json(stripped)
    if given is not None:
        if isinstance(given, list):
            given = given[0] if len(given) == 1 else None
        if not isinstance(given, str):
            return Reading(None, "its answer is no text")
        stripped = given
    boxed = [match[1] for match in _BOXED.finditer(_LATEX.sub(r"\1", stripped))]
    if boxed:
        return _decided(_plain(boxed[-1]), options, lettered)
    return _decided(_plain(stripped), options, lettered)


def _decided(plain: str, options: Sequence[_Option], lettered: bool) -> Reading:
    whole = _folded(plain)
    named = [option.key for option in options if whole in option.words]
    if len(named) == 1:
        return Reading(named[0])
    mentions = _letters(plain, options) if lettered else _words(plain, options)
    return _Judge(plain, options, mentions, lettered).reading()


class _Judge:
    """Weighs the mentions of one reply."""

    def __init__(self, plain: str, options: Sequence[_Option], mentions: Sequence[_Mention], lettered: bool) -> None:
        self._plain = plain
        self._lower = plain.lower()
        self._options = options
        self._mentions = mentions
        self._lettered = lettered
        self._out = [self._is_ruled_out(place) for place in range(len(mentions))]

    def reading(self) -> Reading:
        stated = [place for place in range(len(self._mentions)) if not self._out[place] and self._is_stated(place)]
        if any(self._is_joined(place) for place in stated):
            return Reading(None, "several answers at once")
        keys = {self._mentions[place].key for place in stated}
        if len(keys) > 1:
            last = stated[-1]
            if not self._takes_back(last, stated):
                return Reading(None, "different answers")
            keys = {self._mentions[last].key}
        if keys:
            key = keys.pop()
            return Reading(None, "its letter and its text differ") if self._names_another(key, stated) else Reading(key)
        return self._named()

    def _named(self) -> Reading:
        """Nothing is stated as the answer: what is merely named, if it is one thing."""
        if self._lettered:
            by_text = {option.key for option in self._options if self._says(option)}
            marked = {
                mention.key
                for place, mention in enumerate(self._mentions)
                if not self._out[place] and not mention.bare and not self._is_doubtful(place)
            }
            everything = {mention.key for mention in self._mentions if not mention.bare}
            if len(by_text | marked) == 1 and len(everything | by_text) == 1:
                return Reading((by_text | marked).pop())
            return Reading(None, "no answer" if not by_text | marked else "several are named")
        keys = {mention.key for mention in self._mentions}
        clear = [place for place, mention in enumerate(self._mentions) if not self._out[place] and not mention.bare]
        if len(keys) == 1 and clear and not any(self._is_doubtful(place) for place in clear):
            return Reading(keys.pop())
        return Reading(None, "no answer" if not keys else "several are named")

    def _before(self, place: int) -> str:
        """Of the same sentence, not reaching over another mention."""
        mention = self._mentions[place]
        floor = self._mentions[place - 1].end if place else 0
        return self._lower[max(floor, mention.start - 200) : mention.start]

    def _after(self, place: int) -> str:
        mention = self._mentions[place]
        following = self._mentions[place + 1].start if place + 1 < len(self._mentions) else len(self._lower)
        return self._lower[mention.end : min(following, mention.end + 200)]

    def _is_ruled_out(self, place: int) -> bool:
        if phrases.RULES_OUT.search(self._before(place)):
            return True
        after = self._after(place)
        # Behind a label and a stop comes the reason: ``No, it does not.``
        denied = phrases.DENIES.search(after) if self._lettered or not re.match(r"\s*[.,:;!]", after) else None
        confirmed = phrases.CONFIRMS.search(after)
        return denied is not None and (confirmed is None or denied.end() <= confirmed.end())

    def _is_stated(self, place: int) -> bool:
        mention, before, after = self._mentions[place], self._before(place), self._after(place)
        if phrases.QUESTIONED.search(after) or phrases.HEDGES.search(_clause(before)):
            return False
        if phrases.CONFIRMS.search(after):
            return True
        if phrases.STATES.search(before) or (place and self._out[place - 1] and phrases.BUT.search(before)):
            return not mention.bare or bool(
                phrases.LABEL_END.search(after) or phrases.REASON.search(after) or self._is_joined(place)
            )
        if mention.opens and not self._lists_options():
            return self._opens_reply(place) or self._ends_reply(place)
        return False

    def _opens_reply(self, place: int) -> bool:
        """``B``, ``(B) mitochondria``, ``Yes, because …`` at the very beginning."""
        mention, after = self._mentions[place], self._after(place)
        if phrases.WEIGHED.search(after):
            return False
        if self._plain[: mention.start].strip(" \t\n([{<\"'“‘«「『【:-"):
            return False
        if not mention.bare or phrases.LABEL_END.search(after) or phrases.REASON.search(after):
            return True
        if not self._lettered:
            return False
        said = _folded(after)
        return any(option.key == mention.key and said.startswith(option.words) for option in self._options)

    def _ends_reply(self, place: int) -> bool:
        """A last line that is nothing but the answer, with its text at most."""
        mention = self._mentions[place]
        line = self._plain[mention.start :]
        if "\n" in line.strip() or place + 1 < len(self._mentions):
            return False
        rest = _folded(self._after(place))
        option = next(option for option in self._options if option.key == mention.key)
        return (
            not rest or (self._lettered and rest in option.words) or (not mention.bare and len(rest) < _LAST_LINE_CHARS)
        )

    def _lists_options(self) -> bool:
        """Whether the options are repeated, line by line: that opens no reply."""
        return self._lettered and len({m.key for m in self._mentions if m.opens and not m.bare}) > 1

    def _is_joined(self, place: int) -> bool:
        """``A and B``: told in one breath with another one that is not ruled out."""
        for one, other in ((place, place + 1), (place - 1, place)):
            if one < 0 or other >= len(self._mentions) or self._out[one] or self._out[other]:
                continue
            if self._mentions[one].key == self._mentions[other].key:
                continue
            between = self._lower[self._mentions[one].end : self._mentions[other].start]
            if phrases.JOINS.search(between):
                return True
        return False

    def _takes_back(self, last: int, stated: Sequence[int]) -> bool:
        """Whether the last statement takes back what was stated before."""
        others = [p for p in stated if self._mentions[p].key != self._mentions[last].key]
        between = self._lower[self._mentions[others[-1]].end : self._mentions[last].start]
        return phrases.TAKES_BACK.search(between) is not None

    def _is_doubtful(self, place: int) -> bool:
        before, after = self._before(place), self._after(place)
        return bool(
            phrases.QUESTIONED.search(after) or phrases.HEDGES.search(_clause(before)) or self._is_joined(place)
        )

    def _says(self, option: _Option) -> bool:
        """Whether the option's own text stands in the reply, whole and not ruled out."""
        text = _folded(self._plain)
        for word in option.words:
            for match in re.finditer(rf"(?<!\w){re.escape(word)}(?!\w)", text) if word else ():
                longer = any(
                    word in other and word != other and other in text for o in self._options for other in o.words
                )
                before, after = text[: match.start()], text[match.end() :]
                if not longer and not phrases.RULES_OUT.search(before) and not phrases.DENIES.search(after):
                    return True
        return False

    def _names_another(self, key: str, stated: Sequence[int]) -> bool:
        """``B) nucleus`` where the nucleus is A."""
        if not self._lettered:
            return False
        for place in stated:
            rest = _folded(self._after(place).split("\n")[0])
            own = next(option.words for option in self._options if option.key == key)
            other = [option for option in self._options if option.key != key and rest and rest in option.words]
            if self._mentions[place].key == key and other and rest not in own:
                return True
        return False


def _letters(plain: str, options: Sequence[_Option]) -> list[_Mention]:
    keys = "".join(option.key for option in options)
    found = []
    pattern = re.compile(
        rf"(?<![A-Za-z0-9'’])([\(\[\{{<\"'“‘«「『【]?)\s?([{keys}{keys.lower()}])(?![A-Za-z0-9]|['’][a-z])"
    )
    for match in pattern.finditer(plain):
        letter, after = match[2], plain[match.end() : match.end() + 12]
        enclosed = bool(match[1]) and bool(re.match(r"\s?[\)\]\}>\"'”’»」』】.:]", after))
        signed = bool(re.match(r"\s?[\)\]]", after)) or bool(re.match(r"[:.]\s", after)) or _calls(plain, match.start())
        alone = plain.strip(" \t\n()[]{}<>\"'“”‘’.:,;!").lower() == letter.lower()
        if letter.islower() and not (enclosed or signed or alone or _ends(after)):
            continue
        line = plain[plain.rfind("\n", 0, match.start()) + 1 : match.start()]
        opens = not line.strip(" \t-•")
        found.append(_Mention(letter.upper(), match.start(2), match.end(2), not (enclosed or signed), opens))
    return [mention for mention in found if not _is_article(plain, mention)]


def _words(plain: str, options: Sequence[_Option]) -> list[_Mention]:
    """The longest names first: ``not entailment`` is no ``entailment``."""
    names = sorted({(word, option.key) for option in options for word in option.words}, key=lambda one: -len(one[0]))
    by_name = dict(names)
    spelled = "|".join(re.escape(word).replace(r"\ ", r"[\s_-]+") for word, _ in names)
    found = []
    for match in re.finditer(rf"(?<![\w-])(?:{spelled})(?![\w]|-\w)", plain, re.IGNORECASE):
        line = plain[plain.rfind("\n", 0, match.start()) + 1 : match.start()]
        common = _folded(match[0]) in _COMMON_WORDS
        opens = not line.strip(" \t-•([{<\"'“‘«「『【")
        found.append(_Mention(by_name[_folded(match[0])], match.start(), match.end(), common, opens))
    return found


# Labels that are ordinary words as well: they have to be stated.
_COMMON_WORDS = frozenset({"no", "maybe"})


def _is_article(plain: str, mention: _Mention) -> bool:
    """``A mitochondrion is …``, ``Vitamin B``, ``Hepatitis C``: no option is meant."""
    if not mention.bare:
        return False
    before, after = plain[: mention.start], plain[mention.end :]
    if (
        mention.key in "AI"
        and re.match(r"\s+[a-z]", after)
        and not re.match(
            r"\s+(?:is (?:the |clearly |definitely |most )*(?:correct|right|best|true|answer|wrong|incorrect|false|not)"
            r"|isn't|because|since|(?:and|or|but) [A-J]\b|cannot|can't|looks|seems)",
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
        re.search(r"\b(?:option|choice|letter|answer|вариант|opción|opção|选项|選項)\s*$", plain[:start], re.IGNORECASE)
    )


def _ends(after: str) -> bool:
    return not after.strip(" .!\"'”’)]")


def _clause(before: str) -> str:
    return re.split(r"[.!?\n;]", before)[-1]


def _from_json(text: str) -> Any:
    """The answer in a JSON object, None when there is none."""
    start, end = text.find("{"), text.rfind("}")
    if not 0 <= start < end or "boxed" in text[:start][-8:]:
        return None
    try:
        value = json.loads(text[start : end + 1])
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    lowered = {str(key).lower().replace(" ", "_"): item for key, item in value.items()}
    return next((lowered[key] for key in _ANSWER_KEYS if key in lowered), None)


def _plain(text: str) -> str:
    """Without markup, in compatible characters: ``Ｂ`` and ``Ⓑ`` are B."""
    bare = _TAG.sub("", _LATEX.sub(r"\1", text)).translate(_SQUARED)
    bare = unicodedata.normalize("NFKC", bare).replace("\\(", "(").replace("\\)", ")")
    bare = _EMPHASIS.sub("", bare)
    return re.sub(r"(?<![^\W\d_])[АВСЕΑΒΕ](?![^\W\d_])", lambda match: _ALIKE[ord(match[0])], bare).strip()


def _folded(text: str) -> str:
    """For whole comparison: case, punctuation at the ends and the article in front do not matter."""
    bare = unicodedata.normalize("NFKC", text).casefold().replace("_", " ").replace("-", " ")
    bare = re.sub(r"\s+", " ", bare).strip(" .,:;!()[]{}<>\"'“”‘’«»")
    return re.sub(r"^(?:the|an?)\s+(?=\S)", "", bare)
