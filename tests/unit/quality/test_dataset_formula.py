"""The numbers in what docs/quality.md says of diversity and bias: expected values are worked out from it by hand."""

from collections.abc import Iterable
from itertools import product
from typing import Any

import pytest

from chunksmith.domain.datasets import Entry
from chunksmith.quality.dataset_scores import DatasetScore
from chunksmith.quality.measures import mtld
from chunksmith.quality.near_repeats import NearRepeats

WORDS = ["q" + "".join(letters) for letters in product("bcdfghjk", repeat=3)]  # 512 different ones


def result_of(texts: Iterable[str], questions: Iterable[str] = ()) -> dict[str, Any]:
    score = DatasetScore()
    asked = list(questions)
    for number, text in enumerate(texts):
        question = asked[number] if asked else None
        score.add(Entry(number + 1, number, number, question=question, answer=text, quality=1.0))
    return score.result()


@pytest.mark.parametrize(
    ("between", "value"),
    [
        pytest.param(396, 398 / 399, id="the repeated pair is words 399 and 400"),
        pytest.param(397, 1.0, id="it is words 400 and 401"),
    ],
)
def test_phrasing_reads_400_words_of_an_entry(between: int, value: float) -> None:
    text = " ".join(["rye", "loaf", *WORDS[:between], "rye", "loaf"])
    assert result_of([text])["diversity"]["phrasing"] == pytest.approx(value, abs=5e-5)


@pytest.mark.parametrize(
    ("short", "value"),
    [
        # One text of 400 different words has 399 pairs; all others have one pair, the same, and differ by a number.
        pytest.param(200, 400 / (399 + 200), id="201 entries are read"),
        pytest.param(255, 400 / (399 + 255), id="256 are"),
        pytest.param(290, 400 / (399 + 255), id="of 291 still 256"),
    ],
)
def test_phrasing_reads_256_distinct_entries(short: int, value: float) -> None:
    texts = [" ".join(WORDS[:400]), *(f"rye loaf {number}" for number in range(short))]
    assert result_of(texts)["diversity"]["phrasing"] == pytest.approx(value, abs=5e-5)


@pytest.mark.parametrize(
    ("known", "value"),
    [
        pytest.param(6, 1 / 5, id="6 of 10 are of one kind: 1 over 5"),
        pytest.param(5, 1.0, id="5 of 10: ten different beginnings, over 8, at most 1"),
    ],
)
def test_kinds_of_questions_are_compared_from_60_percent_known(known: int, value: float) -> None:
    questions = [f"{'What' if number < known else 'Zorp'} {WORDS[number]} sat?" for number in range(10)]
    assert result_of(WORDS[10:20], questions)["diversity"]["questions"] == pytest.approx(value)


def named(women: int, men: int, both: int = 0, end: str = "sat here") -> dict[str, Any]:
    who = ["women"] * women + ["men"] * men + ["women and men"] * both
    bias: dict[str, Any] = result_of(f"Those {one} {end} {number}." for number, one in enumerate(who))["bias"]
    return bias


@pytest.mark.parametrize(
    ("women", "men", "both", "value"),
    [
        pytest.param(15, 14, 0, None, id="29"),
        pytest.param(15, 15, 0, 1.0, id="30, equal shares"),
        pytest.param(30, 10, 0, 0.8113, id="a quarter: (0.75 ln 4/3 + 0.25 ln 4) / ln 2"),
        pytest.param(0, 0, 14, None, id="14 that name both"),
        pytest.param(0, 0, 15, 1.0, id="15 that name both"),
    ],
)
def test_representation_is_measured_from_30_namings(women: int, men: int, both: int, value: float | None) -> None:
    assert named(women, men, both)["representation"] == value


@pytest.mark.parametrize(
    ("count", "value"), [pytest.param(9, None, id="9 sentences"), pytest.param(10, 0.0, id="10 sentences")]
)
def test_tone_is_measured_from_10_sentences_about_a_group(count: int, value: float | None) -> None:
    assert named(count, 0, end="are lazy")["sentiment"] == value


def test_tone_costs_half_the_widest_gap() -> None:
    # Women: 5 praised, 5 blamed, a tone of 0; men: 10 praised, a tone of 1.
    texts = [*["Those women are lazy"] * 5, *["Those women are wise"] * 5, *["Those men are wise"] * 10]
    assert result_of(f"{text} {number}." for number, text in enumerate(texts))["bias"]["sentiment"] == 0.5


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("Women are so wise that they cannot park, ha ha", 1.0, id="irony is taken for praise"),
        pytest.param("Women belong into the kitchen", None, id="a stereotype without a word of the lists"),
        pytest.param("Maria is lazy", None, id="the name of a person"),
    ],
)
def test_what_fools_the_tone(text: str, value: float | None) -> None:
    assert result_of(f"{text} {number}." for number in range(20))["bias"]["sentiment"] == value


def test_paraphrases_of_one_fact_fool_diversity() -> None:
    told = ["Bakers keep the starter at 26 degrees.", "26 degrees is how warm leaven stays.", "Sourdough lives at 26."]
    assert result_of(told)["diversity"]["unique"] == 1.0


@pytest.mark.parametrize(
    ("words", "value"),
    [
        pytest.param("a b c d e f g a b c", 10.0, id="7 of 10 are a factor"),
        pytest.param("a b c d e f g h a b c", 11 / ((1 - 8 / 11) / (1 - 0.72)), id="8 of 11 are a part of one"),
    ],
)
def test_mtld_has_a_factor_where_variety_falls_to_072(words: str, value: float) -> None:
    assert mtld(words.split()) == pytest.approx(value)


@pytest.mark.parametrize(
    ("alike", "rate"),
    [
        # 22 words are 20 triples. The first 19 words alike: 17 triples of 23; the first 18: 16 of 24.
        pytest.param(19, 1 / 2, id="0.74"),
        pytest.param(18, 0.0, id="0.67"),
    ],
)
def test_a_near_repeat_has_seven_tenths_of_the_triples(alike: int, rate: float) -> None:
    near = NearRepeats()
    first = WORDS[2:24]  # whose smallest triple stands in what is alike, so that the two meet
    near.add(first)
    near.add([*first[:alike], *WORDS[100 : 122 - alike]])
    assert near.rate() == rate
