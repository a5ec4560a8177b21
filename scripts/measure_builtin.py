"""Measures the builtin generator on a folder of documents, read by the real parsers, or on the shipped samples.

python scripts/measure_builtin.py [FOLDER] [--words 120] [--count 3] [--mode MODE] [--show N] [--plainer] [--seed S]
                                  [--misses N]

``--show N`` prints N entries, with ``--plainer`` of the open questions of the second rank only. ``--misses N`` tells of
prose chunks with fewer than two open questions what became of each sentence: the reasons counted, then N such chunks.
"""

import argparse
import random
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from chunksmith.domain.calls import Task
from chunksmith.domain.sentences import spans
from chunksmith.ingest.blocks import blocks
from chunksmith.ingest.packing import Draft, paths_at
from chunksmith.ingest.parsers import parse_file
from chunksmith.providers.builtin.acceptance import refusal
from chunksmith.providers.builtin.generator import Item, generate
from chunksmith.providers.builtin.grammar.passage import Sentence, sentences
from chunksmith.providers.builtin.grammar.reading import Reading
from chunksmith.providers.builtin.languages import detect
from chunksmith.providers.builtin.questions import candidates, proposals, readings_of

SAMPLES = Path(__file__).resolve().parents[1] / "src" / "chunksmith" / "samples"
READABLE = {".md", ".txt", ".html", ".pdf", ".docx", ".epub"}


@dataclass(frozen=True)
class MeasureOptions:
    words: int = 120
    count: int = 3
    mode: str = "default"
    plainer: bool = False


class Chunk(NamedTuple):
    text: str
    headings: tuple[str, ...]


class Miss(NamedTuple):
    """A chunk with fewer than two open questions."""

    chunk: Chunk
    fates: list[tuple[str, str]]


