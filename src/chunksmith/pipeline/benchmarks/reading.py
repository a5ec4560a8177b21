"""What a chat model chose: one of lettered options, or one of a task's labels, in whatever way it says so.

Every mention of an option is looked at where it stands: is it ruled out, stated as the answer, or only named? One
stated answer counts; of several different ones only a last one that takes the others back. What is merely named counts
when nothing else is. Everything else is unreadable, and that is a result too: it is never guessed.
"""

import json
import re
import unicodedata
from collections.abc import Sequence
from typing import Any, NamedTuple

from chunksmith.domain.benchmarks import LETTERS, Label
from chunksmith.pipeline.benchmarks import phrases
from chunksmith.pipeline.benchmarks.denials import is_clear, is_denied, is_hedged
from chunksmith.pipeline.benchmarks.mentions import Mention, Option, folded, labels_in, letters_in
from chunksmith.pipeline.json_text import without_thinking

_TAG = re.compile(r"</?[a-zA-Z][a-zA-Z_-]{0,20}>")
_LATEX = re.compile(r"\\(?:text|textbf|textit|mathrm|mathbf|rm|bf)\s*\{([^{}]*)\}")
_BOXED = re.compile(r"\\?\bboxed\s*\{([^{}]*)\}")
# What is struck out was taken back.
_STRUCK = re.compile(r"~~(?=\S)[^~]{1,400}~~|<(s|del|strike)>.{0,400}?</\1>", re.DOTALL | re.IGNORECASE)
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


def read_choice(text: str, choices: Sequence[str]) -> Reading:
    """Which of lettered options a reply chooses; the key is its letter."""
    letters = LETTERS[: len(choices)]
    options = [Option(letter, (folded(choice),)) for letter, choice in zip(letters, choices, strict=True)]
    return _read(text, options, lettered=True)


def read_label(text: str, labels: Sequence[Label]) -> Reading:
    """Which of a task's labels a reply gives; the key is its name."""
    options = [Option(label.name, tuple(folded(word) for word in (label.name, *label.also))) for label in labels]
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


def _read(text: str, options: Sequence[Option], *, lettered: bool) -> Reading:
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


def _decided(plain: str, options: Sequence[Option], lettered: bool) -> Reading:
    whole = folded(plain)
    named = [option.key for option in options if whole in option.words]
    if len(named) == 1:
        return Reading(named[0])
    mentions = letters_in(plain, options) if lettered else labels_in(plain, options)
    return _Judge(plain, options, mentions, lettered).reading()


