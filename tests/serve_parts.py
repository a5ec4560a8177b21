"""The real process: `python -m chunksmith serve`, started and stopped by tests."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

# Providers' keys and our own settings in the environment of whoever runs the tests stay out.
FOREIGN = re.compile(r"CHUNKSMITH_|GEMINI_|GOOGLE_API|XAI_|OLLAMA_")
START_S = 30.0


@dataclass
class Process:
    """``url`` is empty until the ready line came."""

    popen: subprocess.Popen[str]
    log: Path
    url: str = ""

    @property
    def api(self) -> httpx.Client:
        return httpx.Client(base_url=f"{self.url}/api/v1", timeout=30)

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.popen.send_signal(number)
        return self.popen.wait(START_S)


def environment(**ours: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not FOREIGN.match(name)} | ours


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "chunksmith", *map(str, arguments)]


def chunksmith(*arguments: object, **ours: str) -> subprocess.CompletedProcess[str]:
    """A command that ends by itself."""
    return subprocess.run(
        command(*arguments), capture_output=True, text=True, timeout=START_S, env=environment(**ours), check=False
    )


@contextlib.contextmanager
def serving(data_dir: Path, *arguments: object, **ours: str) -> Iterator[Process]:
    log = data_dir.with_name(f"{data_dir.name}.log")
    with log.open("w") as errors:
        popen = subprocess.Popen(
            command("serve", "--port", 0, "--data-dir", data_dir, *arguments),
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=environment(**ours),
        )
    assert popen.stdout is not None
    try:
        line = popen.stdout.readline().strip()
        found = re.search(r"http://\S+", line)
        assert found, f"{line!r}\n{log.read_text()}"
        yield Process(popen, log, found[0])
    finally:
        if popen.poll() is None:
            popen.kill()
        popen.wait(START_S)
        popen.stdout.close()


def ended(api: httpx.Client, job_id: str) -> dict[str, Any]:
    """Errors: TimeoutError."""
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        status: dict[str, Any] = api.get(f"/jobs/{job_id}").json()
        if status["status"] not in ("submitted", "running"):
            return status
        time.sleep(0.02)
    raise TimeoutError(job_id)
