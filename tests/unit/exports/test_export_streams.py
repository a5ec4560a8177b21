import asyncio
import errno
import hashlib
import io
import json
import subprocess
import sys
import tracemalloc
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunksmith.domain.datasets import Entry, Evidence
from chunksmith.domain.generation import MODES, Mode
from chunksmith.errors import StorageError
from chunksmith.exports import streams
from chunksmith.exports.columns import DatasetHeader, Row, columns, row
from chunksmith.exports.formats import FORMATS
from chunksmith.exports.parquet import ROW_GROUP_ROWS
from chunksmith.exports.streams import write_file, write_rows

HEADER = DatasetHeader("d", "default", {"datasets_per_chunk": 3}, "1.0.0", has_splits=True)
NAMES = ["jsonl", "json", "parquet"]
HARD = [
    'quotes " and \\ backslashes',
    "lines\nof\r\ntext\u2028here\x00\x1f",
    "emoji 👩🏽‍🔬 🇦🇹",
    "مرحبا \u202eعالم",
    "日本語 한국어 ไทย",
    "",
    "null",
    "a,b;c\td",
]


def entry(number: int, text: str = "text", quality: float | None = 0.9) -> Entry:
    return Entry(
        number,
        number,
        number // 3,
        question=f"{text}?",
        answer=text,
        category="c",
        difficulty="beginner",
        quality=quality,
        split="train",
        document_name="a.md",
        evidence=(Evidence(text, 0, len(text), "exact"), Evidence("x", None, None, "none")),
    )


def left_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def paged(entries: list[Entry], size: int = 3) -> AsyncGenerator[list[Entry], None]:
    for start in range(0, len(entries), size):
        yield entries[start : start + size]


async def streamed(name: str, entries: list[Entry], header: DatasetHeader = HEADER, size: int = 3) -> bytes:
    sink = io.BytesIO()
    await write_rows(FORMATS[name], header, paged(entries, size), sink)
    return sink.getvalue()


def read(name: str, data: bytes) -> list[Row]:
    if name == "parquet":
        rows: list[Row] = pq.read_table(pa.BufferReader(data)).to_pylist()
        return rows
    text = data.decode("utf-8")
    return [json.loads(line) for line in text.split("\n")[:-1]] if name == "jsonl" else list(json.loads(text))


@pytest.mark.parametrize("name", NAMES)
async def test_rows_are_read_back_as_written(name: str) -> None:
    entries = [entry(number, text) for number, text in enumerate(HARD)]
    assert read(name, await streamed(name, entries)) == [row(item, HEADER) for item in entries]


@pytest.mark.parametrize("name", NAMES)
@given(st.lists(st.text(), max_size=4), st.one_of(st.none(), st.floats(0, 1)))
def test_any_text_survives(name: str, texts: list[str], quality: float | None) -> None:
    entries = [entry(number, text, quality) for number, text in enumerate(texts)]
    assert read(name, asyncio.run(streamed(name, entries))) == [row(item, HEADER) for item in entries]


