"""Small benchmark data in the layouts of the public sets, with content of our own."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

Rows = Sequence[Mapping[str, Any]]
DECISIONS = ("yes", "yes", "no", "yes", "maybe", "no", "yes", "no", "yes", "maybe")


def parquet(path: Path, rows: Rows) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist([dict(row) for row in rows]), path)
    return path


def jsonl(path: Path, rows: Rows) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def pubmedqa(folder: Path, count: int = 10, held_out: int | None = None) -> Path:
    """As its authors publish it. ``held_out``: so many of them are the test split."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = {
        str(9000 + n): {
            "QUESTION": f"Does plaster number {n} shorten the healing?",
            "CONTEXTS": [f"Plaster {n} was tried on {n + 20} patients.", "Their wounds were looked at each day."],
            "LABELS": ["METHODS", "RESULTS"],
            "MESHES": ["Bandages"],
            "YEAR": "2011",
            "final_decision": DECISIONS[n % len(DECISIONS)],
            "LONG_ANSWER": f"Nothing more can be said of plaster {n}.",
        }
        for n in range(count)
    }
    (folder / "ori_pqal.json").write_text(json.dumps(rows), encoding="utf-8")
    if held_out is not None:
        truth = {key: rows[key]["final_decision"] for key in list(rows)[:held_out]}
        (folder / "test_ground_truth.json").write_text(json.dumps(truth), encoding="utf-8")
    return folder


def known_answers(count: int) -> dict[str, tuple[str, str]]:
    """For the fake model: each question of ``pubmedqa`` with a right and a wrong answer."""
    wrong = {"yes": "no", "no": "maybe", "maybe": "yes"}
    decisions = [DECISIONS[n % len(DECISIONS)] for n in range(count)]
    return {f"Does plaster number {n} shorten": (right, wrong[right]) for n, right in enumerate(decisions)}
