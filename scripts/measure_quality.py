"""Measures the quality scores on the labelled set. See scripts/build_quality_set.py for what is in it.

python scripts/measure_quality.py [--half held_out|tuning|all] [--misses N] [--json]
python scripts/measure_quality.py --stream N

``--misses N`` shows, of each label, the N entries that the scores are most wrong about. ``--stream N`` gives the score
of a dataset N made-up entries, all different, and tells the time for each and the peak of memory.
"""

import argparse
import json
import random
import resource
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from chunksmith.domain.datasets import Entry
from chunksmith.domain.generation import SHAPES
from chunksmith.pipeline.evidence import evidence_for
from chunksmith.quality.dataset_scores import DatasetScore
from chunksmith.quality.entry_scores import EntryScore, score
from chunksmith.quality.likeness import Likeness, parts_of, twins

SET = Path(__file__).resolve().parents[1] / "tests" / "data" / "quality" / "set.jsonl"
SHAPE = SHAPES["default"]


@dataclass(frozen=True)
class Labelled:
    """``of``: the entry that it was made of; it comes before it in the dataset, for those that repeat it."""

    id: str
    label: str
    made_by: str
    half: str
    entry: Entry
    passage: str
    of: Entry | None

    @property
    def result(self) -> EntryScore:
        siblings = [self.of] if self.of is not None and self.label == "duplicated" else []
        entry = replace(self.entry, evidence=evidence_for(self.entry, (), self.passage, SHAPE))
        return score(entry, self.passage, siblings, shape=SHAPE)


def labelled(path: Path = SET) -> list[Labelled]:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    passages = {row["id"]: row for row in rows if row["kind"] == "passage"}
    entries: dict[str, Entry] = {}
    found = []
    for number, row in enumerate((row for row in rows if row["kind"] == "entry"), 1):
        entry = Entry(number, number, 1, question=row["question"], answer=row["answer"])
        entries[row["id"]] = entry
        passage = passages[row["passage"]]
        of = entries.get(row.get("of", ""))
        found.append(Labelled(row["id"], row["label"], row["made_by"], passage["half"], entry, passage["text"], of))
    return found


def auc(good: Sequence[float], bad: Sequence[float]) -> float:
    """The chance that a good one has more than a bad one, ties counting half (the area under the ROC curve)."""
    return sum((one > other) + 0.5 * (one == other) for one in good for other in bad) / (len(good) * len(bad))


def figures(found: Sequence[Labelled]) -> dict[str, Any]:
    """``auc_score``: supported against all others; ``auc_groundedness``: supported against unsupported."""
    results = [(one, one.result) for one in found]
    good = [result for one, result in results if one.label == "supported"]
    bad = [(one, result) for one, result in results if one.label != "supported"]
    unsupported = [(one, result) for one, result in bad if one.label == "unsupported"]
    scores, grounded = [one.score for one in good], [one.parts["groundedness"] for one in good]
    repeats = duplicates(found)
    kinds = dict.fromkeys((one.label, one.made_by) for one, _ in bad)
    return {
        "entries": dict(Counter(one.label for one in found)),
        "auc_score": round(auc(scores, [result.score for _, result in bad]), 4),
        "auc_groundedness": round(auc(grounded, [result.parts["groundedness"] for _, result in unsupported]), 4),
        "duplicates": repeats,
        "by_kind": {
            f"{label}: {made_by}": {
                "entries": len(of_kind),
                "found_as_duplicates": repeats["found"].get(made_by, 0),
                "auc_score": round(auc(scores, [result.score for result in of_kind]), 4),
                "auc_groundedness": round(auc(grounded, [result.parts["groundedness"] for result in of_kind]), 4),
            }
            for label, made_by in kinds
            for of_kind in [[result for one, result in bad if (one.label, one.made_by) == (label, made_by)]]
        },
        "low_among_supported": sum(one < 0.5 for one in scores),
        "high_among_others": sum(result.score >= 0.8 for _, result in bad),
    }


