"""The processes of a measurement: the server on one core; the fake provider and whoever measures on another."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, LOAD_CORE = CORES[0], CORES[-1]
TICKS = os.sysconf("SC_CLK_TCK")
START_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Process:
    """A child that has told its address."""

    child: asyncio.subprocess.Process
    url: str

    def cpu_s(self) -> float:
        """Of all its threads, in user and in kernel."""
        fields = Path(f"/proc/{self.child.pid}/stat").read_text(encoding="utf-8").rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def peak_mb(self) -> float:
        """The most memory it ever held: VmHWM."""
        return self._memory_mb("VmHWM")

    def memory_mb(self) -> float:
        return self._memory_mb("VmRSS")

    def _memory_mb(self, name: str) -> float:
        for row in Path(f"/proc/{self.child.pid}/status").read_text(encoding="utf-8").splitlines():
            if row.startswith(f"{name}:"):
                return int(row.split()[1]) / 1024
        raise RuntimeError(f"the process has no {name}")

    async def kill(self) -> None:
        self.child.kill()
        await self.child.wait()


def pin_self() -> None:
    os.sched_setaffinity(0, {LOAD_CORE})


def provider_settings(fake_url: str, max_concurrency: int = 2048) -> dict[str, str]:
    """The server's environment: Grok is the fake, without limits per minute."""
    return {
        "CHUNKSMITH_PROVIDERS__GROK__BASE_URL": f"{fake_url}/v1",
        "CHUNKSMITH_PROVIDERS__GROK__API_KEY": "bench-key",
        "CHUNKSMITH_PROVIDERS__GROK__MAX_CONCURRENCY": str(max_concurrency),
        "CHUNKSMITH_LOGS__LEVEL": "warning",
    }


@asynccontextmanager
async def fake_provider(latency_ms: float = 0.0, *, fast: bool = True) -> AsyncIterator[Process]:
    """``fast``: the same reply to everything, which costs least; else one that quotes the passage."""
    arguments = ["scripts/fake_llm.py", "--no-record", "--latency-ms", f"{latency_ms:g}", *(["--fast"] if fast else [])]
    async with _running(arguments, LOAD_CORE, {}) as process:
        yield process


@asynccontextmanager
async def server(data_dir: Path, environment: Mapping[str, str]) -> AsyncIterator[Process]:
    arguments = ["-m", "chunksmith", "serve", "--port", "0", "--data-dir", str(data_dir)]
    async with _running(arguments, SERVER_CORE, environment) as process:
        yield process


async def raw_loop(client: str, fake: Process, concurrency: int, calls: int) -> dict[str, Any]:
    """Calls and nothing else, on the server's core: {"wall_s", "cpu_s", "calls"}."""
    arguments = ["-m", "benchsuite.rawloop", client, fake.url, str(concurrency), str(calls)]
    paths = os.pathsep.join(filter(None, [str(ROOT / "scripts"), os.environ.get("PYTHONPATH")]))
    child = await _spawn(arguments, SERVER_CORE, {"PYTHONPATH": paths})
    out, _ = await child.communicate()
    if child.returncode != 0:
        raise RuntimeError(f"the raw loop ended with {child.returncode}")
    found: dict[str, Any] = json.loads(out)
    return found


@asynccontextmanager
async def _running(arguments: list[str], core: int, environment: Mapping[str, str]) -> AsyncIterator[Process]:
    child = await _spawn(arguments, core, environment)
    try:
        yield Process(child, await asyncio.wait_for(_address(child), START_TIMEOUT_S))
    finally:
        if child.returncode is None:
            child.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(child.wait(), 30)
            except TimeoutError:
                child.kill()
                await child.wait()


async def _spawn(arguments: list[str], core: int, environment: Mapping[str, str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        cwd=ROOT,
        # Compiled modules are kept, as they are for everybody who starts a server more than once.
        env={name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        | dict(environment),
        stdout=asyncio.subprocess.PIPE,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
    )


async def _address(child: asyncio.subprocess.Process) -> str:
    """The fake says it in JSON, the server in a sentence."""
    assert child.stdout is not None  # noqa: S101 - a pipe was asked for
    said = (await child.stdout.readline()).decode().strip()
    if not said:
        raise RuntimeError("the process ended before it was ready")
    return str(json.loads(said)["url"]) if said.startswith("{") else said.rsplit(" ", 1)[1]
