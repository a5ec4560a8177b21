"""Each format is opened by the programs that people open it with, and the texts come back."""

import csv
import io
import json
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import datasets
import jinja2
import mlcroissant
import pandas
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from chunksmith.domain.datasets import Entry
from chunksmith.domain.generation import MODES, SHAPES, Mode
from chunksmith.exports.columns import about_columns, columns, rows
from chunksmith.exports.formats import FORMATS
from chunksmith.exports.huggingface import HuggingFaceWriter
from export_parts import CONTROLS, HARD, SPLITS, SURROGATE, entries, entry, header, saved, written

ALL = {**HARD, "controls": CONTROLS}
TRAINING = ("alpaca", "sharegpt", "chatml")


def croissant_reader(test: Any) -> Any:
    """mlcroissant uses what rdflib and pandas have come to call outdated."""
    outdated = ("ConjunctiveGraph is deprecated:DeprecationWarning", "The inplace keyword:DeprecationWarning")
    for message in outdated:
        test = pytest.mark.filterwarnings(f"ignore:{message}")(test)
    return test


# As tokenizers of the Llama, Qwen and Mistral families have it: roles must take turns, contents must be texts.
TEMPLATE = """{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}\
{{ raise_exception('roles must alternate') }}{% endif %}<|im_start|>{{ message['role'] }}
{{ message['content'] | trim }}<|im_end|>
{% endfor %}"""


def plain(mode: Mode, texts: dict[str, str] = ALL) -> list[Entry]:
    return entries(mode, texts, splits=False)


def lines(content: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in content.decode().split("\n")[:-1]]


def members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def quiet_hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    datasets.disable_progress_bars()
    yield
    datasets.enable_progress_bars()


def folder(tmp_path: Path, content: bytes) -> Path:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(tmp_path / "folder")
    return tmp_path / "folder"


@pytest.mark.parametrize("mode", MODES)
def test_csv_is_read_by_three_readers(mode: Mode) -> None:
    made = plain(mode)
    head = header(mode, made)
    content = written("csv", head, made)
    names = [column.name for column in columns(head) if column.kind == "text"]
    expected = [{name: row[name] for name in names} for row in rows(made, head)]
    by_csv = list(csv.DictReader(io.StringIO(content.decode(), newline=""), strict=True))
    by_pandas = pandas.read_csv(io.BytesIO(content), keep_default_na=False, dtype=str).to_dict("records")
    options = pa.csv.ParseOptions(newlines_in_values=True)
    as_text = pa.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))
    by_arrow = pa.csv.read_csv(io.BytesIO(content), parse_options=options, convert_options=as_text).to_pylist()
    for found in (by_csv, by_pandas, by_arrow):
        assert [{name: row[name] for name in names} for row in found] == expected


def test_lists_in_csv_are_json() -> None:
    made = plain("summarization")
    head = header("summarization", made)
    found = list(csv.DictReader(io.StringIO(written("csv", head, made).decode(), newline="")))
    lists = [{name: json.loads(row[name]) for name in ("key_points", "evidence")} for row in found]
    assert lists == [{name: row[name] for name in ("key_points", "evidence")} for row in rows(made, head)]


def test_csv_has_the_line_ends_of_its_rfc() -> None:
    made = [entry(1, "question", "plain", None)]
    content = written("csv", header("question", made), made)
    assert content.count(b"\r\n") == content.count(b"\n") == 2


@pytest.mark.usefixtures("quiet_hub")
@pytest.mark.parametrize("mode", MODES)
def test_the_folder_loads_with_all_splits_and_texts(mode: Mode, tmp_path: Path) -> None:
    made = entries(mode)
    head = header(mode, made)
    place = folder(tmp_path, written("huggingface", head, made))
    loaded = datasets.load_dataset(str(place), cache_dir=str(tmp_path / "cache"), verification_mode="all_checks")
    assert tuple(loaded) == SPLITS
    found = [row for split in SPLITS for row in loaded[split].to_list()]
    assert found == rows(made, head)
    assert loaded["train"].column_names == [column.name for column in columns(head)]


@pytest.mark.usefixtures("quiet_hub")
def test_the_folder_without_splits_is_all_train(tmp_path: Path) -> None:
    made = plain("default")
    head = header("default", made)
    place = folder(tmp_path, written("huggingface", head, made))
    loaded = datasets.load_dataset(str(place), cache_dir=str(tmp_path / "cache"))
    assert {split: len(loaded[split]) for split in loaded} == {"train": len(made)}


@croissant_reader
@pytest.mark.usefixtures("quiet_hub")
def test_a_large_split_is_in_several_files(tmp_path: Path) -> None:
    made = entries("default")
    head = header("default", made)
    sink = io.BytesIO()
    writer = HuggingFaceWriter(sink, head, file_rows=2)
    for row in rows(made, head):
        writer.write([row])
    writer.close()
    place = folder(tmp_path, sink.getvalue())
    names = Counter(path.name.split("-")[0] for path in (place / "data").iterdir())
    assert names == {"train": 2, "validation": 3, "test": 2}
    loaded = datasets.load_dataset(str(place), cache_dir=str(tmp_path / "cache"))
    assert [row for split in SPLITS for row in loaded[split].to_list()] == rows(made, head)
    described = mlcroissant.Dataset(str(place / "croissant.json"))
    assert [one.id for one in described.metadata.record_sets][:2] == ["train_0", "train_1"]


