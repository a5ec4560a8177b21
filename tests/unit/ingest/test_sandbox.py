import asyncio
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from chunksmith.errors import DocumentUnreadable
from chunksmith.ingest.sandbox import START_TRIES, parse_limited, run_limited

_MEMORY = 1 << 30


class Started:
    """Records the processes that are started, and with what environment."""

    def __init__(self) -> None:
        self.processes: list[asyncio.subprocess.Process] = []
        self.environments: list[dict[str, str]] = []
        self.one = asyncio.Event()
        self.start = asyncio.create_subprocess_exec

    async def __call__(self, *arguments: str, **options: Any) -> asyncio.subprocess.Process:
        self.environments.append(options["env"])
        self.processes.append(await self.start(*arguments, **options))
        self.one.set()
        return self.processes[-1]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    record = Started()
    monkeypatch.setattr(asyncio, "create_subprocess_exec", record)
    return record


async def _parse(path: Path, **changes: Any) -> Any:
    options = {"timeout_s": 30.0, "memory_bytes": _MEMORY, "max_text_chars": 1_000_000} | changes
    return await parse_limited(path, path.name, **options)


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.md"
    path.write_text("---\ntitle: Ünïcode\n---\n# Heading\n\nText with 漢字.")
    return path


async def test_document_comes_back_from_the_other_process(page: Path) -> None:
    document = await _parse(page)
    assert (document.title, document.text) == ("Ünïcode", "# Heading\n\nText with 漢字.")


async def test_parser_errors_keep_their_kind(tmp_path: Path) -> None:
    path = tmp_path / "x.pdf"
    path.write_bytes(b"%PDF-1.7 and nothing more")
    with pytest.raises(DocumentUnreadable) as caught:
        await _parse(path)
    assert caught.value.kind == "corrupt"


async def test_time_is_limited_and_the_process_gone(page: Path, started: Started) -> None:
    with pytest.raises(DocumentUnreadable) as caught:
        await _parse(page, timeout_s=0.001)
    assert caught.value.kind == "timeout"
    assert started.processes[0].returncode is not None


async def test_memory_is_limited(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("Some words in a line of text.\n")
    assert (await _parse(path, memory_bytes=140_000_000)).text
    path.write_text("Some words in a line of text.\n" * 1_000_000)
    with pytest.raises(DocumentUnreadable) as caught:
        await _parse(path, memory_bytes=140_000_000)
    assert caught.value.kind == "memory"


async def test_library_that_aborts_for_want_of_memory_says_what_to_do(tmp_path: Path) -> None:
    """The sheet is large, and smaller by what it says than by its cells."""
    book = openpyxl.Workbook()
    book.active["A1"], book.active["XFD1048576"] = "near", "far"
    book.save(tmp_path / "made.xlsx")
    path = tmp_path / "wide.xlsx"
    with zipfile.ZipFile(tmp_path / "made.xlsx") as made, zipfile.ZipFile(path, "w") as archive:
        for name in made.namelist():
            content = made.read(name).replace(b"A1:XFD1048576", b"A1:B2")
            archive.writestr(name, content.replace(b"<sheetData>", b"<!--%s--><sheetData>" % (b"-a" * 3_000_000)))
    with pytest.raises(DocumentUnreadable, match="memory_bytes") as caught:
        await _parse(path)
    assert caught.value.kind == "memory"


async def test_text_is_limited(page: Path) -> None:
    with pytest.raises(DocumentUnreadable) as caught:
        await _parse(page, max_text_chars=5)
    assert caught.value.kind == "too_large"


async def test_cancelling_leaves_no_process(page: Path, started: Started) -> None:
    task = asyncio.create_task(_parse(page), name="parse")
    await started.one.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert started.processes[0].returncode is not None


async def test_keys_in_the_environment_do_not_reach_the_process(
    page: Path, started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "secret")
    await _parse(page)
    assert "GEMINI_API_KEY" not in started.environments[0]


@pytest.mark.parametrize("fault", ["none can be made", "it dies at once"])
async def test_worker_that_cannot_start_is_tried_a_few_times_and_told(
    monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    started, waits = [], []
    start = asyncio.create_subprocess_exec

    async def starting(*arguments: str, **options: Any) -> asyncio.subprocess.Process:
        started.append(arguments)
        if fault == "none can be made":
            raise BlockingIOError(11, "Resource temporarily unavailable")
        return await start("/bin/false", **options)

    async def sleep(wait_s: float) -> None:
        waits.append(wait_s)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", starting)
    with pytest.raises(DocumentUnreadable, match="was not looked at") as caught:
        await run_limited("parse", {}, timeout_s=30.0, memory_bytes=_MEMORY, sleep=sleep)
    assert (caught.value.kind, len(started), len(waits)) == ("not_started", START_TRIES, START_TRIES - 1)


async def test_worker_that_starts_at_the_second_try_reads_the_document(
    page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, started = asyncio.create_subprocess_exec, []

    async def starting(*arguments: str, **options: Any) -> asyncio.subprocess.Process:
        started.append(arguments)
        if len(started) == 1:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        return await start(*arguments, **options)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", starting)
    assert (await _parse(page)).title == "Ünïcode"
