"""Datasets to export: every mode, with texts that formats like to get wrong, splits, and gaps."""

import asyncio
import io
from collections.abc import AsyncGenerator
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from chunksmith.domain.datasets import Entry, Evidence
from chunksmith.domain.entry_query import UNASSIGNED
from chunksmith.domain.generation import SHAPES, Mode
from chunksmith.exports.archive import SplitFiles
from chunksmith.exports.columns import DatasetHeader, SplitSize
from chunksmith.exports.formats import FORMATS
from chunksmith.exports.protocols import Format
from chunksmith.exports.streams import write_rows

# What is in these texts comes back from every format; control characters are apart, as cards show pictures of them.
HARD = {
    "quotes": "She said \"yes\", 'no' and `maybe` \\ «so»",
    "lines": "first line\nsecond line\n\nlast, after a gap",
    "separators": "a, b; c\td | e",
    "formula": '=HYPERLINK("http://example.org"; "x")',
    "markup": "<b>bold</b> & <script>alert(1)</script> &amp; {{Front}} [sound:x.mp3] <!-- x -->",
    "emoji": "👩🏽‍🔬 🇦🇹 ✅",
    "right to left": "مرحبا \u202eعالم שלום",
    "scripts": "日本語 한국어 ไทย Größe Ελλάδα",
    "numbers": "007",
    "null": "null",
    "hash": "#separator:comma",
    "colons": "a::b: c",
    "carriage": "one\r\ntwo",
}
CONTROLS = "nul \x00 unit \x1f bell \x07"
SURROGATE = "lone \ud800 half"
DATASET_ID = "dataset_00000000-0000-4000-8000-000000000001"
SPLITS = ("train", "validation", "test")


def entry(number: int, mode: Mode, text: str, split: str | None = "train") -> Entry:
    """Every text field of the mode has ``text`` in it."""
    texts: dict[str, object] = {name: f"{name} {text}" for name in SHAPES[mode].columns}
    if "key_points" in texts:
        texts["key_points"] = (text, "second")
    return Entry(
        number=number,
        position=number,
        chunk_id=number // 2 + 1,
        category=f"category {text}",
        difficulty="beginner",
        quality=0.5 + number % 5 / 10,
        split=split,
        document_id=1,
        document_name=f"{text}.pdf"[:100],
        passage=f"passage {text}",
        evidence=(Evidence(f"quote {text}", 0, 6 + len(text), "exact"), Evidence("invented", None, None, "none")),
        **texts,  # type: ignore[arg-type]  # by name, as the mode has them
    )


def entries(mode: Mode, texts: dict[str, str] = HARD, *, splits: bool = True) -> list[Entry]:
    """In the order in which a dataset with splits is written."""
    made = [
        entry(number, mode, text, SPLITS[number % 3] if splits else None)
        for number, text in enumerate(texts.values(), 1)
    ]
    return sorted(made, key=lambda one: (SPLITS.index(one.split) if one.split else 9, one.number))


def header(mode: Mode, rows: list[Entry], **changes: object) -> DatasetHeader:
    counted = [SplitSize(name or UNASSIGNED, len(list(group))) for name, group in groupby(rows, lambda one: one.split)]
    made = DatasetHeader(
        name="Kilns & clay: “größer” 日本",
        mode=mode,
        settings={"generation_model": "grok/grok-4.3", "prompt_name": "default", "prompt_hash": "ab" * 32},
        has_splits=any(one.split for one in rows),
        dataset_id=DATASET_ID,
        updated_at="2026-11-20T10:00:00.000Z",
        splits=tuple(counted),
        quality={"overall_score": 0.8125, "issues": [], "passed": True},
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # fields of the header


async def paged(rows: list[Entry], size: int) -> AsyncGenerator[list[Entry], None]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def written(form: Format | str, header: DatasetHeader, rows: list[Entry], size: int = 5) -> bytes:
    """The whole file, as the service would have it written."""
    chosen = FORMATS[form] if isinstance(form, str) else form
    if header.has_splits and not chosen.one_file:
        chosen = SplitFiles(chosen)
    sink = io.BytesIO()
    asyncio.run(write_rows(chosen, header, paged(rows, size), sink))
    return sink.getvalue()


def saved(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path