@croissant_reader
@pytest.mark.parametrize("mode", MODES)
def test_croissant_validates_and_reads_the_records(
    mode: Mode, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = entries(mode)
    place = folder(tmp_path, written("huggingface", header(mode, made, license="cc-by-4.0"), made))
    described = mlcroissant.Dataset(str(place / "croissant.json"))
    assert not described.metadata.issues.errors
    assert not described.metadata.issues.warnings
    assert caplog.messages == []
    column = SHAPES[mode].columns[0]
    found = [record[f"test/{column}"].decode() for record in described.records("test")]
    assert found == [getattr(one, column) for one in made if one.split == "test"]


def test_the_card_says_where_it_comes_from(tmp_path: Path) -> None:
    made = entries("default")
    card = (folder(tmp_path, written("huggingface", header("default", made), made)) / "README.md").read_text("utf-8")
    for said in ("license: unknown", "grok/grok", "ab" * 32, "007.pdf", "0.8125", "| train | 4 |"):
        assert said in card
    assert "<script>" not in card


@pytest.mark.parametrize("mode", MODES)
def test_parquet_by_split_is_read_by_arrow(mode: Mode) -> None:
    made = entries(mode, ALL)
    head = header(mode, made)
    found = members(written("parquet", head, made))
    assert list(found) == [f"{split}.parquet" for split in SPLITS]
    tables = [pq.read_table(pa.BufferReader(content)) for content in found.values()]
    assert [row for table in tables for row in table.to_pylist()] == rows(made, head)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", TRAINING)
def test_training_formats_have_their_columns_first_and_none_empty(name: str, mode: Mode) -> None:
    made = plain(mode)
    head = header(mode, made)
    found = lines(written(name, head, made))
    own = {"alpaca": ["instruction", "input", "output"], "sharegpt": ["conversations"], "chatml": ["messages"]}[name]
    about = [column.name for column in about_columns(head)]
    assert [list(row) for row in found] == [own + about] * len(made)
    assert [row["id"] for row in found] == [one.public_id for one in made]
    assert all(row[column] for row in found for column in own if column != "input")


@pytest.mark.parametrize("mode", MODES)
def test_the_output_of_a_training_row_is_the_entry(mode: Mode) -> None:
    made = plain(mode)
    main = {"instruction following": "output", "question": "question", "summarization": "summary"}.get(mode, "answer")
    found = lines(written("alpaca", header(mode, made), made))
    assert all(row["output"].startswith(getattr(one, main)) for row, one in zip(found, made, strict=True))
    if mode in ("question", "answer", "summarization"):
        assert [row["input"] for row in found] == [one.passage for one in made]


@pytest.mark.parametrize("mode", MODES)
def test_messages_render_in_a_chat_template(mode: Mode) -> None:
    made = plain(mode)
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)  # noqa: S701 - a prompt, no page

    def refuse(why: str) -> None:
        raise AssertionError(why)

    environment.globals["raise_exception"] = refuse
    template = environment.from_string(TEMPLATE)
    for row in lines(written("chatml", header(mode, made), made)):
        assert [message["role"] for message in row["messages"]] == ["user", "assistant"]
        assert all(isinstance(message["content"], str) and message["content"] for message in row["messages"])
        assert row["messages"][1]["content"].strip() in template.render(messages=row["messages"])


@pytest.mark.usefixtures("quiet_hub")
@pytest.mark.parametrize("name", TRAINING)
def test_training_formats_load_as_data_sets(name: str, tmp_path: Path) -> None:
    made = entries("default")
    found = members(written(name, header("default", made), made))
    files = {split: str(saved(tmp_path / f"{split}.jsonl", found[f"{split}.jsonl"])) for split in SPLITS}
    loaded = datasets.load_dataset("json", data_files=files, cache_dir=str(tmp_path / "cache"))
    assert sum(len(loaded[split]) for split in loaded) == len(made)


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_a_lone_surrogate_ends_no_export(name: str) -> None:
    made = [entry(1, "default", SURROGATE, None)]
    assert written(name, header("default", made, name=SURROGATE, settings={"prompt_name": SURROGATE}), made)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", sorted(FORMATS))
def test_the_same_rows_give_the_same_bytes(name: str, mode: Mode) -> None:
    made = entries(mode)
    head = header(mode, made)
    assert written(name, head, made, size=3) == written(name, head, made, size=100)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", sorted(FORMATS))
def test_an_empty_dataset_is_a_file_too(name: str, mode: Mode) -> None:
    head = header(mode, [])
    assert isinstance(written(name, head, []), bytes)
    assert isinstance(written(name, replace(head, has_splits=True, splits=()), []), bytes)


def test_splits_without_a_row_and_rows_without_a_split_have_files() -> None:
    made = [entry(1, "default", "one", "train"), entry(2, "default", "two", None)]
    head = header("default", made)
    head = replace(head, splits=(head.splits[0], head.splits[1]._replace(name="test", entries=0), head.splits[1]))
    found = members(written("jsonl", head, made))
    assert {name: len(content.splitlines()) for name, content in found.items()} == {
        "train.jsonl": 1,
        "test.jsonl": 0,
        "unassigned.jsonl": 1,
    }
