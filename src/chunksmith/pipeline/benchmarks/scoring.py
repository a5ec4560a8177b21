"""From what was answered to scores with intervals: by task, overall, and of two runs over the same samples."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from chunksmith.domain.benchmarks import PROPORTIONS, Measured, Metric, Overall, TaskRun, TaskSpec
from chunksmith.quality import benchmark_scores as scores
from chunksmith.quality.intervals import (
    Interval,
    bootstrap,
    mcnemar,
    paired_p,
    percentiles,
    resamples_for,
    wilson,
)

# What is drawn as one: a sample, or the samples of a group.
Row = tuple[Measured, ...]
Statistic = Callable[[Sequence[Row]], float]
DIGITS = 6


class TaskScore(NamedTuple):
    """``shown`` is the part of the result. ``bounds``: the interval that is shown there for the score itself; None
    where the score is a mean of metrics.
    """

    shown: dict[str, Any]
    weight: float
    rows: list[Row]
    statistic: Statistic
    bounds: dict[str, Any] | None


class Pair(NamedTuple):
    first: Row
    second: Row


def score_tasks(tasks: Sequence[TaskRun], measured: Sequence[Measured]) -> list[TaskScore]:
    """Of every task with an answer. What the provider did not answer at all is left out, and counted."""
    by_task: dict[str, list[Measured]] = defaultdict(list)
    for one in measured:
        by_task[one.task].append(one)
    return [score_task(task, by_task[task.name]) for task in tasks]


def score_task(task: TaskRun, measured: Sequence[Measured]) -> TaskScore:
    counts = Counter(one.status for one in measured)
    rows = rows_of(measured)
    shown: dict[str, Any] = {
        "task": task.name,
        "title": task.spec.title if task.spec.split_by is None else task.name.replace("_", " "),
        "samples": task.samples,
        "available": task.rows,
        "answered": sum(len(row) for row in rows),
        "unreadable": counts["invalid"],
        "refused": counts["refused"],
        "failed": counts["failed"],
        "shots": task.shots,
        "data": [{"path": file.path, "sha256": file.sha256} for file in task.files],
        "score": None,
        "metrics": [],
    }
    statistic = _task_statistic(task.spec)
    if rows:
        shown["score"] = round(statistic(rows), DIGITS)
        shown["metrics"] = [_metric(task, name, rows) for name in task.spec.metrics]
    names = _counting(task.spec)
    bounds = next((_interval_of(one) for one in shown["metrics"] if (one["name"],) == names), None)
    return TaskScore(shown, task.spec.weight, rows, statistic, bounds)


def overall(kind: Overall, tasks: Sequence[TaskScore], of: int) -> dict[str, Any] | None:
    """``of``: tasks of the suite; fewer may have been run. None when nothing was answered.

    Over one task it has the interval of that task's metric, made in the same way: one score has one interval.
    """
    scored = [task for task in tasks if task.rows]
    if not scored:
        return None
    if kind == "micro":
        right = sum(one.scores["accuracy"] for task in scored for row in task.rows for one in row)
        total = sum(len(row) for task in scored for row in task.rows)
        value, bounds = right / total, {**_bounds(wilson(right, total)), "interval": "wilson"}
    elif len(scored) == 1 and scored[0].bounds is not None:
        value, bounds = scored[0].statistic(scored[0].rows), scored[0].bounds
    else:
        value = _weighted(scored, [task.statistic(task.rows) for task in scored])
        count = min(resamples_for(len(task.rows)) for task in scored)
        draws = [bootstrap(task.rows, task.statistic, count, str(task.shown["task"])) for task in scored]
        interval = percentiles([_weighted(scored, each) for each in zip(*draws, strict=True)])
        bounds = {**_bounds(interval), "interval": "bootstrap"}
    return {
        "kind": kind,
        "score": round(value, DIGITS),
        **bounds,
        "tasks": len(scored),
        "of": of,
    }


def compare(
    kind: Overall, tasks: Sequence[TaskRun], first: Sequence[Measured], second: Sequence[Measured]
) -> dict[str, Any]:
    """Of the samples that both runs have answered. Differences are second minus first."""
    pairs = {task.name: paired(task.name, first, second) for task in tasks}
    there = [task for task in tasks if pairs[task.name]]
    return {
        "samples": sum(len(pair.first) for found in pairs.values() for pair in found),
        "only_first": len(first) - sum(len(pair.first) for found in pairs.values() for pair in found),
        "only_second": len(second) - sum(len(pair.second) for found in pairs.values() for pair in found),
        "overall": _overall_difference(kind, there, pairs) if there else None,
        "tasks": [_task_difference(task, pairs[task.name]) for task in there],
    }


def rows_of(measured: Sequence[Measured]) -> list[Row]:
    answered = [one for one in measured if one.status != "failed"]
    if not any(one.group for one in answered):
        return [(one,) for one in answered]
    groups: dict[str, list[Measured]] = defaultdict(list)
    for one in answered:
        groups[one.group].append(one)
    return [tuple(group) for group in groups.values()]


def paired(task: str, first: Sequence[Measured], second: Sequence[Measured]) -> list[Pair]:
    """Joined by what the samples say, never by their place; of groups, those that both have whole."""
    ours = [_by_keys(rows_of([one for one in measured if one.task == task])) for measured in (first, second)]
    return [
        Pair(one, other)
        for keys, rows in ours[0].items()
        for one, other in zip(rows, ours[1].get(keys, ()), strict=False)
    ]


def _by_keys(rows: Sequence[Row]) -> dict[tuple[str, ...], list[Row]]:
    found: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        ordered = tuple(sorted(row, key=lambda one: one.key))
        found[tuple(one.key for one in ordered)].append(ordered)
    return found


def _metric(task: TaskRun, name: Metric, rows: Sequence[Row]) -> dict[str, Any]:
    used = _used(name, rows)
    statistic = _statistic(task.spec, name)
    if not used:
        return {"name": name, "value": None, "low": None, "high": None, "interval": None, "samples": 0}
    value = statistic(used)
    if name in PROPORTIONS:
        interval, method = wilson(value * len(used), len(used)), "wilson"
    else:
        draws = bootstrap(used, statistic, resamples_for(len(used)), f"{task.name} {name}")
        interval, method = percentiles(draws), "bootstrap"
    return {"name": name, "value": round(value, DIGITS), **_bounds(interval), "interval": method, "samples": len(used)}


def _used(name: Metric, rows: Sequence[Row]) -> Sequence[Row]:
    """A judge that gave no verdict is left out."""
    return [row for row in rows if "judge" in row[0].scores] if name == "judge" else rows


def _counting(task: TaskSpec) -> tuple[Metric, ...]:
    """The metrics whose mean is the task's score."""
    return (task.counts,) if task.counts is not None else task.metrics


