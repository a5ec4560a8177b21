"""Finds planted near-duplicates and says how many; with --scale, what many entries take.

python scripts/measure_duplicates.py [--entries 2000] [--scale 200000]
"""

import argparse
import random
import resource
import time
from pathlib import Path

from chunksmith.quality.likeness import Likeness, Parts, twins
from planted import EDITS, OTHERS, Edit, texts_of, varied

PAGE = 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--entries", type=int, default=2000)
    parser.add_argument("--scale", type=int, default=0, help="as well: time and memory for so many entries")
    options = parser.parse_args()
    texts = texts_of(options.entries)
    rates = {name: found(texts, edit) for name, edit in {**EDITS, **OTHERS}.items()}
    for name, rate in rates.items():
        print(f"| {name}{'' if name in EDITS else ' (not to be found)'} | {rate:.1%} |")
    right, wrong = sum(rates[name] for name in EDITS), sum(rates[name] for name in OTHERS)
    print(f"precision {right / (right + wrong):.3f}, recall {right / len(EDITS):.3f}, each edit as often as the others")
    if options.scale:
        measure(options.scale)


def found(texts: list[Parts], edit: Edit) -> float:
    """The share of the texts of which an edited copy is said to repeat them."""
    rng = random.Random(5)
    pairs = search([*texts, *(edit(text, rng) for text in texts)])
    return sum(pairs.get(number + len(texts), -1) == number for number in range(len(texts))) / len(texts)


def search(texts: list[Parts]) -> dict[int, int]:
    index = Likeness()
    for start in range(0, len(texts), PAGE):
        index.add(texts[start : start + PAGE])
    return {number: twin.original for number, twin in twins(index).items()}


def measure(count: int) -> None:
    """One entry in ten is an edit of one before it."""
    rng = random.Random(5)
    base = varied(count - count // 10)
    texts = base + [EDITS["a filler"](rng.choice(base), rng) for _ in range(count // 10)]
    before = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20
    begin = time.process_time()
    pairs = search(texts)
    seconds = time.process_time() - begin
    more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before
    print(f"{count} entries: {len(pairs)} marked, {seconds:.0f} s of a core, {more:.0f} MB beside the texts")


if __name__ == "__main__":
    main()
