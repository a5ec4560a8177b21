"""Kills the server again and again while it generates, and looks at what is left: ``python scripts/kill_test.py``.

Each run starts the real server (`python -m chunksmith serve`) on a new data directory, submits one job against a
stand-in for the provider that counts every request body, ends the server with SIGKILL at random instants, some of them
while it starts, starts it again each time, and waits for the end. The dataset must be the one that a run without kills
makes, and no call may be sent twice but those that were in flight at a kill.
"""

import argparse
import asyncio
import hashlib
import json
import os
import random
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from fake_llm import FakeLLM

START_S, END_S = 30.0, 120.0
LOOK_S = 0.02
# Of the kills, so many come before the server is ready.
EARLY = 0.15
# What a model may do to its replies; by what is asked, so that a question has the same reply in every run.
CONTENT_FAULTS = {"fenced": 0.1, "prose": 0.05, "garbage": 0.05, "truncated": 0.05, "wrong-schema": 0.02}
ENDED = ("completed", "failed", "cancelled", "paused")
Json = dict[str, Any]


@dataclass(frozen=True)
class Work:
    """One job. ``latency_ms`` of a call, varying by half."""

    chunks: int = 300
    concurrency: int = 12
    batch_size: int = 40
    latency_ms: float = 40.0
    format_type: str = "jsonl"
    more: Mapping[str, Any] = field(default_factory=dict)

    def passages(self) -> list[str]:
        return [
            f"Sample {n} was taken at site {n % 17} in {1900 + n % 90}. Its mass is {n * 7 + 3} grams. "
            f"The keeper of site {n % 17} stored it in drawer {n} because the shelf was full."
            for n in range(self.chunks)
        ]

    def fake(self) -> FakeLLM:
        return FakeLLM(
            rates=CONTENT_FAULTS,
            grok_reasoning=50,
            latency="uniform",
            latency_ms=self.latency_ms,
            latency_spread_ms=self.latency_ms / 2,
        )


class Server:
    """One process of the server."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self.process = process
        self._log = log
        self.url = ""

    @classmethod
    async def start(cls, data_dir: Path, fake: FakeLLM, more: Mapping[str, str] | None = None) -> "Server":
        ours = {
            "CHUNKSMITH_PROVIDERS__GROK__BASE_URL": fake.base_url("grok"),
            "CHUNKSMITH_PROVIDERS__GROK__API_KEY": "kill-test-key",
            "CHUNKSMITH_LOGS__LEVEL": "warning",
        }
        path = data_dir.parent / "server.log"
        with path.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "chunksmith", "serve", "--port", "0", "--data-dir", str(data_dir)),
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env={**os.environ, **ours, **(more or {})},
            )
        return cls(process, path)

    async def ready(self) -> "Server":
        """Errors: RuntimeError when it ends instead."""
        assert self.process.stdout is not None  # noqa: S101 - asked for above
        line = await asyncio.wait_for(self.process.stdout.readline(), START_S)
        if not line:
            told = self._log.read_text(errors="replace")[-2000:]
            raise RuntimeError(f"the server ended with {await self.process.wait()} before it was ready: {told}")
        self.url = line.decode().rpartition(" ")[2].strip()
        return self

    async def end(self, number: signal.Signals = signal.SIGKILL) -> int:
        if self.process.returncode is None:
            self.process.send_signal(number)
        return await self.process.wait()

    async def call(self, method: str, path: str, body: Json | None = None) -> Json:
        url = f"{self.url}/api/v1/{path}"
        async with aiohttp.ClientSession() as session, session.request(method, url, json=body) as response:
            answer: Json = await response.json()
            if response.status >= 300:
                raise RuntimeError(f"{method} {path}: {response.status} {answer}")
            return answer

    async def submit(self, work: Work) -> str:
        """Returns the job's id."""
        project = await self.call("POST", "projects", {"name": "Samples"})
        texts = work.passages()
        for start in range(0, len(texts), 1000):
            chunks = [{"text": text, "document": "samples.txt"} for text in texts[start : start + 1000]]
            await self.call("POST", f"projects/{project['id']}/chunks", {"chunks": chunks})
        body = {
            "project_id": project["id"],
            "data_source": "Chunks Only",
            "generation_model": "grok",
            "concurrency": work.concurrency,
            "batch_size": work.batch_size,
            "format_type": work.format_type,
            "enable_versioning": True,
            "dataset_name": "Killed",
            **work.more,
        }
        return str((await self.call("POST", "datasets/generate", body))["job_id"])

    async def ended(self, job_id: str) -> Json:
        until = time.monotonic() + END_S
        while time.monotonic() < until:
            status = await self.call("GET", f"jobs/{job_id}")
            if status["status"] in ENDED:
                return status
            await asyncio.sleep(LOOK_S)
        raise TimeoutError(f"{job_id} has not ended after {END_S:g} s")


