"""Benchmarks: suites of tasks, their samples, what a model answered, and what storage has to keep of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from chunksmith.domain.calls import ModelRef
from chunksmith.domain.jobs import Job, Outcome, Unit

KIND = "benchmark"
SUITES = ("glue", "superglue", "mmlu", "medical", "dataset")
DATASET_SUITE = "dataset"
MAX_SHOTS = 10
LETTERS = "ABCDEFGHIJ"
# How an answer is read: a letter of lettered options, one of the task's labels, or the text itself.
Form = Literal["choice", "label", "text"]
Metric = Literal["accuracy", "f1", "macro_f1", "matthews", "f1a", "exact_match", "token_f1", "rouge_l", "judge"]
METRICS: tuple[Metric, ...] = get_args(Metric)
# Shares of what is right or wrong as a whole.
PROPORTIONS: frozenset[Metric] = frozenset({"accuracy", "exact_match", "judge"})
Overall = Literal["macro", "micro"]
Layout = Literal["rows", "pubmedqa", "multirc", "record", "wsc"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Label(_Frozen):
    """One answer of a task with labels. ``values`` are how data files write it, ``also`` how models may say it."""

    name: str
    values: tuple[bool | int | str, ...]
    also: tuple[str, ...] = ()


class Download(_Frozen):
    """``file`` is where it goes, below the suite's folder."""

    url: str
    file: str


class TaskSpec(_Frozen):
    """One task of a suite, as its file describes it.

    ``folders`` below the suite's folder (``<data>/<suite>/<folder>``, or ``<data>/<folder>``), in each of which the
    first of ``files`` that is there is read. ``prompt`` names columns in braces. ``split_by``: a column whose values
    become tasks of their own, ``parts`` of them in the whole set. ``group``: a column; rows with the same value belong
    together (F1a, EM of MultiRC). ``counts``: the metric that is the task's score; None: the mean of its metrics.
    """

    name: str
    title: str = ""
    source: str = ""
    weight: float = 1.0
    folders: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    only: str | None = None
    shot_files: tuple[str, ...] = ()
    shots: int = 0
    layout: Layout = "rows"
    downloads: tuple[Download, ...] = ()
    form: Form
    prompt: str
    instruction: str = ""
    labels: tuple[Label, ...] = ()
    choices: tuple[str, ...] = ()
    gold: str
    gold_is: Literal["index", "letter", "text"] = "index"
    split_by: str | None = None
    parts: int = Field(default=1, ge=1)
    group: str | None = None
    metrics: tuple[Metric, ...] = Field(min_length=1)
    counts: Metric | None = None
    positive: str | None = None
    examples: tuple[dict[str, Any], ...] = ()

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        missing = {"choice": not self.choices, "label": len(self.labels) < 2, "text": False}[self.form]
        if missing:
            raise ValueError(f"task {self.name}: a {self.form} task names its {self.form}s")
        if "f1" in self.metrics and self.positive not in {label.name for label in self.labels}:
            raise ValueError(f"task {self.name}: f1 needs the name of the positive label")
        if "f1a" in self.metrics and (self.group is None or self.positive is None):
            raise ValueError(f"task {self.name}: f1a needs a group and the positive label")
        if self.parts > 1 and self.split_by is None:
            raise ValueError(f"task {self.name}: parts is for a task that is split_by a column")
        return self


class Suite(_Frozen):
    """``overall``: the mean of the tasks' scores by weight, or of all samples (one accuracy)."""

    suite: str
    title: str
    source: str
    overall: Overall
    system: str
    instructions: dict[Form, str]
    tasks: tuple[TaskSpec, ...]
    left_out: dict[str, str] = {}

    @property
    def size(self) -> int:
        """How many tasks make its score."""
        return sum(task.parts for task in self.tasks)


class DataFile(_Frozen):
    """A file that samples were read from. ``path`` is below the folder of the benchmarks."""

    path: str
    sha256: str


class TaskRun(_Frozen):
    """A task of one run, frozen with it: all that goes into a prompt stays as it was, whatever files become."""

    name: str
    spec: TaskSpec
    system: str
    files: tuple[DataFile, ...] = ()
    rows: int = 0  # that there were to choose from
    samples: int = 0
    shots: int = 0
    shots_text: str = ""


class NotRun(_Frozen):
    task: str
    reason: str


