"""The numbers in the formula of groundedness in docs/quality.md: each expected value is worked out from it by hand."""

import pytest

from chunksmith.domain.datasets import Entry, Evidence, MatchKind
from chunksmith.domain.generation import SHAPES
from chunksmith.quality.grounding import Grounding, ground
from chunksmith.quality.words import writes_nouns_large

SHELF = "Flour water salt yeast."
APART = "Flour is here. Water is here. Salt is here. Yeast is here."


def grounding(answer: str, passage: str, evidence: tuple[Evidence, ...] = ()) -> Grounding:
    entry = Entry(number=1, position=0, chunk_id=1, question="What of it?", answer=answer, evidence=evidence)
    return ground(entry, passage, SHAPES["default"])


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        pytest.param("flour water salt yeast", 4 / 4, id="all words found"),
        pytest.param("usually flour water salt yeast", 4 / (4 + 0.3), id="a general word weighs 0.3"),
        pytest.param("oddly flour water salt yeast", 4 / (4 + 1.5), id="a word that the passage lacks weighs 1.5"),
        pytest.param("flour water salt yeast 7", 4 / (4 + 3) * 0.4, id="a number weighs 3 and is a key term"),
    ],
)
def test_found_is_the_share_of_the_weights_of_words(answer: str, value: float) -> None:
    assert grounding(answer, SHELF).value == pytest.approx(value)


@pytest.mark.parametrize(
    ("answer", "value"), [("steam reduces heat quickly", 1.0), ("steam reduced heat quickly", 3.8 / 4)]
)
def test_another_form_of_a_word_is_worth_four_fifths(answer: str, value: float) -> None:
    assert grounding(answer, "Steam reduces heat quickly.").value == pytest.approx(value)


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        pytest.param("flour water salt", 0.6 + 0.4 * 3 / 3, id="three sentences side by side have all"),
        pytest.param("flour water salt yeast", 0.6 + 0.4 * 3 / 4, id="of four they have three"),
        pytest.param("flour yeast", 0.6 + 0.4 * 1 / 2, id="the first and the fourth are apart"),
    ],
)
def test_together_is_what_three_sentences_side_by_side_have(answer: str, value: float) -> None:
    assert grounding(answer, APART).value == pytest.approx(value)


@pytest.mark.parametrize(("count", "misses"), [(1, 1), (3, 3), (4, 4), (5, 4), (9, 4)])
def test_each_missing_key_term_multiplies_by_two_fifths_but_at_most_four_do(count: int, misses: int) -> None:
    numbers = " ".join(str(number) for number in range(11, 11 + count))
    found = 4 / (4 + 3 * count)
    assert grounding(f"flour water salt yeast {numbers}", SHELF).value == pytest.approx(found * 0.4**misses, rel=1e-6)


def test_the_weakest_sentence_counts_six_tenths_and_the_mean_goes_by_the_weight_of_words() -> None:
    # 1 for a sentence of weight 4, 2 / (2 + 1.5) for one of weight 3.5: the mean is (4 + 2) / 7.5.
    answer = "Flour water salt yeast. Oddly flour water."
    assert grounding(answer, SHELF).value == pytest.approx(0.4 * 6 / 7.5 + 0.6 * 2 / 3.5)


@pytest.mark.parametrize(
    ("alike", "value"),
    [
        pytest.param(20, 0.4 * 20 / 21.5 + 0.6 * 0.0, id="the 21st by itself has nothing"),
        pytest.param(21, 0.4 * (20 + 1) / (20 + 2.5) + 0.6 * 1 / 2.5, id="the 21st and 22nd are read as one"),
    ],
)
def test_twenty_sentences_are_read_one_by_one_and_the_rest_as_one(alike: int, value: float) -> None:
    assert grounding("Flour is here. " * alike + "Zebra is here.", "Flour is here.").value == pytest.approx(value)


@pytest.mark.parametrize(
    ("matches", "value"),
    [
        (("exact",), 1.0),
        (("normalized",), 1.0),
        (("fuzzy",), 0.8 + 0.2 * 0.8),
        (("none",), 0.8),
        (("fuzzy", "none"), 0.8 + 0.2 * 0.4),
    ],
)
def test_quotes_are_a_fifth_and_a_fuzzy_one_is_worth_four_fifths(matches: tuple[MatchKind, ...], value: float) -> None:
    quotes = tuple(Evidence("flour", 0, 5, match) for match in matches)
    assert grounding("flour water salt yeast", SHELF, quotes).value == pytest.approx(value)