@pytest.mark.parametrize("name", NAMES)
async def test_a_lone_surrogate_does_not_end_the_download(name: str) -> None:
    rows = read(name, await streamed(name, [entry(1, "good"), entry(2, "bad \ud800 \ud83d\ude00")]))
    assert [item["answer"] for item in rows] == ["good", "bad \ufffd 😀"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", NAMES)
async def test_an_empty_dataset_is_a_valid_file(name: str, mode: Mode) -> None:
    assert read(name, await streamed(name, [], DatasetHeader("d", mode))) == []


@pytest.mark.parametrize("name", NAMES)
async def test_bytes_do_not_depend_on_the_pages(name: str) -> None:
    entries = [entry(number) for number in range(ROW_GROUP_ROWS + 7)]
    assert await streamed(name, entries, size=997) == await streamed(name, entries, size=ROW_GROUP_ROWS + 7)


async def test_json_lines_are_not_escaped() -> None:
    line = (await streamed("jsonl", [entry(1, "größer 日本")])).decode("utf-8")
    assert "größer 日本" in line
    assert line.count("\n") == 1


async def test_numbers_that_json_lacks_are_null() -> None:
    rows = read("jsonl", await streamed("jsonl", [entry(1, quality=float("nan"))]))
    assert rows[0]["quality_score"] is None


@pytest.mark.parametrize("mode", MODES)
async def test_parquet_has_the_schema_of_the_mode_whatever_the_values(mode: Mode) -> None:
    header = DatasetHeader("d", mode, {"seed": 1}, "2.1.0", has_splits=True)
    bare = Entry(1, 1, 1, quality=None)
    schema = pq.read_schema(pa.BufferReader(await streamed("parquet", [bare], header)))
    kinds = {"text": "string", "number": "double", "texts": "list<element: string>"}
    expected = {column.name: kinds.get(column.kind, "list<") for column in columns(header)}
    assert schema.names == list(expected)
    assert all(str(schema.field(name).type).startswith(kind) for name, kind in expected.items())
    assert json.loads(schema.metadata[b"chunksmith"]) == {
        "schema_version": 1,
        "dataset": "d",
        "version": "2.1.0",
        "mode": mode,
        "settings": {"seed": 1},
    }


async def test_parquet_is_compressed_in_row_groups_of_one_size() -> None:
    data = await streamed("parquet", [entry(number) for number in range(2 * ROW_GROUP_ROWS + 1)], size=1_000)
    metadata = pq.ParquetFile(pa.BufferReader(data)).metadata
    groups = [metadata.row_group(index) for index in range(metadata.num_row_groups)]
    assert [group.num_rows for group in groups] == [ROW_GROUP_ROWS, ROW_GROUP_ROWS, 1]
    assert groups[0].column(0).compression == "ZSTD"


async def test_key_points_are_a_list() -> None:
    header = DatasetHeader("d", "summarization")
    entries = [Entry(1, 1, 1, summary="s", key_points=("a", "b")), Entry(2, 2, 2, summary="t")]
    for name in NAMES:
        assert [item["key_points"] for item in read(name, await streamed(name, entries, header))] == [["a", "b"], []]


@pytest.mark.parametrize("name", NAMES)
async def test_a_written_file_is_the_stream(name: str, tmp_path: Path) -> None:
    entries = [entry(number) for number in range(10)]
    path = tmp_path / f"out.{name}"
    info = await write_file(path, FORMATS[name], HEADER, paged(entries))
    data = path.read_bytes()
    assert data == await streamed(name, entries)
    assert info == (len(data), hashlib.sha256(data).hexdigest(), 10)
    assert left_in(tmp_path) == [path]


async def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text("old")
    await write_file(path, FORMATS["jsonl"], HEADER, paged([]))
    assert path.read_bytes() == b""


@pytest.mark.parametrize("name", NAMES)
async def test_a_failure_leaves_nothing_behind_and_closes_the_pages(name: str, tmp_path: Path) -> None:
    closed = False

    async def failing() -> AsyncGenerator[list[Entry], None]:
        nonlocal closed
        try:
            yield [entry(1)]
            raise StorageError("the database is gone")
        finally:
            closed = True

    with pytest.raises(StorageError, match="gone"):
        await write_file(tmp_path / "out", FORMATS[name], HEADER, failing())
    assert left_in(tmp_path) == []
    assert closed


async def test_a_full_disk_is_a_storage_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(streams.os, "fsync", full)
    with pytest.raises(StorageError, match=r"out\.jsonl: No space left"):
        await write_file(tmp_path / "out.jsonl", FORMATS["jsonl"], HEADER, paged([entry(1)]))
    assert left_in(tmp_path) == []


async def test_a_missing_folder_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="No such file"):
        await write_file(tmp_path / "none" / "out.jsonl", FORMATS["jsonl"], HEADER, paged([]))


@pytest.mark.parametrize("name", NAMES)
async def test_a_cancelled_write_leaves_nothing_behind(name: str, tmp_path: Path) -> None:
    started = asyncio.Event()

    async def endless() -> AsyncGenerator[list[Entry], None]:
        while True:
            yield [entry(1)]
            started.set()

    task = asyncio.create_task(write_file(tmp_path / "out", FORMATS[name], HEADER, endless()))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert left_in(tmp_path) == []


@pytest.mark.parametrize("name", NAMES)
async def test_a_sink_that_takes_no_more_closes_the_pages(name: str) -> None:
    class Full:
        def write(self, data: bytes, /) -> int:
            raise OSError(errno.ENOSPC, "full")

        def tell(self) -> int:
            return 0

    pages = paged([entry(number) for number in range(9)])
    with pytest.raises(OSError, match="full"):
        await write_rows(FORMATS[name], HEADER, pages, Full())
    with pytest.raises(StopAsyncIteration):
        await anext(pages)


class Nowhere:
    """Takes everything, keeps nothing."""

    def __init__(self) -> None:
        self._size = 0

    def write(self, data: bytes, /) -> int:
        self._size += len(data)
        return len(data)

    def tell(self) -> int:
        return self._size


async def _peak_bytes(name: str, count: int) -> int:
    async def pages() -> AsyncGenerator[list[Entry], None]:
        for start in range(0, count, 1_000):
            yield [entry(number, str(number)) for number in range(start, start + 1_000)]

    tracemalloc.start()
    try:
        await write_rows(FORMATS[name], HEADER, pages(), Nowhere())
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(FORMATS))
async def test_memory_does_not_grow_with_the_rows(name: str) -> None:
    await _peak_bytes(name, 1_000)
    # More than a row group where there are such.
    least = ROW_GROUP_ROWS + 1_000 if name in ("parquet", "huggingface") else 1_000
    few, many = await _peak_bytes(name, least), await _peak_bytes(name, 3 * least)
    assert many < 1.3 * few + 200_000


def test_pyarrow_is_loaded_only_when_it_is_used() -> None:
    code = "import sys, chunksmith.exports.streams, chunksmith.exports.formats; sys.exit('pyarrow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_parquet_does_not_load_pandas() -> None:
    """Which is 45 MB that a server has no use for, wherever it happens to be installed."""
    code = """if True:
        import io, sys
        from chunksmith.domain.datasets import Entry
        from chunksmith.exports.columns import DatasetHeader, rows
        from chunksmith.exports.parquet import Parquet
        header = DatasetHeader("d", "default")
        writer = Parquet().open(io.BytesIO(), header)
        writer.write(rows([Entry(1, 1, 1, question="Q", answer="A")], header))
        writer.close()
        sys.exit("pandas" in sys.modules)
    """
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_format_keeps_the_protocol() -> None:
    forms: list[Any] = list(FORMATS.values())
    assert all(form.open and form.name in FORMATS for form in forms)
