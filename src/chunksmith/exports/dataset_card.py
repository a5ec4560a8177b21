"""The README of an exported folder: YAML that the Hub and its libraries read, then Markdown for people."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import yaml

from chunksmith import __version__
from chunksmith.domain.generation import Mode
from chunksmith.exports.columns import Column, DatasetHeader, columns, without_surrogates
from chunksmith.exports.folder import Contents, DataFile

_TASKS: dict[Mode, str] = {
    "default": "question-answering",
    "question and answer": "question-answering",
    "instruction following": "text-generation",
    "question": "text-generation",
    "answer": "text-generation",
    "summarization": "summarization",
}
_SIZES = (("n<1K", 1_000), ("1K<n<10K", 10_000), ("10K<n<100K", 100_000), ("100K<n<1M", 1_000_000))
_LARGEST = "1M<n<10M"
_EVIDENCE = [("quote", "string"), ("start", "int64"), ("end", "int64"), ("match", "string")]
_MEANINGS = {
    "id": "the entry, unique and stable",
    "category": "what it is about",
    "difficulty": "beginner, intermediate or advanced",
    "quality_score": "0 to 1, higher is better",
    "split": "train, validation or test",
    "source_chunk": "the passage that it was made of",
    "document_name": "the document of the passage",
    "evidence": "quotes from the passage, with their character offsets in it; `match` says how they were found",
}
_MARKUP = re.compile(r"([\\`*_{}\[\]()#+!|<>~$-])")


def dataset_card(header: DatasetHeader, contents: Contents) -> str:
    metadata = without_surrogates(_metadata(header, contents))
    front = yaml.safe_dump(metadata, sort_keys=False, allow_unicode=True)  # type: ignore[no-untyped-call]  # none upstream
    body = "\n".join(_body(header, contents))
    return f"---\n{front}---\n\n{without_surrogates(body)}\n"


def _metadata(header: DatasetHeader, contents: Contents) -> dict[str, Any]:
    splits = contents.splits()
    return {
        "license": header.license,
        "pretty_name": header.name,
        "task_categories": [_TASKS[header.mode]],
        "size_categories": [next((name for name, limit in _SIZES if contents.rows < limit), _LARGEST)],
        "tags": ["synthetic", "chunksmith"],
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": split, "path": f"data/{split}-*.parquet"} for split in splits],
            }
        ],
        "dataset_info": {
            "features": [_feature(column) for column in columns(header)],
            "splits": [
                {"name": split, "num_bytes": _sum(files, "arrow_bytes"), "num_examples": _sum(files, "rows")}
                for split, files in splits.items()
            ],
            "download_size": _sum(contents.files, "size_bytes"),
            "dataset_size": _sum(contents.files, "arrow_bytes"),
        },
    }


def _sum(files: Iterable[DataFile], name: str) -> int:
    return sum(getattr(file, name) for file in files)


def _feature(column: Column) -> dict[str, Any]:
    if column.kind == "evidence":
        return {"name": column.name, "list": [{"name": name, "dtype": dtype} for name, dtype in _EVIDENCE]}
    if column.kind == "texts":
        return {"name": column.name, "list": "string"}
    return {"name": column.name, "dtype": "float64" if column.kind == "number" else "string"}


def _body(header: DatasetHeader, contents: Contents) -> Iterator[str]:
    yield f"# {_plain(header.name)}"
    yield ""
    version = f", version {_plain(header.version)}" if header.version else ""
    yield f"{contents.rows} entries of the mode *{header.mode}*{version}, written by models from documents."
    if header.flagged:
        yield ""
        yield f"> **Look at this first:** {_plain(header.flagged)}"
    yield from _table("## Splits", ("split", "entries"), _split_rows(contents))
    yield from _table("## Columns", ("column", "what it is"), _column_rows(header))
    yield from _table("## Made by", ("what", "value"), _settings_rows(header))
    yield from _table("## Sources", ("document", "entries"), _source_rows(contents))
    yield from _table("## Quality", ("score, 0 to 1, higher is better", "value"), _quality_rows(header, contents))
    yield ""
    yield "## License"
    yield ""
    yield f"`{_plain(header.license)}`. What is written from documents is bound by their licenses: name yours above."


def _table(title: str, names: tuple[str, str], rows: Iterable[tuple[str, object]]) -> Iterator[str]:
    lines = [f"| {_plain(name)} | {_plain(value)} |" for name, value in rows]
    if lines:
        yield from ("", title, "", f"| {names[0]} | {names[1]} |", "| --- | --- |", *lines)


def _split_rows(contents: Contents) -> Iterator[tuple[str, object]]:
    for split, files in contents.splits().items():
        yield split, _sum(files, "rows")


def _column_rows(header: DatasetHeader) -> Iterator[tuple[str, object]]:
    for column in columns(header):
        yield column.name, _MEANINGS.get(column.name, "to train on")


def _settings_rows(header: DatasetHeader) -> Iterator[tuple[str, object]]:
    """What decides what the entries say; the Parquet files have all settings in their metadata."""
    shown = {
        "generation model": "generation_model",
        "classification model": "classification_model",
        "parsing model": "parsing_model",
        "chunking model": "chunking_model",
        "prompt": "prompt_name",
        "SHA-256 of the prompt": "prompt_hash",
        "data source": "data_source",
        "entries for each passage, at most": "datasets_per_chunk",
    }
    for name, key in shown.items():
        if header.settings.get(key) is not None:
            yield name, header.settings[key]
    if header.dataset_id:
        yield "dataset", header.dataset_id
    yield "software", f"Chunksmith {__version__}"


def _source_rows(contents: Contents) -> Iterator[tuple[str, object]]:
    yield from contents.sources.items()
    if contents.rows_of_other_sources:
        yield "others", contents.rows_of_other_sources


def _quality_rows(header: DatasetHeader, contents: Contents) -> Iterator[tuple[str, object]]:
    if contents.scored:
        yield "average of the entries", f"{contents.score_sum / contents.scored:.4f}"
    for name, value in (header.quality or {}).items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield name, f"{value:.4f}" if isinstance(value, float) else value


def _plain(value: object) -> str:
    """Text from outside as text: one line, no markup."""
    return _MARKUP.sub(r"\\\1", " ".join(str(value).split()))
