"""From rows of data to samples: the question as it is asked, what can be chosen, what is right; and which are taken."""

import hashlib
import heapq
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Generic, TypeVar

from pydantic_core import to_json

from chunksmith.domain.benchmarks import LETTERS, Sample, TaskSpec
from chunksmith.errors import InvalidRequest
from chunksmith.pipeline.benchmarks.data import Found, Row, ids_in, rows_of
from chunksmith.pipeline.benchmarks.layouts import flat_rows

T = TypeVar("T")
# Only these are placeholders, filled in one pass: braces in the data stay as they are.
_COLUMN = re.compile(r"\{(\w+)\}")
KEY_BYTES = 12


def samples_in(found: Found, task: TaskSpec) -> Iterator[tuple[Sample, ...]]:
    """All samples of a task in the order of its files; those that are scored together come together.

    Errors: InvalidRequest naming the file and what is wrong with it.
    """
    wanted = ids_in(found.only)
    single = (_sample(task, row, path.name) for path, row in _flat(found, task) if wanted is None or _id(row) in wanted)
    if task.group is None:
        yield from ((sample,) for sample in single)
    else:
        yield from (tuple(group) for _, group in groupby(single, key=lambda sample: sample.group))


def shots_in(found: Found, task: TaskSpec) -> Iterator[Sample]:
    """Examples from the set's own file for that, else those of the suite's file."""
    if found.shots:
        shots = Found(found.root, found.shots)
        yield from (_sample(task, row, path.name) for path, row in _flat(shots, task))
    else:
        yield from example_shots(task)


def example_shots(task: TaskSpec) -> Iterator[Sample]:
    for row in task.examples:
        yield _sample(task, row, f"the examples of {task.name}")


def sample_of(
    task: str,
    question: str,
    gold: Sequence[str],
    choices: Sequence[str] = (),
    group: str = "",
    passage: str | None = None,
) -> Sample:
    """With its key, which is made of the content."""
    content = to_json([task, question, list(gold), list(choices), group, passage])
    key = hashlib.blake2b(content, digest_size=KEY_BYTES).hexdigest()
    return Sample(task, key, question, tuple(gold), tuple(choices), group, passage)


class Chosen(Generic[T]):
    """At most ``limit`` of many, the same ones for the same seed, wherever they stand in a file.

    Each one, or each group that is scored as one, has a number made of its name and the seed; the smallest are taken.
    So a larger limit takes the same ones and more, and two models are asked the same.
    """

    def __init__(self, limit: int, seed: int) -> None:
        self._limit = limit
        self._seed = seed
        # The largest rank on top; a group goes with its place, so that equal ranks have an order.
        self._kept: list[tuple[int, int, tuple[T, ...]]] = []
        self._bound: tuple[int, int] | None = None  # from here on nothing fits
        self._count = 0
        self.seen = 0

    def add(self, name: str, group: tuple[T, ...]) -> None:
        named = f"{self._seed} {name}".encode("utf-8", "surrogatepass")
        rank = int.from_bytes(hashlib.blake2b(named, digest_size=8).digest())
        place, self.seen = self.seen, self.seen + len(group)
        if self._bound is not None and (rank, place) >= self._bound:
            return
        heapq.heappush(self._kept, (-rank, -place, group))
        self._count += len(group)
        while self._count > self._limit and len(self._kept) > 1:
            last_rank, last_place, dropped = heapq.heappop(self._kept)
            self._count -= len(dropped)
            self._bound = (-last_rank, -last_place)

    def taken(self) -> list[T]:
        """In the order in which they came."""
        kept = sorted(self._kept, key=lambda one: -one[1])
        return [one for _, _, group in kept for one in group]


def name_of(group: tuple[Sample, ...]) -> str:
    """What a group is taken by."""
    return group[0].group or group[0].key


def _flat(found: Found, task: TaskSpec) -> Iterator[tuple[Any, Row]]:
    for path in found.files:
        for row in rows_of(path):
            try:
                yield from ((path, one) for one in flat_rows(task.layout, row))
            except (KeyError, TypeError, AttributeError) as exc:
                raise _fault(path.name, task, f"a row lacks {exc}") from exc


def _sample(task: TaskSpec, row: Mapping[str, Any], source: str) -> Sample:
    try:
        question = _filled(task.prompt, row)
        choices = _choices(task, row)
        gold = _gold(task, row, choices)
    except KeyError as exc:
        raise _fault(source, task, f"a row lacks the column {exc}") from exc
    except (ValueError, TypeError, IndexError) as exc:
        raise _fault(source, task, str(exc)) from exc
    name = str(row[task.split_by]) if task.split_by is not None else task.name
    group = str(row[task.group]) if task.group is not None and task.group in row else ""
    return sample_of(name, question, gold, choices, group)


def _filled(template: str, row: Mapping[str, Any]) -> str:
    return _COLUMN.sub(lambda match: str(row[match[1]]).strip(), template).strip()


def _choices(task: TaskSpec, row: Mapping[str, Any]) -> tuple[str, ...]:
    if not task.choices:
        return ()
    values = [row[name] for name in task.choices]
    if len(values) == 1:
        several = values[0]
        values = [several[key] for key in sorted(several)] if isinstance(several, Mapping) else list(several)
    texts = tuple(str(value).strip() for value in values if value is not None)
    if not 2 <= len(texts) <= len(LETTERS):
        raise ValueError(f"a row has {len(texts)} choices")
    return texts


def _gold(task: TaskSpec, row: Mapping[str, Any], choices: Sequence[str]) -> tuple[str, ...]:
    value = row[task.gold]
    if task.form == "label":
        known = {_plain(one): label.name for label in task.labels for one in (label.name, *label.values)}
        if _plain(value) not in known:
            raise ValueError(f"{value!r} is no label of {task.name}; known: {', '.join(sorted(known))}")
        return (known[_plain(value)],)
    if task.form == "text":
        texts = [value] if isinstance(value, str) else list(value)
        return tuple(str(text) for text in texts)
    letters = LETTERS[: len(choices)]
    if task.gold_is == "index":
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < len(letters):
            raise ValueError(f"{value!r} is not the place of a choice, counted from 0")
        return (letters[value],)
    letter = str(value).strip().upper() if task.gold_is == "letter" else letters[choices.index(str(value).strip())]
    if letter not in letters:
        raise ValueError(f"{value!r} is not the letter of a choice")
    return (letter,)


def _plain(value: Any) -> str:
    """``True``, ``true``; 1 is something else."""
    return str(value).strip().lower()


def _id(row: Mapping[str, Any]) -> str:
    return str(row.get("id"))


def _fault(source: str, task: TaskSpec, what: str) -> InvalidRequest:
    return InvalidRequest.field("/suite", f"{source} is not in the layout of {task.name}: {what}")
