"""Which samples a run asks: of files, task by task, with the examples that go before each question."""

import contextlib
from collections import defaultdict
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from chunksmith.domain.benchmarks import BenchmarkSpec, NotRun, Sample, Suite, TaskRun, TaskSpec
from chunksmith.errors import InvalidRequest, NotFound
from chunksmith.pipeline.benchmarks.asking import shots_text
from chunksmith.pipeline.benchmarks.data import Found, find, missing
from chunksmith.pipeline.benchmarks.samples import Chosen, name_of, samples_in, shots_in


class Taken(NamedTuple):
    tasks: list[TaskRun]
    not_run: list[NotRun]
    samples: list[Sample]


def take(root: Path, suite: Suite, spec: BenchmarkSpec) -> Taken:
    """Reads files; a task whose data is missing or unreadable is not run, and the reason says why."""
    taken = Taken([], [], [])
    for task in suite.tasks:
        if not is_wanted(task, spec.tasks):
            continue
        try:
            _take_task(taken, find(root, suite.suite, task), suite, task, spec)
        except NotFound:
            taken.not_run.append(NotRun(task=task.name, reason=missing(suite.suite, task)))
        except InvalidRequest as exc:
            taken.not_run.append(NotRun(task=task.name, reason=exc.detail))
    return taken


def is_wanted(task: TaskSpec, names: Sequence[str] | None) -> bool:
    """A task that is split may hold any of the names."""
    return names is None or task.name in names or task.split_by is not None


def task_names(root: Path, suite: Suite) -> set[str]:
    """Those of the file, and what the data of split ones makes of them."""
    names = {task.name for task in suite.tasks}
    for task in suite.tasks:
        if task.split_by is not None:
            with contextlib.suppress(NotFound, InvalidRequest):
                names |= {group[0].task for group in samples_in(find(root, suite.suite, task), task)}
    return names


def check_data(root: Path, suite: Suite, names: Sequence[str] | None) -> tuple[list[str], list[NotRun]]:
    """Names of tasks that can be run, by a look at their first rows; of split ones, at all."""
    ready: list[str] = []
    not_run: list[NotRun] = []
    for task in suite.tasks:
        if not is_wanted(task, names):
            continue
        try:
            groups = samples_in(find(root, suite.suite, task), task)
            several = groups if task.split_by is not None and names is not None else islice(groups, 1)
            there = dict.fromkeys(group[0].task for group in several)
        except NotFound:
            not_run.append(NotRun(task=task.name, reason=missing(suite.suite, task)))
            continue
        except InvalidRequest as exc:
            not_run.append(NotRun(task=task.name, reason=exc.detail))
            continue
        whole = names is None or task.name in names
        ready += there if whole else [name for name in there if names is not None and name in names]
        if not there:
            not_run.append(NotRun(task=task.name, reason="its files have no rows"))
    return ready, not_run


def task_run(suite: Suite, task: TaskSpec, name: str, shots: Sequence[Sample], **counts: Any) -> TaskRun:
    """With its instruction written out, and without what only taking samples needed."""
    instruction = task.instruction or suite.instructions.get(task.form, "")
    whole = task.model_copy(update={"instruction": instruction, "examples": (), "downloads": ()})
    return TaskRun(
        name=name, spec=whole, system=suite.system, shots=len(shots), shots_text=shots_text(whole, shots), **counts
    )


def _take_task(taken: Taken, found: Found, suite: Suite, task: TaskSpec, spec: BenchmarkSpec) -> None:
    chosen: dict[str, Chosen[Sample]] = {}
    for group in samples_in(found, task):
        name = group[0].task
        if spec.tasks is not None and task.name not in spec.tasks and name not in spec.tasks:
            continue
        chosen.setdefault(name, Chosen(spec.max_samples, spec.seed)).add(name_of(group), group)
    files = found.described()
    shots = _shots(found, task, spec.shots if spec.shots is not None else task.shots)
    for name in sorted(chosen):
        samples = chosen[name].taken()
        counts = {"files": files, "rows": chosen[name].seen, "samples": len(samples)}
        taken.tasks.append(task_run(suite, task, name, shots.get(name, []), **counts))
        taken.samples.extend(samples)
    if not chosen:
        taken.not_run.append(NotRun(task=task.name, reason="its files have no rows"))


def _shots(found: Found, task: TaskSpec, count: int) -> dict[str, list[Sample]]:
    shots: dict[str, list[Sample]] = defaultdict(list)
    if count:
        for shot in shots_in(found, task):
            if len(shots[shot.task]) < count:
                shots[shot.task].append(shot)
    return shots