@dataclass
class Left:
    """What is in the data directory. ``problems``: numbers that do not add up."""

    state: str = ""
    open_calls: frozenset[int] = frozenset()
    unknown_calls: int = 0
    outcomes: list[tuple[Any, ...]] = field(default_factory=list)
    entries: list[tuple[Any, ...]] = field(default_factory=list)
    batches: list[tuple[Any, ...]] = field(default_factory=list)
    files: dict[int, str] = field(default_factory=dict)
    versions: list[tuple[Any, ...]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def dataset(self) -> tuple[Any, ...]:
        """All that must be the same after any number of kills."""
        return self.outcomes, self.entries, self.batches, self.files, self.versions


# Times, and the number of the call that gave the reply, are another matter.
NOT_COMPARED = {"generated_at", "call_id"}
_MUST_AGREE = {
    "units": ("units_total", "SELECT count(*) FROM units WHERE job = 1"),
    "entries": ("entries", "SELECT count(*) FROM entries"),
    "entries of units": ("entries", "SELECT ifnull(sum(entries), 0) FROM units WHERE job = 1"),
    "entries of the dataset": ("entries", "SELECT entries_count FROM datasets"),
    "calls": ("calls", "SELECT count(*) FROM calls WHERE job = 1 AND NOT unsent"),
    "unsent calls": ("unsent_calls", "SELECT count(*) FROM calls WHERE job = 1 AND unsent"),
    "unknown calls": ("unknown_calls", "SELECT count(*) FROM calls WHERE job = 1 AND state = 'unknown'"),
    "input tokens": ("input_tokens", "SELECT ifnull(sum(input_tokens), 0) FROM calls WHERE job = 1"),
    "output tokens": ("output_tokens", "SELECT ifnull(sum(output_tokens), 0) FROM calls WHERE job = 1"),
    "cost": ("cost_nano", "SELECT ifnull(sum(cost_nano), 0) FROM calls WHERE job = 1"),
    **{
        outcome: (outcome, f"SELECT count(*) FROM units WHERE job = 1 AND outcome = '{outcome}'")  # noqa: S608 - fixed
        for outcome in ("accepted", "rejected", "duplicate", "invalid", "refused", "failed")
    },
}


def look(data_dir: Path) -> Left:
    """Read a data directory that no server has open. It has one job."""
    left = Left()
    with closing(sqlite3.connect(data_dir / "chunksmith.db")) as connection:
        connection.row_factory = sqlite3.Row
        job = connection.execute("SELECT * FROM jobs").fetchone()
        if job is None:
            return left
        left.state = job["state"]
        counters = connection.execute("SELECT * FROM job_counters").fetchone()
        for name, (column, sql) in _MUST_AGREE.items():
            counted = connection.execute(sql).fetchone()[0]
            if counters[column] != counted:
                left.problems.append(f"{name}: {counters[column]} in the counters, {counted} in the tables")
        left.unknown_calls = counters["unknown_calls"]
        left.open_calls = frozenset(
            row["id"] for row in connection.execute("SELECT id FROM calls WHERE state = 'intent'")
        )
        units = connection.execute("SELECT position, outcome, reason, detail, entries FROM units ORDER BY position")
        left.outcomes = [tuple(row) for row in units]
        rows = connection.execute("SELECT * FROM entries ORDER BY id").fetchall()
        left.entries = [tuple(row[name] for name in row.keys() if name not in NOT_COMPARED) for row in rows]  # noqa: SIM118 - a Row iterates over its values
        sql = "SELECT major, minor, patch, origin, entries_count, content_sha256 IS NULL FROM dataset_versions"
        left.versions = [tuple(row) for row in connection.execute(sql)]
        for row in connection.execute("SELECT * FROM batches ORDER BY batch_index"):
            left.batches.append((row["batch_index"], row["entries_count"], row["chunks_processed"], row["sha256"]))
            data = (data_dir / row["file_path"]).read_bytes()
            left.files[row["batch_index"]] = hashlib.sha256(data).hexdigest()
            if left.files[row["batch_index"]] != row["sha256"] or len(data) != row["size_bytes"]:
                left.problems.append(f"batch file {row['batch_index']} is not what its row says")
    return left


@dataclass
class Run:
    """What one job went through. ``lost_calls`` were in flight at a kill, as the ledger had it."""

    left: Left
    status: Json
    kills: int = 0
    lost_calls: frozenset[int] = frozenset()
    sent: int = 0
    repeats: int = 0
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)

    @property
    def in_flight(self) -> int:
        return len(self.lost_calls)

    def verify(self, expected: Left) -> "Run":
        """Adds to the problems whatever breaks a promise."""
        self.problems += self.left.problems
        if self.status["status"] != "completed":
            self.problems.append(f"ended as {self.status['status']}: {self.status['error']}")
        for name in ("outcomes", "entries", "batches", "files", "versions"):
            if getattr(self.left, name) != getattr(expected, name):
                self.problems.append(f"{name} are not those of the run without kills")
        if self.repeats > self.in_flight:
            self.problems.append(f"{self.repeats} calls were repeated, {self.in_flight} were in flight")
        if self.left.unknown_calls != self.in_flight or self.left.open_calls:
            self.problems.append(f"{self.left.unknown_calls} calls count as unknown, {self.in_flight} were in flight")
        return self