def _interval_of(metric: Mapping[str, Any]) -> dict[str, Any]:
    return {name: metric[name] for name in ("low", "high", "interval")}


def _task_statistic(task: TaskSpec) -> Statistic:
    each = [_statistic(task, name) for name in _counting(task)]
    return each[0] if len(each) == 1 else lambda rows: sum(one(rows) for one in each) / len(each)


def _statistic(task: TaskSpec, name: Metric) -> Statistic:
    positive = task.positive or ""
    if name == "accuracy":
        return lambda rows: scores.accuracy(_confusion(rows))
    if name == "matthews":
        return lambda rows: scores.matthews(_confusion(rows))
    if name == "macro_f1":
        return lambda rows: scores.macro_f1(_confusion(rows))
    if name in ("f1", "f1a"):
        return lambda rows: scores.f1(_confusion(rows), positive)
    if name == "exact_match" and task.group is not None:
        return lambda rows: scores.group_exact_match(_confusion((row,)) for row in rows)
    return lambda rows: sum(row[0].scores[name] for row in rows) / len(rows)


def _confusion(rows: Sequence[Row]) -> Counter[tuple[str, str | None]]:
    return Counter((one.gold[0], one.answer) for one in chain.from_iterable(rows))


def _weighted(tasks: Sequence[TaskScore], values: Sequence[float]) -> float:
    return sum(task.weight * value for task, value in zip(tasks, values, strict=True)) / sum(
        task.weight for task in tasks
    )


