"""A measured figure, and how figures are shown and kept."""

import json
import os
import platform
import sqlite3
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

Goal = Literal["at least", "at most"]
LIBRARIES = ("aiohttp", "aiosqlite", "httpx", "httpx-aiohttp", "pyarrow", "pydantic", "uvloop")


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. ``bound`` None: shown for its own sake. ``detail``: what it was made from."""

    group: str
    name: str
    value: float
    unit: str = ""
    goal: Goal = "at least"
    bound: float | None = None
    detail: str = ""

    @property
    def met(self) -> bool | None:
        if self.bound is None:
            return None
        return self.value >= self.bound if self.goal == "at least" else self.value <= self.bound

    @property
    def wanted(self) -> str:
        return "" if self.bound is None else f"{'≥' if self.goal == 'at least' else '≤'} {self.bound:g}"


def line(figure: Figure) -> str:
    mark = {True: "ok", False: "SHORT", None: ""}[figure.met]
    value = f"{figure.value:,.2f}" if figure.value < 1000 else f"{figure.value:,.0f}"
    return f"{figure.group:11} {figure.name:54} {value:>9} {figure.unit:6} {figure.wanted:8} {mark:6} {figure.detail}"


def save(path: Path, figures: Sequence[Figure], arguments: str, took_s: float) -> None:
    kept: dict[str, Any] = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": f"python scripts/bench.py {arguments}".strip(),
        "took_s": round(took_s, 1),
        "machine": machine(),
        "figures": [{**asdict(figure), "met": figure.met} for figure in figures],
    }
    path.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def machine() -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "system": f"{platform.system()} {platform.release()}",
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "libraries": {name: version(name) for name in LIBRARIES},
        "optimised": not sys.flags.debug,
    }


def _processor() -> str:
    for row in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        name, _, value = row.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()