def repeats(fake: FakeLLM) -> int:
    return sum(times - 1 for times in fake.stats.bodies.values())


async def uninterrupted(work: Work, folder: Path) -> Left:
    """The run to compare with. Errors: RuntimeError when not even that one is right."""
    async with work.fake() as fake:
        server = await (await Server.start(folder / "data", fake)).ready()
        status = await server.ended(await server.submit(work))
        code = await server.end(signal.SIGTERM)
        left = look(folder / "data")
        if code != 0 or status["status"] != "completed" or left.problems or repeats(fake):
            raise RuntimeError(f"exit {code}, {status}, {left.problems}, {repeats(fake)} repeats")
        return left


async def interrupted(work: Work, folder: Path, kills: int, within_s: float, rng: random.Random) -> Run:
    """A run with at most ``kills`` kills, each up to ``within_s`` after the server is ready, or while it starts."""
    began = time.monotonic()
    async with work.fake() as fake:
        server = await (await Server.start(folder / "data", fake)).ready()
        job_id = await server.submit(work)
        run = Run(Left(), {})
        while run.kills < kills:
            if rng.random() < EARLY and run.kills:
                await asyncio.sleep(rng.uniform(0, 0.8))
            else:
                await server.ready() if not server.url else None
                await asyncio.sleep(rng.uniform(0, within_s))
            await server.end()
            left = look(folder / "data")
            run.problems += left.problems
            server = await Server.start(folder / "data", fake)
            if left.state != "running" and left.state != "submitted":
                break
            run.kills += 1
            run.lost_calls |= left.open_calls
        await server.ready()
        run.status = await server.ended(job_id)
        await server.end(signal.SIGTERM)
        run.left = look(folder / "data")
        if stray := [path.name for path in (folder / "data").rglob("*.part")]:
            run.problems.append(f"files of no use are left: {stray}")
        run.sent, run.repeats = fake.stats.chats, repeats(fake)
        run.seconds = time.monotonic() - began
        return run


