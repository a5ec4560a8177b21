"""The samples of the suite ``dataset``: entries, those held out where there are splits."""

from collections.abc import Sequence
from dataclasses import replace

from chunksmith.domain.benchmarks import BenchmarkSpec, NotRun, Sample, Suite
from chunksmith.domain.corpus_ports import ChunkSource
from chunksmith.domain.datasets import Dataset, Entry
from chunksmith.domain.entry_query import EntryQuery, Position
from chunksmith.domain.generation import Mode
from chunksmith.domain.job_ports import Entries
from chunksmith.pipeline.benchmarks.samples import Chosen, example_shots, sample_of
from chunksmith.pipeline.benchmarks.taking import Taken, task_run

PAGE = 500
HELD_OUT = "test"
NO_ANSWERS = {"question": "a question without an answer", "answer": "an answer without a question"}
SUMMARIZE = "Summarize the passage."


def cannot_be_asked(mode: str) -> str | None:
    """Why entries of a mode cannot be used; None when they can."""
    lacks = NO_ANSWERS.get(mode)
    return f"entries of the mode {mode!r} have {lacks}: there is nothing to compare with" if lacks else None


async def take_entries(
    entries: Entries, chunks: ChunkSource, dataset: Dataset, suite: Suite, spec: BenchmarkSpec
) -> Taken:
    (task,) = suite.tasks
    mode: Mode = dataset.settings["generation_mode"]
    fault = cannot_be_asked(mode)
    if fault is not None:
        return Taken([], [NotRun(task=task.name, reason=fault)], [])
    chosen = await _chosen(entries, dataset, spec)
    kept = chosen.taken()
    if not kept:
        return Taken([], [NotRun(task=task.name, reason="the dataset has no entries")], [])
    samples = [_sample(task.name, entry, mode) for entry in kept]
    if spec.with_passage or mode == "summarization":
        samples = await _with_passages(chunks, kept, samples)
    metrics = tuple(name for name in task.metrics if name != "judge" or spec.judge_model is not None)
    shots = list(example_shots(task))[: spec.shots or 0]
    asked = task.model_copy(update={"metrics": metrics})
    run = task_run(suite, asked, task.name, shots, rows=chosen.seen, samples=len(samples))
    return Taken([run], [], samples)


async def _chosen(entries: Entries, dataset: Dataset, spec: BenchmarkSpec) -> Chosen[Entry]:
    held_out = EntryQuery(split=HELD_OUT)
    query = held_out if await entries.page(dataset.id, held_out, 1) else EntryQuery()
    chosen: Chosen[Entry] = Chosen(spec.max_samples, spec.seed)
    while page := await entries.page(dataset.id, query, PAGE):
        for entry in page:
            if entry.status != "rejected":
                chosen.add(entry.public_id, (entry,))
        query = replace(query, after=Position(None, page[-1].number))
    return chosen


def _sample(task: str, entry: Entry, mode: Mode) -> Sample:
    if mode == "summarization":
        return sample_of(task, SUMMARIZE, (entry.summary or "",), group=entry.public_id)
    if mode == "instruction following":
        asked = "\n\n".join(part for part in (entry.instruction, entry.input) if part)
        return sample_of(task, asked, (entry.output or "",), group=entry.public_id)
    return sample_of(task, entry.question or "", (entry.answer or "",), group=entry.public_id)


async def _with_passages(chunks: ChunkSource, kept: Sequence[Entry], samples: Sequence[Sample]) -> list[Sample]:
    found: list[Sample] = []
    for start in range(0, len(kept), PAGE):
        part = kept[start : start + PAGE]
        texts = await chunks.chunks_by_ids(sorted({entry.chunk_id for entry in part}))
        for entry, sample in zip(part, samples[start : start + PAGE], strict=True):
            chunk = texts.get(entry.chunk_id)
            found.append(replace(sample, passage=chunk.text) if chunk is not None else sample)
    return found
