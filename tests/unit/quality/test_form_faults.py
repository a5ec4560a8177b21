"""The table of faults of docs/quality.md, row by row: each fault is found, with the factor that the table has."""

from itertools import product
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


def pair(question: str, answer: str) -> Entry:
    return Entry(number=1, position=0, chunk_id=1, question=question, answer=answer)


def found(question: str, answer: str) -> list[Fault]:
    return faults(pair(question, answer), SHAPES["default"], PASSAGE)


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


def table() -> list[tuple[str, float]]:
    rows = DOCS.read_text(encoding="utf-8").split("| fault | factor |")[1].split("\n\n")[0].splitlines()
    cells = [row.strip("|").rsplit("|", 1) for row in rows if row.strip() and "---" not in row]
    return [(text, float(factor)) for text, factor in cells]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (form.MISSING, "a required field is empty"),
        (form.ECHO, "repeats the question"),
        (form.REFUSAL, "a refusal"),
        (form.TRUNCATED, "breaks off"),
        (form.LEFTOVER, "markup, JSON"),
        (form.LOOP, "repeats itself"),
        (form.COPIED, "copies the whole passage"),
        (form.DAMAGED, "damaged characters"),
        (form.TOO_SHORT, "question shorter than 8"),
        (form.TOO_LONG, "longer than 2,000"),
        (form.UNFINISHED, "without an end mark"),
        (form.NO_QUESTION, "neither asked, a gap nor an order"),
        (form.UNBALANCED, "do not pair up"),
    ],
)
def test_the_table_has_the_factor_of_each_fault(fault: Fault, words: str) -> None:
    assert [factor for text, factor in table() if words in text] == [fault.factor]


WORDS = ["q" + "".join(letters) for letters in product("bcdfg", repeat=3)]


@pytest.mark.parametrize(("length", "is_copy"), [(299, False), (300, True)])
def test_a_copy_is_one_of_a_passage_from_300_characters(length: int, *, is_copy: bool) -> None:
    passage = " ".join(WORDS)[: length - 1] + "."
    assert len(passage) == length
    assert (form.COPIED in faults(pair(ASKED, passage), SHAPES["default"], passage)) is is_copy


@pytest.mark.parametrize(("runs", "is_copy"), [(59, False), (60, True)])
def test_a_copy_has_60_percent_of_the_runs_of_four_words(runs: int, *, is_copy: bool) -> None:
    passage, answer = " ".join(WORDS[:103]), " ".join(WORDS[: runs + 3])  # 103 words are 100 runs
    assert (form.COPIED in faults(pair(ASKED, answer), SHAPES["default"], passage)) is is_copy


@pytest.mark.parametrize(("question", "is_short"), [("何か？", True), ("何ですか", False)])
def test_four_characters_are_enough_where_no_spaces_are_written(question: str, *, is_short: bool) -> None:
    assert (form.TOO_SHORT in found(question, TOLD)) is is_short


def test_a_text_cut_between_two_words_costs_only_its_end_mark() -> None:
    assert well_formed(found(ASKED, "Such dark bread wants a leaven that sours")) == 0.6


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        pytest.param(ASKED, "Ik kan deze vraag helaas niet beantwoorden.", id="a refusal in Dutch"),
        pytest.param("What colour does gluten think of degrees?", TOLD, id="a question without sense"),
    ],
)
def test_what_fools_the_form(question: str, answer: str) -> None:
    assert well_formed(found(question, answer)) == 1.0


def test_an_order_in_a_language_that_is_not_known_is_taken_for_no_question() -> None:
    assert found("Beschrijf het brood", TOLD) == [form.NO_QUESTION]
