"""A modest taxonomy without a language model: the headings of the sections, and below them their key phrases.

Names are words of the material itself, descriptions its own sentences. Works by counting; it knows no meanings.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chunksmith.domain.calls import Task
from chunksmith.domain.sentences import spans
from chunksmith.domain.taxonomy import name_key
from chunksmith.providers.builtin.grammar.words import (
    ADVERBS,
    BE,
    DETERMINERS,
    DO,
    HAVE,
    MODAL,
    PREPOSITIONS,
    PRONOUNS,
    RELATIVES,
    SUBORDINATORS,
)
from chunksmith.providers.builtin.languages import detect, function_words

MAX_SECTION_CHARS = 20_000
NAME_MAX_CHARS, NAME_MAX_WORDS = 80, 8
DESCRIPTION_MAX_CHARS = 300
# A phrase that is said once is an accident; a single word needs more.
LEAST_TIMES, LEAST_TIMES_WORD = 2, 3
# Code is not prose: fenced, or set in.
_CODE = re.compile(r"^(```|~~~).*?^\1|^(?: {4}|\t).*$", re.DOTALL | re.MULTILINE)
_MARKUP = re.compile(r"[#*`_\[\]|<>{}]+|\((?:https?://|#)[^)]*\)")
_NUMBERING = re.compile(
    r"^\s*(?:(?:chapter|section|part|kapitel|appendix)\s+)?"
    r"(?:[IVX]+[.):]|\d+(?:\.\d+)*[.):]?|[A-Z](?:\.\d+)+\.?)\s+",
    re.I,
)
_CLAUSE = re.compile(r"[^\w\s'’-]+|\n\s*\n|\s[-–—]\s")
_WORD = re.compile(r"[^\W\d_][\w'’-]*")
_TERM = re.compile(r"[^\W\d_][^\W\d_'’-]{1,}(?:-[^\W\d_]{2,})*")
# Runs of Chinese characters, and of katakana, are where Japanese and Chinese keep their terms.
_RUN = re.compile(r"[\u4e00-\u9fff々]{2,8}|[\u30a1-\u30fa\u30fc]{3,16}")
_STOP = (
    DETERMINERS
    | PRONOUNS
    | PREPOSITIONS
    | ADVERBS
    | RELATIVES
    | SUBORDINATORS
    | BE
    | HAVE
    | DO
    | MODAL
    | frozenset("and or but nor so if not be been being get gets got see e.g i.e etc like way thing things".split())
)
_VERBS = frozenset(
    """
    make makes made use uses used using take takes taken give gives given keep keeps come comes go goes need needs
    please available following example note last first next whether different several certain various new other
    become becomes include includes including show shows shown begin begins call called work works help helps allow
    allows require requires contain contains provide provides let lets put puts set want wants know known say says
    """.split()
)

Item = dict[str, object]
Path = tuple[str, ...]


@dataclass(frozen=True)
class _Section:
    headings: Path
    text: str


@dataclass
class _Topic:
    """A heading and the sections under it."""

    name: str
    sections: list[_Section] = field(default_factory=list)
    children: dict[str, "_Topic"] = field(default_factory=dict)


def categories(task: Task) -> list[Item]:
    """``{category_path, description}`` items, parents first.

    Shapes: ``task.context`` has ``sections`` of ``{headings, text}``, ``depth``, ``limits`` by level, and names that
            are ``taken``.
    """
    sections = [_section(value) for value in task.context.get("sections", ())]
    depth, limits = int(task.context.get("depth", 1)), list(task.context.get("limits", (8,)))
    taken = {name_key(name) for name in task.context.get("taken", ())}
    topic = _by_heading(sections)
    items: list[Item] = []
    for path, found in _below(topic, (), depth, limits, taken):
        items.append({"category_path": list(path), "description": _described(path[-1], found.sections)})
    return items[: task.count]


def _section(value: Mapping[str, Any]) -> _Section:
    names = (_clean(str(heading)) for heading in value.get("headings", ()))
    return _Section(tuple(name for name in names if name), str(value.get("text", ""))[:MAX_SECTION_CHARS])


def _clean(heading: str) -> str:
    """A heading as a name; nothing where it is a sentence."""
    name = _NUMBERING.sub("", _MARKUP.sub(" ", heading)).strip(" \t.:;,-–—")
    name = " ".join(name.split())
    return name if 1 < len(name) <= NAME_MAX_CHARS and len(name.split()) <= NAME_MAX_WORDS else ""


def _by_heading(sections: Sequence[_Section]) -> _Topic:
    root = _Topic("", list(sections))
    for section in sections:
        topic = root
        for name in section.headings:
            topic = topic.children.setdefault(name_key(name), _Topic(name))
            topic.sections.append(section)
    return root


def _below(
    topic: _Topic, path: Path, depth: int, limits: Sequence[int], taken: set[str]
) -> Iterator[tuple[Path, _Topic]]:
    """Sub-headings, those with most sections first; then key phrases in the room that is left."""
    if len(path) >= depth:
        return
    room = limits[min(len(path), len(limits) - 1)]
    above = taken | {name_key(name) for name in path}
    headed = [child for key, child in topic.children.items() if key not in above]
    chosen = sorted(headed, key=lambda child: -len(child.sections))[:room]
    names = {name_key(child.name) for child in headed}
    phrases = _phrases(topic.sections, above | names, room - len(chosen)) if not chosen or path else []
    chosen += [_Topic(name, _mentioning(name, topic.sections)) for name in phrases]
    # A name stands once: what is a category of its own here is none below its neighbour.
    beside = taken | names | {name_key(name) for name in phrases}
    for child in chosen:
        yield (*path, child.name), child
        yield from _below(child, (*path, child.name), depth, limits, beside)


def _mentioning(name: str, sections: Sequence[_Section]) -> list[_Section]:
    """The sentences that say the name: what is said with it may belong below it."""
    wanted = name.casefold()
    found = []
    for section in sections:
        sentences = (section.text[span.start : span.end] for span in spans(section.text))
        said = [sentence for sentence in sentences if wanted in sentence.casefold()]
        found += [_Section((), "\n\n".join(said))] if said else []
    return found


def _phrases(sections: Sequence[_Section], taken: set[str], count: int) -> list[str]:
    """Key phrases: said more than once, long rather than short, not one inside the other."""
    if count < 1 or not sections:
        return []
    spelled: dict[str, Counter[str]] = {}
    times: Counter[str] = Counter()
    for text in dict.fromkeys(section.text for section in sections):
        for phrase in _candidates(text):
            key = name_key(phrase)
            times[key] += 1
            spelled.setdefault(key, Counter())[phrase] += 1
    order = {key: n for n, key in enumerate(times)}
    ranked = sorted(
        (key for key, n in _worth(times, modest=not taken).items() if key not in taken),
        key=lambda key: (-times[key] * (1 + 0.7 * key.count(" ")), order[key]),
    )
    chosen: list[str] = []
    for key in ranked:
        if len(chosen) == count:
            break
        if not any(_overlap(key, other) for other in (*chosen, *taken)):
            chosen.append(key)
    return [_named(spelled[key]) for key in chosen]


def _worth(times: Counter[str], *, modest: bool) -> dict[str, int]:
    """What is said often enough; ``modest``: where nothing is, what is said at all is better than no category."""
    often = {key: n for key, n in times.items() if n >= _least(key)}
    if often or not modest:
        return often
    return {key: n for key, n in times.items() if n >= LEAST_TIMES or " " in key}


def _least(key: str) -> int:
    return LEAST_TIMES if " " in key or not key.isascii() else LEAST_TIMES_WORD


def _overlap(first: str, second: str) -> bool:
    """One inside the other, or singular and plural of one."""
    if first.isascii() and second.isascii():
        one, other = ({word.rstrip("s") for word in text.split()} for text in (first, second))
        return one <= other or other <= one
    return first in second or second in first


def _named(spellings: Counter[str]) -> str:
    """As it is written most often, with a capital."""
    name = min(spellings, key=lambda spelling: (-spellings[spelling], spelling))
    return name[:1].upper() + name[1:]


def _candidates(text: str) -> Iterator[str]:
    """One to three content words in a row, or a run of a script that has no spaces."""
    runs = _RUN.findall(text)
    if sum(map(len, runs)) * 4 > len(text):
        yield from runs
        return
    stop = _STOP | _VERBS | function_words(detect(text))
    for clause in _CLAUSE.split(_MARKUP.sub(" ", _CODE.sub("\n\n", text))):
        for words in _content_runs(clause, stop):
            for size in (1, 2, 3):
                for start in range(len(words) - size + 1):
                    phrase = words[start : start + size]
                    if size > 1 or _is_noun_like(phrase[0]):
                        yield " ".join(phrase)


def _content_runs(clause: str, stop: Iterable[str]) -> Iterator[list[str]]:
    run: list[str] = []
    for word in _WORD.findall(clause):
        if word.casefold() in stop or not _TERM.fullmatch(word):
            if run:
                yield run
            run = []
        else:
            run.append(word)
    if run:
        yield run


def _is_noun_like(word: str) -> bool:
    return len(word) >= 4 and not word.endswith(("ly", "ing", "ed"))


def _described(name: str, sections: Sequence[_Section]) -> str:
    """The first short sentence that says the name."""
    wanted = name.casefold()
    for section in sections:
        for span in spans(section.text):
            sentence = " ".join(section.text[span.start : span.end].split())
            short = len(wanted) < len(sentence) <= DESCRIPTION_MAX_CHARS
            if short and wanted in sentence.casefold() and sentence[-1] in ".!?。！？":
                return sentence
    return ""
