"""Plugins: one that fails names itself, costs no row of another format, and hinders nobody."""

import asyncio
import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chunksmith.errors import FormatFailed, InvalidRequest
from chunksmith.exports import pulled
from chunksmith.exports.formats import FORMATS, broken_plugins, format_named, known_formats, load_plugins
from chunksmith.exports.streams import write_rows
from export_parts import entries, header, written
from plugin_parts import GOOD, installed, lay_out

ROWS = entries("default", splits=False)
HEADER = header("default", ROWS)
BUILT_IN = tuple(FORMATS)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with installed(tmp_path, monkeypatch):
        yield tmp_path


def writing(body: str, more: str = "") -> str:
    """A plugin whose ``write`` has this body."""
    lines = "\n".join(f"        {line}" for line in body.splitlines())
    said = f'{{"extension": "x", "media_type": "text/x", "description": "X"{more}}}'
    return f"class Form:\n    def describe(self):\n        return {said}\n\n    def write(self, rows, sink, dataset):\n{lines}\n"


def test_a_plugin_is_a_format_like_the_others(folder: Path) -> None:
    lay_out(folder, "list-format", GOOD, ids="list_format:Form")
    load_plugins()
    assert known_formats()[-1] == ("ids", "lst", "text/x-list", "Ids")
    assert written("ids", HEADER, ROWS).decode().split() == [row.public_id for row in ROWS]
    assert broken_plugins() == []


def test_a_plugin_that_is_gone_is_no_format_any_more(folder: Path) -> None:
    lay_out(folder, "list-format", GOOD, ids="list_format:Form")
    load_plugins()
    (folder / "list_format-2.5.dist-info" / "entry_points.txt").unlink()
    load_plugins()
    assert tuple(FORMATS) == BUILT_IN


def test_an_object_serves_as_well_as_a_class(folder: Path) -> None:
    lay_out(folder, "list-format", GOOD + "\nform = Form()\n", ids="list_format:form")
    load_plugins()
    assert "ids" in FORMATS


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        pytest.param("import nothing_of_that_name", "ModuleNotFoundError: No module named", id="import"),
        pytest.param("raise SystemExit(3)", "SystemExit: 3", id="exit"),
        pytest.param("class Form:\n    def __init__(self):\n        1 / 0", "ZeroDivisionError", id="making"),
        pytest.param("class Other: pass", "AttributeError", id="missing"),
        pytest.param("class Form:\n    def describe(self): return {}", "has no method write()", id="no write"),
        pytest.param(GOOD.replace("describe", "tell"), "has no method describe()", id="no describe"),
        pytest.param(GOOD.replace('return {"extension": "lst"', 'return ["lst"] or {"extension": 1'), "gave list", id="list"),
        pytest.param(GOOD.replace('"extension": "lst", ', ""), "extension is missing", id="no extension"),
        pytest.param(GOOD.replace('"lst"', '"../lst"'), "extension '../lst' is not one", id="path"),
        pytest.param(GOOD.replace('"lst"', "7"), "extension must be a text", id="number"),
        pytest.param(GOOD.replace("text/x-list", "text/x\\r\\nSet-Cookie: a=b"), "media_type", id="header"),
        pytest.param(GOOD.replace('"Ids"', '"Ids", "colour": 1'), "colour is not known", id="unknown"),
        pytest.param(GOOD.replace('"Ids"', '"Ids", "passages": 1'), "passages must be true or false", id="flag"),
    ],
)  # fmt: skip
def test_a_broken_plugin_names_itself_and_hinders_no_other(folder: Path, code: str, problem: str) -> None:
    lay_out(folder, "a-broken-one", code, a__broken="a_broken_one:Form")
    lay_out(folder, "list-format", GOOD, ids="list_format:Form")
    load_plugins()
    assert tuple(FORMATS) == (*BUILT_IN, "ids")
    (broken,) = broken_plugins()
    assert (broken.name, broken.plugin) == ("a-broken", "a-broken-one 2.5")
    assert problem in broken.problem
    with pytest.raises(
        InvalidRequest, match=r"format 'a-broken': the plugin a-broken-one 2\.5 cannot be used: "
    ) as caught:
        format_named("a-broken")
    assert caught.value.faults[0].pointer == "/format_type"