def _bounds(interval: Interval) -> dict[str, float]:
    return {"low": round(interval.low, DIGITS), "high": round(interval.high, DIGITS)}


def _task_difference(task: TaskRun, pairs: Sequence[Pair]) -> dict[str, Any]:
    return {
        "task": task.name,
        "samples": sum(len(pair.first) for pair in pairs),
        "metrics": [_difference(task, name, pairs) for name in task.spec.metrics],
    }


def _difference(task: TaskRun, name: Metric, pairs: Sequence[Pair]) -> dict[str, Any]:
    if name == "judge":
        pairs = [pair for pair in pairs if "judge" in pair.first[0].scores and "judge" in pair.second[0].scores]
    if not pairs:
        return {"name": name, "samples": 0, "test": None}
    found = _between(_statistic(task.spec, name), pairs, f"{task.name} {name}")
    shown = {"name": name, "samples": len(pairs), **found}
    if name not in PROPORTIONS:
        return shown
    statistic = _statistic(task.spec, name)
    return {**shown, **_discordant([(statistic([pair.first]), statistic([pair.second])) for pair in pairs])}


def _between(statistic: Statistic, pairs: Sequence[Pair], salt: str) -> dict[str, Any]:
    def difference(drawn: Sequence[Pair]) -> float:
        return statistic([pair.second for pair in drawn]) - statistic([pair.first for pair in drawn])

    draws = bootstrap(pairs, difference, resamples_for(len(pairs)), salt)
    return {
        "first": round(statistic([pair.first for pair in pairs]), DIGITS),
        "second": round(statistic([pair.second for pair in pairs]), DIGITS),
        "difference": round(difference(pairs), DIGITS),
        **_bounds(percentiles(draws)),
        "test": "paired bootstrap",
        "p": float(f"{paired_p(draws):.3g}"),
    }


def _discordant(values: Sequence[tuple[float, float]]) -> dict[str, Any]:
    first = sum(one > other for one, other in values)
    second = sum(one < other for one, other in values)
    return {
        "only_first_right": first,
        "only_second_right": second,
        "test": "McNemar, exact",
        "p": float(f"{mcnemar(first, second):.3g}"),
    }


def _overall_difference(kind: Overall, tasks: Sequence[TaskRun], pairs: dict[str, list[Pair]]) -> dict[str, Any]:
    if len(tasks) == 1 and len(_counting(tasks[0].spec)) == 1:
        shown = _difference(tasks[0], _counting(tasks[0].spec)[0], pairs[tasks[0].name])
        return {"kind": kind, **{name: value for name, value in shown.items() if name not in ("name", "samples")}}
    if kind == "micro":
        everything = [pair for task in tasks for pair in pairs[task.name]]
        statistic = _statistic(tasks[0].spec, "accuracy")
        found = _between(statistic, everything, "overall")
        values = [(statistic([pair.first]), statistic([pair.second])) for pair in everything]
        return {"kind": kind, **found, **_discordant(values)}
    total = sum(task.spec.weight for task in tasks)
    sides: list[float] = [0.0, 0.0]
    count = min(resamples_for(len(pairs[task.name])) for task in tasks)
    draws = [0.0] * count
    for task in tasks:
        statistic, share = _task_statistic(task.spec), task.spec.weight / total
        for side in (0, 1):
            sides[side] += share * statistic([pair[side] for pair in pairs[task.name]])

        def difference(drawn: Sequence[Pair], statistic: Statistic = statistic) -> float:
            return statistic([pair.second for pair in drawn]) - statistic([pair.first for pair in drawn])

        for place, drawn in enumerate(bootstrap(pairs[task.name], difference, count, task.name)):
            draws[place] += share * drawn
    return {
        "kind": kind,
        "first": round(sides[0], DIGITS),
        "second": round(sides[1], DIGITS),
        "difference": round(sides[1] - sides[0], DIGITS),
        **_bounds(percentiles(draws)),
        "test": "paired bootstrap",
        "p": float(f"{paired_p(draws):.3g}"),
    }