class BenchmarkSpec(_Frozen):
    """One request, frozen when it is submitted. ``max_samples`` counts for each task."""

    suite: str
    generation_model: ModelRef  # named as in other jobs' specs: the one that is measured
    judge_model: ModelRef | None = None
    project_id: int | None = None
    dataset_id: str | None = None
    tasks: tuple[str, ...] | None = None
    shots: int | None = None
    max_samples: int = 500
    seed: int = 0
    temperature: float = 0.0
    max_tokens: int = 1024
    with_passage: bool = False
    concurrency: int = 1
    reuse: bool = True
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """One question of a task. ``gold`` is the letter, the label's name, or the texts that are right.

    ``key`` is made of the content, so that the same sample of two runs can be told.
    """

    task: str
    key: str
    question: str
    gold: tuple[str, ...]
    choices: tuple[str, ...] = ()
    group: str = ""
    passage: str | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """``answer`` None: nothing could be read. ``scores`` by metric, those that each sample has by itself."""

    answer: str | None
    reply: str
    scores: Mapping[str, float] = field(default_factory=dict)


class Measured(NamedTuple):
    """A sample that has an outcome, as far as scores need it."""

    task: str
    key: str
    group: str
    gold: tuple[str, ...]
    answer: str | None
    status: str
    scores: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class SampleRow:
    """A sample with what became of it, for people."""

    position: int
    sample: Sample
    status: str
    detail: str | None
    answer: str | None
    reply: str | None
    correct: bool | None


class CallSums(NamedTuple):
    """Of a run's own calls. ``cost_nano`` is None as soon as one had no known price."""

    calls: int
    input_tokens: int
    output_tokens: int
    cost_nano: int | None


@dataclass(frozen=True, slots=True)
class BenchmarkRun:
    """What is stored of one run beside its job. ``tasks`` and ``not_run`` are there once it is ``frozen``."""

    job: Job
    suite: str
    model: ModelRef
    project_id: int | None
    dataset: int | None
    dataset_id: str | None
    edition: int
    frozen: bool
    samples: int
    tasks: tuple[TaskRun, ...]
    not_run: tuple[NotRun, ...]
    spec: BenchmarkSpec
    result: dict[str, Any] | None
    completed_at: str | None


@dataclass(frozen=True, slots=True)
class RunFilter:
    suite: str | None = None
    provider: str | None = None
    model: str | None = None
    project: int | None = None
    dataset: int | None = None
    status: str | None = None


@dataclass(frozen=True, slots=True)
class SampleFilter:
    task: str | None = None
    correct: bool | None = None
    status: str | None = None


class BenchmarkRows(Protocol):
    async def submit(self, values: Mapping[str, Any], spec: BenchmarkSpec, dataset: int | None) -> Job: ...
    async def open(self, job: int, spec: BenchmarkSpec, dataset: int | None, edition: int) -> None:
        """A run inside a job of another kind. What an earlier edition froze goes."""
        ...

    async def run(self, job: int) -> BenchmarkRun: ...
    async def clear_samples(self, job: int) -> None: ...
    async def add_samples(self, job: int, first_position: int, samples: Sequence[Sample]) -> None: ...
    async def freeze(self, job: int, tasks: Sequence[TaskRun], not_run: Sequence[NotRun], samples: int) -> None: ...
    async def samples(self, job: int, positions: Sequence[int]) -> dict[int, Sample]: ...
    async def pending(self, job: int, after: int, limit: int) -> list[Unit]: ...
    async def count_pending(self, job: int) -> int: ...
    async def end_sample(
        self, job: int, unit: Unit, outcome: Outcome, answered: Answered, *, ends_unit: bool
    ) -> None: ...
    async def measured(self, job: int, after: int, limit: int) -> list[tuple[int, Measured]]: ...
    async def call_sums(self, job: int) -> CallSums: ...
    async def set_result(self, job: int, result: Mapping[str, Any], at: str) -> None: ...


class BenchmarkResults(Protocol):
    async def find(self, job_id: str) -> BenchmarkRun | None: ...
    async def of_job(self, job: int) -> BenchmarkRun | None: ...
    async def page(self, chosen: RunFilter, limit: int, offset: int) -> tuple[list[BenchmarkRun], int]: ...
    async def measured(self, job: int, after: int, limit: int) -> list[tuple[int, Measured]]: ...
    async def sample_page(
        self, job: int, chosen: SampleFilter, limit: int, offset: int
    ) -> tuple[list[SampleRow], int]: ...