def duplicates(found: Sequence[Labelled]) -> dict[str, Any]:
    """Precision and recall of the search for duplicates among all entries, right where it names the entry that was
    repeated. Of ``others``, whose words are nearly those of the entry that they were made of, none may be marked.
    """
    marked = _marked(found)
    repeats = {one.id: one.id.partition("-")[0] for one in found if one.label == "duplicated"}
    right = {one for one, original in marked.items() if repeats.get(one) == original}
    return {
        "entries": len(found),
        "repeats": len(repeats),
        "precision": round(len(right) / len(marked), 4),
        "recall": round(len(right) / len(repeats), 4),
        "others": sum(one.of is not None for one in found) - len(repeats),
        "others_marked": len(marked) - len(right),
        "found": dict(Counter(one.made_by for one in found if one.id in right)),
    }


def _marked(found: Sequence[Labelled]) -> dict[str, str]:
    index = Likeness()
    index.add([parts_of(one.entry, SHAPE) for one in found])
    return {found[number].id: found[twin.original].id for number, twin in twins(index).items()}


def misses(found: Sequence[Labelled], most: int) -> list[str]:
    lines = []
    for label in dict.fromkeys(one.label for one in found):
        results = sorted(
            ((one, one.result) for one in found if one.label == label),
            key=lambda pair: pair[1].score,
            reverse=label != "supported",
        )
        for one, result in results[:most]:
            parts = " ".join(f"{name}={value:.2f}" for name, value in result.parts.items() if value < 1)
            notes = [*result.notes["evidence_missing"], *result.notes["faults"]]
            lines.append(f"{label} {one.made_by} {result.score:.2f} [{parts}] {notes}")
            lines.append(f"    {one.entry.question} | {one.entry.answer}")
    return lines


def stream(count: int) -> str:
    """What a dataset's score costs, whose entries come from a generator."""
    drawn = random.Random(1)
    words = ["".join(drawn.choices("abcdefghijklmnop", k=drawn.randint(3, 9))) for _ in range(20_000)]
    total = DatasetScore()
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    for number in range(1, count + 1):
        question, answer = " ".join(drawn.choices(words, k=9)), " ".join(drawn.choices(words, k=30))
        total.add(Entry(number, number, number, question=f"What {question}?", answer=answer, quality=0.9))
    result, seconds = total.result(), time.process_time() - start
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    each = seconds / count * 1e6
    return f"{count} entries: {each:.0f} µs each, memory grew by {grown:.0f} MB, diversity {result['diversity_score']}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=("held_out", "tuning", "all"), default="held_out")
    parser.add_argument("--misses", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--stream", type=int, default=0)
    options = parser.parse_args()
    if options.stream:
        print(stream(options.stream))
        return
    found = [one for one in labelled() if options.half in (one.half, "all")]
    result = figures(found)
    if options.json:
        print(json.dumps(result, indent=2))
        return
    print(f"{options.half}: {sum(result['entries'].values())} entries, {result['entries']}")
    print(f"ROC AUC of the score, supported against all others: {result['auc_score']:.3f}")
    print(f"ROC AUC of groundedness, supported against unsupported: {result['auc_groundedness']:.3f}")
    repeats = result["duplicates"]
    print(
        f"duplicates: precision {repeats['precision']:.3f}, recall {repeats['recall']:.3f} ({repeats['repeats']} among "
        f"{repeats['entries']} entries, {repeats['others']} of them edits that say something else)"
    )
    for kind, one in result["by_kind"].items():
        aucs = f"score {one['auc_score']:.3f}  groundedness {one['auc_groundedness']:.3f}"
        told = f"  found {one['found_as_duplicates']}" if kind.startswith("duplicated") else ""
        print(f"  {kind:34} {one['entries']:3}  {aucs}{told}")
    print(f"low among supported: {result['low_among_supported']}, high among others: {result['high_among_others']}")
    print("\n".join(misses(found, options.misses)))


if __name__ == "__main__":
    main()