@pytest.mark.parametrize("name", ["jsonl", "Big", "white space"])
def test_a_name_that_is_taken_or_is_none_is_refused(folder: Path, name: str) -> None:
    lay_out(folder, "list-format", GOOD, **{name: "list_format:Form"})
    before = FORMATS["jsonl"]
    load_plugins()
    assert FORMATS["jsonl"] is before
    assert [one.plugin for one in broken_plugins()] == ["list-format 2.5"]


def test_of_two_plugins_with_one_name_the_second_is_refused(folder: Path) -> None:
    lay_out(folder, "a-list", GOOD, ids="a_list:Form")
    lay_out(folder, "b-list", GOOD, ids="b_list:Form")
    load_plugins()
    assert FORMATS["ids"].made_by == "a-list 2.5"
    assert [one.plugin for one in broken_plugins()] == ["b-list 2.5"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param("raise OSError('disk')", "OSError: disk", id="at once"),
        pytest.param("for row in rows:\n    sink.write(row['no such'])", "KeyError: 'no such'", id="mid-write"),
        pytest.param("for row in rows: pass\nraise ValueError('at the end')", "ValueError: at the end", id="at the end"),
        pytest.param("for row in rows:\n    sink.write('text')", "takes bytes, not str", id="text"),
        pytest.param("next(rows)", "it ended before its rows did", id="early"),
        pytest.param("for row in rows:\n    if row['id'] == 'entry_9': break", "ended before", id="early, later"),
        pytest.param("raise SystemExit", "SystemExit", id="exit"),
    ],
)  # fmt: skip
def test_a_plugin_that_fails_while_writing_names_itself(folder: Path, body: str, said: str) -> None:
    lay_out(folder, "failing", writing(body), x="failing:Form")
    load_plugins()
    with pytest.raises(FormatFailed, match=r"Format failed: x, of the plugin failing 2\.5: ") as caught:
        written("x", HEADER, ROWS)
    assert said in caught.value.detail
    assert written("jsonl", HEADER, ROWS)


def test_a_plugin_that_hangs_is_given_up(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay_out(folder, "hanging", writing("dataset['settings']['go'].wait()"), x="hanging:Form")
    load_plugins()
    monkeypatch.setattr(pulled.PulledWriter.__init__, "__defaults__", (0.05,))
    go = threading.Event()
    with pytest.raises(FormatFailed, match=r"it did nothing for 0\.05 s"):
        written("x", header("default", ROWS, settings={"go": go}), ROWS)
    go.set()


def test_a_plugin_runs_in_a_thread_of_its_own_which_ends(folder: Path) -> None:
    lay_out(
        folder,
        "named",
        writing("import threading\nsink.write(threading.current_thread().name.encode())\nfor _ in rows: pass"),
        x="named:Form",
    )
    load_plugins()
    assert written("x", HEADER, ROWS) == b"format-x, of the plugin named 2.5"
    assert not _threads()


async def test_what_is_abandoned_ends_the_plugin(folder: Path) -> None:
    lay_out(
        folder,
        "cleaning",
        writing("try:\n    for _ in rows: pass\nfinally:\n    dataset['settings']['seen'].set()"),
        x="cleaning:Form",
    )
    load_plugins()
    ended = threading.Event()

    async def failing() -> Any:
        yield ROWS[:2]
        raise RuntimeError("the database is gone")

    head = header("default", ROWS, settings={"seen": ended})
    with pytest.raises(RuntimeError, match="gone"):
        await write_rows(FORMATS["x"], head, failing(), io.BytesIO())
    assert await asyncio.to_thread(ended.wait, 10)


def test_a_plugin_is_told_of_the_dataset_and_may_have_passages(folder: Path) -> None:
    body = """import json
for row in rows:
    sink.write(json.dumps([row, dataset]).encode() + b"\\n")"""
    lay_out(folder, "telling", writing(body, more=', "passages": True'), x="telling:Form")
    load_plugins()
    row, dataset = json.loads(written("x", HEADER, ROWS).splitlines()[0])
    assert row["passage"] == ROWS[0].passage
    assert dataset["training_columns"] == ["question", "answer"]
    assert [column["name"] for column in dataset["columns"]] == [name for name in row if name != "passage"]
    assert (dataset["mode"], dataset["dataset_id"], dataset["splits"]) == (
        "default",
        HEADER.dataset_id,
        {"unassigned": len(ROWS)},
    )


def _threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("format-")]
