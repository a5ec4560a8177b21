"""How components make a score, and measures a dataset's, by the numbers of docs/quality.md, worked out by hand."""

from pathlib import Path

import pytest

from chunksmith.domain.datasets import Entry
from chunksmith.domain.generation import SHAPES
from chunksmith.quality.answering import answers_question
from chunksmith.quality.dataset_scores import DatasetScore, overall
from chunksmith.quality.entry_scores import DEFAULT_WEIGHTS, PARTS, combine, unique
from chunksmith.quality.grounding import ground
from chunksmith.quality.self_contained import self_contained

DOCS = Path(__file__).parents[3] / "docs" / "quality.md"


def text(answer: str, number: int = 1, question: str | None = None, category: str | None = None) -> Entry:
    return Entry(
        number=number, position=0, chunk_id=number, question=question, answer=answer, quality=1.0, category=category
    )


@pytest.mark.parametrize("part", PARTS)
def test_the_table_has_the_weight_of_each_component(part: str) -> None:
    row = next(line for line in DOCS.read_text(encoding="utf-8").splitlines() if line.startswith(f"| `{part}` |"))
    assert float(row.split("|")[2]) == getattr(DEFAULT_WEIGHTS, part)


@pytest.mark.parametrize(
    ("weakest", "value"),
    [
        pytest.param(0.5, (0.35 * 0.5 + 0.2) / 0.55, id="one half costs nothing more"),
        pytest.param(0.25, (0.35 * 0.25 + 0.2) / 0.55 * 0.25 / 0.5, id="a quarter halves the score"),
    ],
)
def test_a_component_below_one_half_pulls_the_score_down(weakest: float, value: float) -> None:
    assert combine({"groundedness": weakest, "well_formed": 1.0}, DEFAULT_WEIGHTS) == pytest.approx(value)


@pytest.mark.parametrize(
    ("again", "value"),
    [
        # Of 16 trigrams each, with the spaces around, 12 and 14 are shared: 12 / 20 and 14 / 18.
        pytest.param("abcdefghijklmxyz", 1.0, id="alike by 0.6 is free"),
        pytest.param("abcdefghijklmnoz", 1 - (14 / 18 - 0.6) / 0.4, id="alike by 0.78 is not"),
    ],
)
def test_likeness_counts_above_six_tenths(again: str, value: float) -> None:
    assert unique(text(again, 2), [text("abcdefghijklmnop")], SHAPES["answer"]) == pytest.approx(value)


@pytest.mark.parametrize(
    ("question", "value"),
    [
        pytest.param("Are flour water salt humble zebra?", 3 / (3 + 2 * 1.5) / 0.6, id="half of the weight"),
        pytest.param("Are flour water salt yeast zebra?", 1.0, id="4 / 5.5 is enough"),
    ],
)
def test_of_the_question_of_a_yes_60_percent_are_enough(question: str, value: float) -> None:
    found = ground(text("Yes.", question=question), "Flour water salt yeast.", SHAPES["default"])
    assert found.value == pytest.approx(value)


@pytest.mark.parametrize(
    ("question", "answer", "value"),
    [
        pytest.param("Why does rye need a starter?", "Little gluten.", 1.0, id="names its subject"),
        pytest.param("According to the passage, what is rye?", "A grain.", 0.4, id="points at the text"),
        pytest.param("What is rye in the example below?", "A grain.", 0.5, id="points at a place"),
        pytest.param("What does it need?", "A starter.", 0.4, id="a pronoun first"),
        pytest.param("Why does rye need a starter?", "However, it lacks gluten.", 0.8, id="a connective"),
        pytest.param("What does it need per the document?", "A starter.", 0.4 * 0.4, id="two of them"),
    ],
)
def test_self_contained_is_the_product_of_its_factors(question: str, answer: str, value: float) -> None:
    assert self_contained(text(answer, question=question), SHAPES["default"], None) == pytest.approx(value)


@pytest.mark.parametrize(
    ("question", "answer", "value"),
    [
        ("Why is rye sour?", "Yes.", 0.3),
        ("Is rye sour?", "Yes.", 1.0),
        ("How many loaves?", "A heap.", 0.5),
        ("How many loaves?", "Several.", 1.0),
        ("When was it baked?", "A guild.", 0.5),
        ("When was it baked?", "After dawn.", 1.0),
    ],
)
def test_without_a_passage_the_kind_of_the_answer_counts(question: str, answer: str, value: float) -> None:
    assert answers_question(text(answer, question=question), None, SHAPES["default"]) == value


def test_a_question_of_whose_words_the_passage_has_none_is_worth_a_fifth() -> None:
    asked = text("flour water", question="What of the guild?")
    assert answers_question(asked, "Flour water salt.", SHAPES["default"]) == 0.2


WORDS = "oak elm ash fir yew pine rose mint sage dill leek kale corn rice bean plum pear lime date figs".split()


def test_diversity_is_the_sum_of_its_measures() -> None:
    score = DatasetScore()
    for number in range(10):  # two kinds of beginnings over 8, two categories over 5, 40 words
        asked = f"{('Zorp', 'Blee')[number % 2]} zebra {WORDS[number]}?"
        score.add(text(f"{WORDS[10 + number]} tea", number + 1, asked, "ab"[number % 2]))
    result = score.result()
    found = result["diversity"]
    assert (found["unique"], found["questions"], found["categories"]) == (1.0, 2 / 8, 2 / 5)
    expected = 0.4 * found["phrasing"] + 0.2 * found["vocabulary"] + 0.25 * 2 / 8 + 0.15 * 2 / 5
    assert result["diversity_score"] == pytest.approx(expected, abs=1e-4)


def test_vocabulary_is_mtld_over_60() -> None:
    score = DatasetScore()
    score.add(text(" ".join(WORDS)))
    assert score.result()["diversity"]["vocabulary"] == round(
        20 / 60, 4
    )  # of words that are all different, their count


def test_overall_takes_from_diversity_below_a_half_and_a_tenth_for_bias() -> None:
    assert overall(0.8, 0.3, 0.5) == pytest.approx(0.8 * (0.5 + 0.3) * (0.9 + 0.1 * 0.5))
