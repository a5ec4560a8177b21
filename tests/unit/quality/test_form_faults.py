"""The table of faults of docs/quality.md, row by row: each fault is found, with the factor that the table has."""

from pathlib import Path

import pytest

from chunksmith.domain.datasets import Entry
from chunksmith.domain.generation import SHAPES
from chunksmith.quality import form
from chunksmith.quality.form import Fault, faults, well_formed

DOCS = Path(__file__).parents[3] / "docs" / "quality.md"
PASSAGE = (
    "Rye bread needs a sour starter, since its flour has little gluten. Bakers keep the starter at 26 degrees and feed "
    "it twice a day. Pumpernickel was first baked in Westphalia in 1570. It is not sliced while it is hot. Kneading "
    "builds gluten in wheat dough, and steam makes the crust shine. The loaves are kept in a cool cellar for a week."
)
ASKED = "What does rye bread need?"
TOLD = "It needs a sour starter."
ROWS = [
    (form.MISSING, ASKED, " "),
    (form.ECHO, ASKED, "What does rye bread need"),
    (form.REFUSAL, ASKED, "I cannot answer that."),
    (form.REFUSAL, ASKED, "The passage does not say."),
    (form.REFUSAL, ASKED, "N/A"),
    (form.TRUNCATED, ASKED, "It needs a starter,"),
    (form.TRUNCATED, ASKED, "It needs a starter and"),
    (form.TRUNCATED, ASKED, "Bakers keep the starter at 26 deg"),
    (form.LEFTOVER, ASKED, "<|end|> A sour starter."),
    (form.LOOP, ASKED, "A sour starter is needed. " * 12),
    (form.COPIED, ASKED, PASSAGE),
    (form.DAMAGED, ASKED, "A sour \ufffd starter."),
    (form.TOO_SHORT, "Why so?"[:7], TOLD),
    (form.TOO_LONG, "What is it? " + "x" * 1989, TOLD),
    (form.TOO_LONG, ASKED, "y" * 20_001),
    (form.UNFINISHED, ASKED, "Bread of this dark kind wants sourness"),
    (form.NO_QUESTION, "Rye bread and starters", TOLD),
    (form.UNBALANCED, ASKED, "It needs a (sour starter."),
]


def found(question: str, answer: str) -> list[Fault]:
    entry = Entry(number=1, position=0, chunk_id=1, question=question, answer=answer)
    return faults(entry, SHAPES["default"], PASSAGE)


@pytest.mark.parametrize(("fault", "question", "answer"), ROWS, ids=[f"{row[0].name}-{row[2][:12]}" for row in ROWS])
def test_each_fault_is_found(fault: Fault, question: str, answer: str) -> None:
    assert found(question, answer) == [fault]


def test_what_is_well_formed_has_none() -> None:
    assert well_formed(found(ASKED, TOLD)) == 1.0


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        pytest.param("Why is so?"[:8], TOLD, id="question of 8 characters"),
        pytest.param("What is it? " + "x" * 1988, TOLD, id="question of 2,000"),
        pytest.param(ASKED, "y" * 20_000, id="text of 20,000"),
        pytest.param(ASKED, "Dark bread wants sourness indeed", id="five words without an end mark"),
    ],
)
def test_at_the_border_there_is_no_fault(question: str, answer: str) -> None:
    assert not {form.TOO_SHORT, form.TOO_LONG, form.UNFINISHED} & set(found(question, answer))


def test_the_table_has_the_factors() -> None:
    table = DOCS.read_text(encoding="utf-8").split("| fault | factor |")[1].split("\n\n")[0]
    shown = {float(row.rsplit("|", 2)[1]) for row in table.splitlines() if row.strip() and "---" not in row}
    assert shown == {fault.factor for fault, _, _ in ROWS}