@dataclass
class Figures:
    """Counts over the chunks of one document. ``prose``: English chunks that are at least two thirds sentences."""

    chunks: int = 0
    prose: int = 0
    two_items: int = 0
    two_open: int = 0
    items: int = 0
    verbatim: int = 0
    plainer: int = 0
    seconds: float = 0.0
    kinds: Counter[str] = field(default_factory=Counter)
    shown: list[str] = field(default_factory=list)
    misses: list[Miss] = field(default_factory=list)

    def add(self, other: "Figures") -> None:
        for name in ("chunks", "prose", "two_items", "two_open", "items", "verbatim", "plainer", "seconds"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.kinds.update(other.kinds)
        self.shown += other.shown
        self.misses += other.misses


def chunks_of(text: str, words: int) -> list[Chunk]:
    """Consecutive whole sentences of about ``words`` words; a shorter end is left out."""
    drafts: list[Draft] = []
    start, count = -1, 0.0
    for span in spans(text):
        start = span.start if start < 0 else start
        count += weight(text[span.start : span.end])
        if count >= words:
            drafts.append(Draft(start, span.end, "prose", ()))
            start, count = -1, 0.0
    return [Chunk(text[draft.start : draft.end], draft.path) for draft in paths_at(blocks(text), drafts)]


def weight(text: str) -> float:
    """Words; in scripts without spaces two characters count as one."""
    wide = sum(char >= "\u3000" for char in text)
    return len(text.split()) + wide / 2


# "xStep(3) - add 3 to the window.": the entry of a list of calls.
_CALL = re.compile(r"[A-Za-z_]\w*\([^()]*\) [-–—] ")


def is_english_prose(chunk: Chunk, found: Sequence[Sentence]) -> bool:
    share = sum(weight(sentence.text) for sentence in found if not _CALL.match(sentence.text)) / weight(chunk.text)
    return share >= 2 / 3 and detect(" ".join(sentence.text for sentence in found)) == "en"


def measure(text: str, options: MeasureOptions) -> Figures:
    figures = Figures()
    for chunk in chunks_of(text, options.words):
        figures.chunks += 1
        began = time.process_time()
        items = generate(Task(options.mode, chunk.text, options.count, context={"headings": list(chunk.headings)}))
        figures.seconds += time.process_time() - began
        found = sentences(chunk.text, chunk.headings)
        open_items = [item for item in items if item["kind"] != "cloze"]
        if is_english_prose(chunk, found):
            figures.prose += 1
            figures.two_items += len(items) >= 2
            figures.two_open += len(open_items) >= 2
            if len(open_items) < 2:
                figures.misses.append(Miss(chunk, [(read.sentence.text, fate(read)) for read in readings_of(found)]))
        figures.items += len(items)
        figures.verbatim += sum(is_verbatim(item, chunk.text) for item in items)
        figures.kinds.update(str(item["kind"]) for item in items)
        first = {one.question for one in candidates(readings_of(found))}
        second = [item for item in open_items if str(item.get("question", "")) not in first]
        figures.plainer += len(second)
        figures.shown += [shown(item) for item in (second if options.plainer else items)]
    return figures


def is_verbatim(item: Item, passage: str) -> bool:
    cut = [item[key] for key in ("answer", "output", "quote") if key in item]
    points = item.get("key_points")
    return all(str(span) in passage for span in [*cut, *(points if isinstance(points, list) else [])])


def shown(item: Item) -> str:
    asked = item.get("question") or item.get("instruction") or ""
    said = item.get("answer") or item.get("output") or item.get("summary") or ""
    return f"[{item['kind']}] {asked}\n    -> {said}"


def fate(read: Reading) -> str:
    """Where a sentence got stuck."""
    reasons = [refusal(read, proposal) for proposal in proposals(read)]
    if not reasons:
        first = read.tokens[0]
        return f"no question drafted: {first.tag} {'' if first.tag == 'word' else first.lower}"
    return "asked" if "" in reasons else f"refused: {Counter(reasons).most_common(1)[0][0]}"


def report(misses: Sequence[Miss], count: int, seed: int) -> Iterator[str]:
    tally = Counter(reason for miss in misses for _, reason in miss.fates)
    yield f"{len(misses)} chunks with fewer than two open questions"
    yield from (f"{number:6} {reason}" for reason, number in tally.most_common(25))
    for miss in random.Random(seed).sample(misses, min(count, len(misses))):
        yield f"--- {' / '.join(miss.chunk.headings)}"
        yield from (f"  [{reason}] {text}" for text, reason in miss.fates)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=SAMPLES)
    parser.add_argument("--words", type=int, default=120)
    parser.add_argument("--count", type=int, default=3)
    parser.add_argument("--mode", default="default")
    parser.add_argument("--show", type=int, default=0)
    parser.add_argument("--plainer", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--misses", type=int, default=0)
    options = parser.parse_args()
    total = Figures()
    for line in table(
        options.folder, MeasureOptions(options.words, options.count, options.mode, options.plainer), total
    ):
        print(line)
    for line in random.Random(options.seed).sample(total.shown, min(options.show, len(total.shown))):
        print(line)
    if options.misses:
        print("\n".join(report(total.misses, options.misses, options.seed)))


def table(folder: Path, options: MeasureOptions, total: Figures | None = None) -> Iterator[str]:
    """One line for each document, one for all of them, one for the kinds; ``total`` is filled on the way."""
    total = Figures() if total is None else total
    heads = ("chunks", "prose", ">=2 items", ">=2 open", "items", "verbatim", "ms/chunk")
    yield f"{'document':34} " + " ".join(f"{head:>9}" for head in heads)
    for path in sorted(folder.iterdir()):
        if path.suffix in READABLE and path.name != "README.md":
            figures = measure(parse_file(path, path.name).text, options)
            yield row(path.name, figures)
            total.add(figures)
    yield row("all", total)
    yield "kinds: " + ", ".join(f"{kind} {number}" for kind, number in total.kinds.most_common())
    yield f"open questions of the second rank: {total.plainer}"


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
