import pytest

from chunksmith.domain.datasets import Entry, Evidence
from chunksmith.domain.generation import MODES, SHAPES, Mode
from chunksmith.errors import InvalidRequest
from chunksmith.exports.columns import DatasetHeader, columns, row
from chunksmith.exports.formats import FORMATS, format_named, known_formats

ABOUT = ["id", "category", "difficulty", "quality_score", "split", "source_chunk", "document_name", "evidence"]


@pytest.mark.parametrize("mode", MODES)
def test_training_columns_come_first(mode: Mode) -> None:
    names = [column.name for column in columns(DatasetHeader("d", mode, has_splits=True))]
    assert names == [*SHAPES[mode].columns, *ABOUT]


@pytest.mark.parametrize(
    ("header", "missing"),
    [
        pytest.param(DatasetHeader("d", "default"), "split", id="no splits"),
        pytest.param(DatasetHeader("d", "default", scored=False), "quality_score", id="not scored"),
        pytest.param(DatasetHeader("d", "default", has_category=False), "category", id="no category"),
        pytest.param(DatasetHeader("d", "default", has_difficulty=False), "difficulty", id="no difficulty"),
        pytest.param(DatasetHeader("d", "default", has_documents=False), "document_name", id="no documents"),
    ],
)
def test_a_column_that_is_nowhere_filled_is_left_out(header: DatasetHeader, missing: str) -> None:
    assert missing not in [column.name for column in columns(header)]


def test_a_row_has_the_columns_in_order() -> None:
    header = DatasetHeader("d", "instruction following", has_splits=True)
    entry = Entry(
        number=7,
        position=2,
        chunk_id=45,
        instruction="Explain.",
        output="Because.",
        quality=0.9,
        split="train",
        evidence=(Evidence("q", 1, 2, "exact"),),
        metadata={"raw": "never exported"},
    )
    assert list(row(entry, header).items()) == [
        ("instruction", "Explain."),
        ("input", ""),
        ("output", "Because."),
        ("id", "entry_7"),
        ("category", None),
        ("difficulty", None),
        ("quality_score", 0.9),
        ("split", "train"),
        ("source_chunk", "chunk_45"),
        ("document_name", None),
        ("evidence", [{"quote": "q", "start": 1, "end": 2, "match": "exact"}]),
    ]


def test_formats_are_listed_with_all_that_a_download_needs() -> None:
    names = "jsonl parquet json csv alpaca sharegpt chatml anki anki-text huggingface"
    assert [info.name for info in known_formats()] == names.split()
    assert all(all(info) and not info.extension.startswith(".") for info in known_formats())


def test_a_format_is_found_by_name() -> None:
    assert format_named("parquet") is FORMATS["parquet"]


def test_an_unknown_format_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidRequest, match="unknown format 'xml'; known: jsonl, parquet, json") as caught:
        format_named("xml", "query/format")
    assert caught.value.faults[0].pointer == "query/format"
