"""Measures the builtin generator on a folder of documents, read by the real parsers, or on the shipped samples.

python scripts/measure_builtin.py [FOLDER] [--words 120] [--count 3] [--show N] [--seed S]
"""

import argparse
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from chunksmith.domain.calls import Task
from chunksmith.domain.sentences import spans
from chunksmith.ingest.parsers import parse_file
from chunksmith.providers.builtin.generator import generate
from chunksmith.providers.builtin.passage import sentences

SAMPLES = Path(__file__).resolve().parents[1] / "src" / "chunksmith" / "samples"
READABLE = {".md", ".txt", ".html", ".pdf", ".docx", ".epub"}


@dataclass
class Figures:
    """Counts over the chunks of one document. ``prose``: chunks of which at least two thirds are whole sentences."""

    chunks: int = 0
    prose: int = 0
    two_items: int = 0
    two_open: int = 0
    items: int = 0
    verbatim: int = 0
    seconds: float = 0.0
    kinds: Counter[str] = field(default_factory=Counter)
    shown: list[str] = field(default_factory=list)

    def add(self, other: "Figures") -> None:
        for name in ("chunks", "prose", "two_items", "two_open", "items", "verbatim", "seconds"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.kinds.update(other.kinds)
        self.shown += other.shown


def chunks_of(text: str, words: int) -> list[str]:
    """Consecutive whole sentences of about ``words`` words; a shorter end is left out."""
    found: list[str] = []
    start, count = -1, 0.0
    for span in spans(text):
        start = span.start if start < 0 else start
        count += weight(text[span.start : span.end])
        if count >= words:
            found.append(text[start : span.end])
            start, count = -1, 0.0
    return found


def weight(text: str) -> float:
    """Words; in scripts without spaces two characters count as one."""
    wide = sum(char >= "\u3000" for char in text)
    return len(text.split()) + wide / 2


def measure(text: str, words: int, count: int) -> Figures:
    figures = Figures()
    for chunk in chunks_of(text, words):
        figures.chunks += 1
        began = time.perf_counter()
        items = generate(Task("default", chunk, count))
        figures.seconds += time.perf_counter() - began
        share = sum(weight(sentence.text) for sentence in sentences(chunk)) / weight(chunk)
        open_items = [item for item in items if item["kind"] != "cloze"]
        if share >= 2 / 3:
            figures.prose += 1
            figures.two_items += len(items) >= 2
            figures.two_open += len(open_items) >= 2
        figures.items += len(items)
        figures.verbatim += sum(str(item["answer"]) in chunk for item in items)
        figures.kinds.update(str(item["kind"]) for item in items)
        figures.shown += [f"[{item['kind']}] {item['question']}\n    -> {item['answer']}" for item in items]
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=SAMPLES)
    parser.add_argument("--words", type=int, default=120)
    parser.add_argument("--count", type=int, default=3)
    parser.add_argument("--show", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    total = Figures()
    heads = ("chunks", "prose", ">=2 items", ">=2 open", "items", "verbatim", "ms/chunk")
    print(f"{'document':34} " + " ".join(f"{head:>9}" for head in heads))
    for path in sorted(options.folder.iterdir()):
        if path.suffix in READABLE and path.name != "README.md":
            figures = measure(parse_file(path, path.name).text, options.words, options.count)
            print(row(path.name, figures))
            total.add(figures)
    print(row("all", total))
    print("kinds:", ", ".join(f"{kind} {number}" for kind, number in total.kinds.most_common()))
    for line in random.Random(options.seed).sample(total.shown, min(options.show, len(total.shown))):
        print(line)


def row(name: str, figures: Figures) -> str:
    def share(part: int) -> str:
        return f"{part / figures.prose:.0%}" if figures.prose else "-"

    speed = 1000 * figures.seconds / max(figures.chunks, 1)
    cells = (
        str(figures.chunks),
        str(figures.prose),
        share(figures.two_items),
        share(figures.two_open),
        str(figures.items),
        f"{figures.verbatim / max(figures.items, 1):.0%}",
        f"{speed:.1f}",
    )
    return f"{name[:34]:34} " + " ".join(f"{cell:>9}" for cell in cells)


if __name__ == "__main__":
    main()