async def killed_at(work: Work, folder: Path, place: str, time_: int) -> Run:
    """A run in which the server ends itself when it comes to ``place`` for that time, and is started again."""
    began = time.monotonic()
    async with work.fake() as fake:
        point = {"CHUNKSMITH_FAULT_POINT": f"{place}:{time_}"}
        server = await (await Server.start(folder / "data", fake, point)).ready()
        job_id = await server.submit(work)
        code = await asyncio.wait_for(server.process.wait(), END_S)
        left = look(folder / "data")
        run = Run(Left(), {}, kills=1, lost_calls=left.open_calls, problems=left.problems)
        if code != -signal.SIGKILL:
            run.problems.append(f"the server ended with {code}")
        server = await (await Server.start(folder / "data", fake)).ready()
        run.status = await server.ended(job_id)
        await server.end(signal.SIGTERM)
        run.left = look(folder / "data")
        if stray := [path.name for path in (folder / "data").rglob("*.part")]:
            run.problems.append(f"files of no use are left: {stray}")
        run.sent, run.repeats = fake.stats.chats, repeats(fake)
        run.seconds = time.monotonic() - began
        return run


async def all_runs(work: Work, kills: int, each: int, within_s: float, seed: int, folder: Path) -> list[Run]:
    """As many runs as it takes to have so many kills of a working server."""
    rng = random.Random(seed)
    (folder / "without").mkdir()
    expected = await uninterrupted(work, folder / "without")
    runs: list[Run] = []
    while (done := sum(run.kills for run in runs)) < kills:
        place = folder / f"run-{len(runs) + 1}"
        place.mkdir()
        run = await interrupted(work, place, min(each, kills - done), within_s, rng)
        runs.append(run.verify(expected))
    return runs


def table(runs: list[Run]) -> str:
    """In Markdown."""
    head = "run | kills | in flight at the kills | calls sent | sent twice | entries | lost or doubled | seconds"
    rows = [head, " | ".join(["---:"] * 8)]
    for number, run in enumerate(runs, start=1):
        wrong = "; ".join(run.problems) or "0"
        values = (number, run.kills, run.in_flight, run.sent, run.repeats, len(run.left.entries), wrong)
        rows.append(" | ".join(map(str, values)) + f" | {run.seconds:.1f}")
    total = [sum(getattr(run, name) for run in runs) for name in ("kills", "in_flight", "sent", "repeats")]
    wrong_runs = sum(bool(run.problems) for run in runs)
    rows.append(" | ".join(map(str, ["all", *total, "", wrong_runs or 0, f"{sum(run.seconds for run in runs):.1f}"])))
    return "\n".join(f"| {row} |" for row in rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=50, help="in all")
    parser.add_argument("--each", type=int, default=10, help="in one run at most")
    parser.add_argument("--chunks", type=int, default=300)
    parser.add_argument("--concurrency", type=int, default=12)
    parser.add_argument("--latency-ms", type=float, default=40.0)
    parser.add_argument("--within-s", type=float, default=0.3, help="a kill comes up to so long after the start")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    work = Work(chosen.chunks, chosen.concurrency, latency_ms=chosen.latency_ms)
    with tempfile.TemporaryDirectory() as folder:
        runs = asyncio.run(all_runs(work, chosen.kills, chosen.each, chosen.within_s, chosen.seed, Path(folder)))
    print(table(runs))
    print(json.dumps({"chunks": work.chunks, "concurrency": work.concurrency, "seed": chosen.seed}))
    return int(any(run.problems for run in runs))


if __name__ == "__main__":
    sys.exit(main())