@pytest.mark.parametrize(
    ("passage", "answer", "denies"),
    [
        pytest.param(
            "Bakers never warm the old grey sour dough.",
            "Bakers warm old grey but not sour dough.",
            False,
            id="5 before",
        ),
        pytest.param(
            "Bakers never warm the old grey dry sour dough.",
            "Bakers warm old grey dry but not sour dough.",
            True,
            id="6 before",
        ),
        pytest.param(
            "Sour bread never helps old bakers.", "Bread that is not sour helps old bakers.", False, id="2 after"
        ),
        pytest.param(
            "Sour old bread never helps bakers.", "Old bread that is not sour helps bakers.", True, id="3 after"
        ),
    ],
)
def test_a_denial_is_put_in_unless_one_is_within_five_words_before_or_two_after(
    passage: str, answer: str, *, denies: bool
) -> None:
    found = grounding(answer, passage)
    assert found.denies is denies
    assert found.value == pytest.approx(0.25 if denies else 1.0)


@pytest.mark.parametrize(
    ("passage", "answer", "value"),
    [
        pytest.param(
            "Bakers do not slice the loaf while it is hot.",
            "It is not so that bakers do not slice the loaf while it is hot.",
            1.0,
            id="two denials",
        ),
        pytest.param(
            "Bagare matar surdegen varje dag.", "Bagare matar inte surdegen varje dag.", 5 / 6.5, id="Swedish"
        ),
        pytest.param(
            "Steam can make the crust shine.", "Steam fails to make the crust shine.", 3.3 / 4.8, id="other words"
        ),
    ],
)
def test_groundedness_is_fooled_by_a_denial(passage: str, answer: str, value: float) -> None:
    found = grounding(answer, passage)
    assert not found.denies
    assert found.value == pytest.approx(value)


@pytest.mark.parametrize(
    ("passage", "answer", "missing", "value"),
    [
        pytest.param(
            "Bakers fold the dough three times.", "Bakers fold the dough 3 times.", ("3",), 4 / 7 * 0.4, id="a word"
        ),
        pytest.param(
            "Ovens lose 39.8 percent heat.", "Ovens lose 40 percent heat.", ("40",), 6 / 9 * 0.4, id="rounded"
        ),
        pytest.param(
            "It freezes at -40 degrees.", "It freezes at minus 40 degrees.", ("40", "minus"), 4 / 8.5 * 0.4, id="minus"
        ),
        pytest.param("Bakers fold wet dough.", "Oddly humble bakers fold.", (), 2 / 5, id="half the words are own"),
        pytest.param("Bakers fold wet dough.", "Panaderos doblan masas mojadas.", (), 0.0, id="translated"),
    ],
)
def test_groundedness_is_unfair_to_what_is_written_otherwise(
    passage: str, answer: str, missing: tuple[str, ...], value: float
) -> None:
    # "percent" and "degrees" behind a number are key terms, and weigh 3 as the number does.
    found = grounding(answer, passage)
    assert found.missing == missing
    assert found.value == pytest.approx(value)


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        pytest.param("It stops when y < x is true.", 1.0, id="turned round it says the same"),
        pytest.param("It stops when y > x is true.", 1.0, id="fooled by operands that are exchanged"),
    ],
)
def test_a_comparison_of_operands_in_another_order_is_not_held_against_an_answer(answer: str, value: float) -> None:
    assert grounding(answer, "It stops when x > y is true.").value == value


@pytest.mark.parametrize(
    ("answer", "missing"),
    [
        pytest.param("copper kettle handles", ("copper", "handles", "kettle"), id="three words"),
        pytest.param("polished copper kettle handles", (), id="four words"),
    ],
)
def test_of_at_most_three_words_every_missing_one_is_named(answer: str, missing: tuple[str, ...]) -> None:
    assert grounding(answer, SHELF).missing == missing


@pytest.mark.parametrize(("capitalised", "says_nothing"), [(9, False), (10, True)])
def test_capitals_say_nothing_where_more_than_18_percent_of_words_have_one(
    capitalised: int, *, says_nothing: bool
) -> None:
    text = " ".join(["rye"] * (50 - capitalised) + ["Brot"] * capitalised)
    assert writes_nouns_large(text) is says_nothing
