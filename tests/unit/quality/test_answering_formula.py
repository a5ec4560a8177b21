"""The numbers in what docs/quality.md says of answers_question, not_trivial and unique, worked out by hand."""

import pytest

from chunksmith.domain.datasets import Entry
from chunksmith.domain.generation import SHAPES, Mode
from chunksmith.quality.answering import answers_question, not_trivial
from chunksmith.quality.entry_scores import unique

ANSWER = "flour water salt yeast malt"
BEST = "Flour water salt yeast malt are ready."


def entry(question: str | None, answer: str | None, number: int = 1) -> Entry:
    return Entry(number=number, position=0, chunk_id=1, question=question, answer=answer)


def answering(question: str, passage: str) -> float | None:
    return answers_question(entry(question, ANSWER), passage, SHAPES["default"])


@pytest.mark.parametrize(
    ("passage", "value"),
    [
        pytest.param(f"{BEST} Rain fell. Wind blew. The guild has flour water salt.", 1.0, id="3 of the best one's 5"),
        pytest.param(f"{BEST} Rain fell. Wind blew. The guild has flour water.", 0.0, id="2 of the best one's 5"),
        pytest.param(f"The guild met. {BEST}", 1.0, id="the sentence before"),
        pytest.param(f"The guild met. Rain fell. {BEST}", 0.0, id="the one before that"),
        pytest.param(f"{BEST} The guild met.", 0.0, id="the sentence after"),
    ],
)
def test_the_place_of_an_answer_has_six_tenths_of_the_best_ones_words_or_stands_before(
    passage: str, value: float
) -> None:
    assert answering("What of the guild?", passage) == pytest.approx(value)


@pytest.mark.parametrize(
    ("passage", "value"),
    [
        pytest.param(f"The guild met. {BEST} Rain fell. A tower fell.", 0.5 / 0.6, id="one of two words"),
        pytest.param(
            f"The guild met. {BEST} Rain fell. A tower fell. Snow fell. The guild left.",
            (0.5 / 1.5) / 0.6,
            id="a word of two sentences weighs a half",
        ),
        pytest.param(f"The guild met a tower. {BEST}", 1.0, id="both"),
    ],
)
def test_relevance_is_the_share_of_weights_over_six_tenths(passage: str, value: float) -> None:
    assert answering("What of the guild and the tower?", passage) == pytest.approx(value)


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        pytest.param("baker dough", 0.25, id="no new word"),
        pytest.param("baker salt", 1.0, id="one new word of two"),
        pytest.param("baker dough salt", 0.8, id="one new word of three"),
        pytest.param("baker dough salt malt", 1.0, id="two new words"),
    ],
)
def test_one_new_word_among_three_or_more_is_worth_four_fifths(answer: str, value: float) -> None:
    assert not_trivial(entry("What of the baker and the dough?", answer), SHAPES["default"]) == value


@pytest.mark.parametrize(
    ("mode", "text", "value"),
    [
        ("answer", "flour", 1 / 4),
        ("answer", "flour water salt", 3 / 4),
        ("answer", "flour water salt yeast", 1.0),
        ("answer", "flour water salt yeast malt", 1.0),
        ("question", "What is flour?", 1 / 2),
        ("question", "What is wet flour?", 1.0),
    ],
)
def test_a_text_needs_four_words_and_a_question_two(mode: Mode, text: str, value: float) -> None:
    asked = mode == "question"
    assert not_trivial(entry(text if asked else None, None if asked else text), SHAPES[mode]) == value


@pytest.mark.parametrize(("question", "value"), [("What is wet?", 1.0), ("What is it?", 0.5)])
def test_a_question_without_a_subject_halves_it(question: str, value: float) -> None:
    assert not_trivial(entry(question, "flour"), SHAPES["default"]) == value


def test_the_same_question_in_other_words_fools_unique() -> None:
    first = entry("How warm is the starter kept?", "26 degrees", 1)
    again = entry("At what temperature do bakers hold their leaven?", "26 degrees", 2)
    assert unique(again, [first], SHAPES["default"]) == 1.0


def test_a_repeat_in_another_chunk_fools_unique() -> None:
    assert unique(entry("How warm is it kept?", "26 degrees", 2), [], SHAPES["default"]) == 1.0