class _Judge:
    """Weighs the mentions of one reply."""

    def __init__(self, plain: str, options: Sequence[Option], mentions: Sequence[Mention], lettered: bool) -> None:
        self._plain = plain
        self._lower = plain.lower()
        self._options = options
        self._mentions = mentions
        self._lettered = lettered
        self._out: list[bool] = []
        for place in range(len(mentions)):
            self._out.append(self._is_ruled_out(place))

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
            alone = {mention.key for place, mention in enumerate(self._mentions) if self._stands_alone(place)}
            named = by_text | marked | alone
            everything = {
                mention.key
                for place, mention in enumerate(self._mentions)
                if alone or not mention.bare or self._is_shown(place)
            }
            if len(named) == 1 and len(everything | by_text) == 1:
                return Reading(named.pop())
            return Reading(None, "no answer" if not named else "several are named")
        keys = {mention.key for mention in self._mentions}
        clear = [place for place, mention in enumerate(self._mentions) if not self._out[place] and not mention.bare]
        if len(keys) == 1 and clear and not any(self._is_doubtful(place) for place in clear):
            return Reading(keys.pop())
        return Reading(None, "several are named" if len(keys) > 1 else "no answer")

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
        before, after = self._before(place), self._after(place)
        if is_denied(before) or (place and self._out[place - 1] and self._shares_denial(place)):
            return True
        if not self._tells_itself(place) and phrases.SAYS_WRONG.search(after):
            return True
        # Behind a label and a stop comes the reason: ``No, it does not.``
        denied = phrases.DENIES.search(after) if self._lettered or not re.match(r"\s*[.,:;!]", after) else None
        confirmed = phrases.CONFIRMS.search(after)
        return denied is not None and (confirmed is None or denied.end() <= confirmed.end())

    def _shares_denial(self, place: int) -> bool:
        """``I don't think A or B is right``: the one before is denied by what stands before it."""
        return is_denied(self._before(place - 1)) and phrases.SHARES.search(self._before(place)) is not None

    def _tells_itself(self, place: int) -> bool:
        """``B: false`` where that is what B says."""
        said = folded(self._after(place))
        return any(
            option.key == self._mentions[place].key and said.startswith(option.words) for option in self._options
        )

    def _is_shown(self, place: int) -> bool:
        """A capital in a place of its own, as in ``Definitely B, …``, where nothing makes it part of a name."""
        before, after = self._before(place), self._after(place)
        capital = self._plain[self._mentions[place].start].isupper()
        return capital and bool(phrases.LABEL_END.search(after) and phrases.LEADS.search(before))

    def _stands_alone(self, place: int) -> bool:
        """``Definitely B.``: at the end of a sentence that denies and hedges nothing."""
        if not self._mentions[place].bare or self._out[place] or self._is_doubtful(place):
            return False
        ends = phrases.ENDS.search(self._after(place)) is not None
        return ends and self._is_shown(place) and is_clear(self._before(place))

    def _is_hedged(self, place: int) -> bool:
        return is_hedged(self._before(place), after_another=place > 0)

    def _is_stated(self, place: int) -> bool:
        mention, before, after = self._mentions[place], self._before(place), self._after(place)
        if phrases.QUESTIONED.search(after) or self._is_hedged(place):
            return False
        if phrases.CONFIRMS.search(after) or (not self._tells_itself(place) and phrases.SAYS_RIGHT.search(after)):
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
        said = folded(after)
        return any(option.key == mention.key and said.startswith(option.words) for option in self._options)

    def _ends_reply(self, place: int) -> bool:
        """A last line that is nothing but the answer, with its text at most."""
        mention = self._mentions[place]
        line = self._plain[mention.start :]
        if "\n" in line.strip() or place + 1 < len(self._mentions):
            return False
        rest = folded(self._after(place))
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
        questioned = phrases.QUESTIONED.search(self._after(place)) is not None
        return questioned or self._is_hedged(place) or self._is_joined(place)

    def _says(self, option: Option) -> bool:
        """Whether the option's own text stands in the reply, whole and not ruled out."""
        text = folded(self._plain)
        for word in option.words:
            for match in re.finditer(rf"(?<!\w){re.escape(word)}(?!\w)", text) if word else ():
                longer = any(
                    word in other and word != other and other in text for o in self._options for other in o.words
                )
                before, after = text[: match.start()], text[match.end() :]
                if not longer and not is_denied(before) and not phrases.DENIES.search(after):
                    return True
        return False

    def _names_another(self, key: str, stated: Sequence[int]) -> bool:
        """``B) nucleus`` where the nucleus is A."""
        if not self._lettered:
            return False
        for place in stated:
            rest = folded(self._after(place).split("\n")[0])
            own = next(option.words for option in self._options if option.key == key)
            other = [option for option in self._options if option.key != key and rest and rest in option.words]
            if self._mentions[place].key == key and other and rest not in own:
                return True
        return False


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
    bare = _TAG.sub("", _LATEX.sub(r"\1", _STRUCK.sub(" ", text))).translate(_SQUARED)
    bare = unicodedata.normalize("NFKC", bare).replace("\\(", "(").replace("\\)", ")")
    bare = _EMPHASIS.sub("", bare)
    return re.sub(r"(?<![^\W\d_])[АВСЕΑΒΕ](?![^\W\d_])", lambda match: _ALIKE[ord(match[0])], bare).strip()
