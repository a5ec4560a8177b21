"""The benchmark suite: ``python scripts/bench.py [--quick] [--only GROUP…]`` prints a table and writes JSON.

Each figure is a ratio, or a time against a limit, taken within one run on this machine. The server runs as a process
of its own on one core, the fake provider and the load on another. Figures as they were kept: docs/performance.md.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchsuite import answering, commits, exporting, memory, recovery, throughput
from benchsuite.figures import Figure, line, save
from benchsuite.processes import ROOT, pin_self

Measure = Callable[[Path], Awaitable[Sequence[Figure]]]
RESULTS = "bench-results.json"


def measures(quick: bool) -> dict[str, Measure]:
    """By name; quick ones are smaller, not different, and leave out what has no smaller size."""
    if quick:
        return {
            "storage": lambda folder: commits.batched(folder, 3, 40_000),
            "throughput": lambda folder: throughput.against_raw(folder, 3, 2_500),
            "ideal": lambda folder: throughput.against_ideal(folder, 4),
            "tax": lambda folder: throughput.concurrency_tax(folder, 2, 3_000),
            "status": lambda folder: answering.status_under_load(folder, 6),
            "pages": lambda folder: answering.pages(folder, 1_000_000),
            "recovery": lambda folder: recovery.resume(folder, 100_000),
            "memory": lambda folder: memory.peaks(folder, 1_000, 100_000, 20_000),
            "exports": lambda folder: exporting.exports(folder, 100_000),
        }
    return {
        "storage": lambda folder: commits.batched(folder, 5, 100_000),
        "throughput": lambda folder: throughput.against_raw(folder, 5, 5_000),
        "ideal": lambda folder: throughput.against_ideal(folder, 10),
        "tax": lambda folder: throughput.concurrency_tax(folder, 3, 6_000),
        "status": lambda folder: answering.status_under_load(folder, 20),
        "pages": lambda folder: answering.pages(folder, 1_000_000),
        "recovery": lambda folder: recovery.resume(folder, 1_000_000),
        "memory": lambda folder: memory.peaks(folder, 10_000, 1_000_000, 1_000_000, memory.PLAIN_JOB),
        "exports": lambda folder: exporting.exports(folder, 1_000_000),
        "whole way": lambda folder: memory.peaks(folder, 1_000, 100_000, 100_000),
    }


async def run(chosen: Sequence[Measure]) -> list[Figure]:
    figures: list[Figure] = []
    for measure in chosen:
        with tempfile.TemporaryDirectory(prefix="chunksmith-bench-") as folder:
            for figure in await measure(Path(folder)):
                figures.append(figure)
                print(line(figure), flush=True)
    return figures


class Chosen(NamedTuple):
    measures: Mapping[str, Measure]
    results: Path


def parsed(arguments: Sequence[str]) -> Chosen:
    """Errors: SystemExit, as argparse does."""
    groups = measures(quick=False)
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="smaller sizes, under four minutes")
    parser.add_argument("--only", nargs="+", metavar="GROUP", help=", ".join(groups))
    parser.add_argument("--results", type=Path, default=ROOT / RESULTS, metavar="FILE")
    options = parser.parse_args(arguments)
    usual = measures(options.quick)
    known = groups | usual
    wanted = options.only or usual
    unknown = set(wanted) - set(known)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(known)}")
    return Chosen({name: known[name] for name in wanted}, options.results)


def main() -> int:
    chosen = parsed(sys.argv[1:])
    pin_self()
    began = time.monotonic()
    figures = asyncio.run(run(list(chosen.measures.values())))
    save(chosen.results, figures, " ".join(sys.argv[1:]), time.monotonic() - began)
    print(f"{sum(figure.met is False for figure in figures)} of {len(figures)} fall short; {chosen.results}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
