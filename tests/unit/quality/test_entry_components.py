"""Each component of an entry's score: where it is right, and where it is fooled. Both are stated in docs/quality.md."""

from dataclasses import replace

import pytest

from chunksmith.domain.datasets import Entry
from chunksmith.domain.generation import SHAPES
from chunksmith.pipeline.evidence import evidence_for
from chunksmith.quality.answering import answers_question, not_trivial
from chunksmith.quality.entry_scores import score
from chunksmith.quality.form import COPIED, faults
from chunksmith.quality.grounding import ground
from chunksmith.quality.readability import readability
from chunksmith.quality.self_contained import self_contained

PASSAGE = (
    "Rye bread needs a sour starter, since its flour has little gluten. Bakers keep the starter at 26 degrees and feed "
    "it twice a day. Pumpernickel was first baked in Westphalia in 1570. It is not sliced while it is hot. The function "
    "bake_loaf() returns a Loaf. Kneading builds gluten in wheat dough, and steam makes the crust shine."
)
SHAPE = SHAPES["default"]
ALONE = SHAPES["answer"]


def pair(question: str | None, answer: str) -> Entry:
    return Entry(number=1, position=0, chunk_id=1, question=question, answer=answer)


def grounding(answer: str, question: str = "What about rye bread?") -> float:
    return ground(pair(question, answer), PASSAGE, SHAPE).value


@pytest.mark.parametrize(
    ("answer", "missing"),
    [
        pytest.param("Bakers keep the starter at 28 degrees.", ["28"], id="number"),
        pytest.param("It was first baked in Bavaria in 1570.", ["bavaria"], id="name"),
        pytest.param("Call burn_loaf() to get a Loaf.", ["burn"], id="key term"),
        pytest.param("A copper kettle", ["copper", "kettle"], id="every word of a short answer"),
        pytest.param("Steam makes the surface shine.", ["surface"], id="one word in the place of another"),
        pytest.param("Bakers keep the starter at 26 degrees.", [], id="nothing"),
    ],
)
def test_what_is_not_in_the_passage_is_named(answer: str, missing: list[str]) -> None:
    assert score(pair("What about rye bread?", answer), PASSAGE, [], shape=SHAPE).notes["evidence_missing"] == missing


@pytest.mark.parametrize(
    ("answer", "least", "most"),
    [
        pytest.param("Its flour has little gluten.", 1.0, 1.0, id="copied"),
        pytest.param("Because rye flour contains little gluten.", 0.75, 1.0, id="paraphrased"),
        pytest.param("Bakers keep the starter at 30 degrees.", 0.0, 0.4, id="wrong number"),
        pytest.param("It is sliced while it is hot.", 0.0, 0.25, id="denial left out"),
        pytest.param("Bakers do not feed it twice a day.", 0.0, 0.25, id="denial put in"),
        pytest.param("Its flour has little gluten. It costs more than wheat.", 0.0, 0.55, id="half of it made up"),
        pytest.param("The moon pulls the near ocean.", 0.0, 0.1, id="about something else"),
        pytest.param("Bakers keep gluten at 1570 degrees.", 0.6, 1.0, id="fooled by parts of several sentences"),
        pytest.param("Wheat builds kneading in gluten dough.", 0.9, 1.0, id="fooled by swapped roles"),
        pytest.param("Three hundred years earlier the loaf was unknown.", 0.0, 0.5, id="unfair to what was worked out"),
    ],
)
def test_groundedness(answer: str, least: float, most: float) -> None:
    assert least <= grounding(answer) <= most


@pytest.mark.parametrize("answer", ["...", "🍞", "So it is.", "Of the"])
def test_a_text_without_a_word_of_meaning_rests_on_nothing(answer: str) -> None:
    assert grounding(answer, "Does rye bread need a sour starter?") == 0.0


def test_a_short_answer_rests_on_its_question() -> None:
    assert grounding("Yes.", "Does rye bread need a sour starter?") == 1.0


def test_the_letter_of_a_choice_rests_on_the_question_that_offers_it() -> None:
    assert grounding("B.", "Does rye bread need a sour starter? (A) rye bread (B) a sour starter") == 1.0


@pytest.mark.parametrize("answer", ["z", "B.", "a b c", "z3", "x y z3"])
def test_letters_and_digits_that_nobody_wrote_rest_on_nothing(answer: str) -> None:
    assert (
        ground(pair("Does rye bread need a sour starter?", answer), f"{PASSAGE} It has 3 layers.", SHAPE).value == 0.0
    )


@pytest.mark.parametrize(("answer", "missing"), [("a b c", ("b", "c")), ("x y z3", ("z3",))])
def test_letters_and_digits_that_nobody_wrote_are_named(answer: str, missing: tuple[str, ...]) -> None:
    assert (
        ground(pair("Does rye bread need a sour starter?", answer), f"{PASSAGE} It has 3 layers.", SHAPE).missing
        == missing
    )


@pytest.mark.parametrize(
    ("answer", "written"),
    [("B12", "B12"), ("B12", "B-12"), ("B12", "B 12"), ("x2", "x_2"), ("x2", "x^2"), ("H2O", "H₂O"), ("C", "C")],
)
def test_a_designation_of_the_passage_is_grounded_however_it_is_written(answer: str, written: str) -> None:
    assert ground(pair("What is in the dough?", answer), f"In the dough is {written}.", SHAPE).value == 1.0


def test_another_unit_is_another_amount() -> None:
    fed = "The starter of the old bakery is fed every 12 hours by hand."
    entry = pair("How often is the starter fed?", "Every 12 minutes.")
    assert ground(entry, fed, SHAPE).value < 0.5


@pytest.mark.parametrize(
    ("answer", "missing"),
    [
        ("The device costs €500 in Japan.", ["€500"]),
        ("The device costs 500 $ in Japan.", []),
        ("It works at 40 degrees.", ["40"]),
        ("It works at -40 degrees.", []),
        ("It is written in C# by hand.", ["c#"]),
        ("It is written in C++ by hand.", []),
        ("It stops when x < y is true.", ["x<y"]),
        ("It stops when x > y is true.", []),
    ],
)
def test_signs_and_symbols_have_to_be_those_of_the_passage(answer: str, missing: list[str]) -> None:
    passage = (
        "The device costs $500 in Japan. It works at -40 degrees. It is written in C++ by hand, not C, on pages 3-5. "
        "It stops when x > y is true."
    )
    found = ground(pair("What of the device?", answer), passage, SHAPE)
    assert list(found.missing) == missing
    assert (found.value < 0.6) is bool(missing)


ORDER = "The damper is opened before the kiln is lit, and closed after the kiln has cooled for a whole night."


@pytest.mark.parametrize(
    ("answer", "missing"),
    [
        pytest.param("After the kiln is lit.", [], id="fooled where the sentence has the word too"),
        pytest.param("It is opened after the kiln is lit, and closed after it has cooled.", ["after"], id="opposite"),
        pytest.param("It is opened before the kiln is lit, and closed after it has cooled.", [], id="as it stands"),
    ],
)
def test_an_opposite_in_the_place_of_a_word_is_named(answer: str, missing: list[str]) -> None:
    found = ground(pair("When is the damper opened?", answer), ORDER, SHAPE)
    assert (list(found.missing), found.value < 0.6) == (missing, bool(missing))


def test_a_copied_half_of_a_sentence_denies_nothing() -> None:
    entry = pair("What must not be sliced while it is hot?", "sliced while it is hot")
    assert not ground(entry, PASSAGE, SHAPE).denies


@pytest.mark.parametrize(
    ("question", "answer", "least", "most"),
    [
        pytest.param("Why does rye bread need a sour starter?", "Little gluten.", 1.0, 1.0, id="names its subject"),
        pytest.param("How long does it take to bake rye bread?", "Hours.", 1.0, 1.0, id="it stands for what follows"),
        pytest.param("What do bakers do with it?", "Feed it.", 1.0, 1.0, id="fooled by a word before the pronoun"),
        pytest.param("According to the text, what needs a starter?", "Rye.", 0.0, 0.4, id="points at the text"),
        pytest.param("Was braucht Brot laut dem Text?", "Sauerteig.", 0.0, 0.4, id="in German"),
        pytest.param("What is shown in the example below?", "A loaf.", 0.0, 0.5, id="points at a place"),
        pytest.param("What does it need?", "A starter.", 0.0, 0.4, id="pronoun without a noun"),
        *(
            pytest.param(question, "A guild of the town.", 0.0, 0.5, id=question)
            for question in ("Who built it?", "How tall was it?", "Who built them?", "What bakery is mentioned?")
        ),
        *(
            pytest.param(
                "Why does rye bread need a starter?", f"{opening}, it has little gluten.", 0.0, 0.5, id=opening
            )
            for opening in ("As stated above", "Based on the information provided", "Per the document")
        ),
        pytest.param("Why is this important?", "Gluten.", 0.0, 0.4, id="demonstrative without a noun"),
        pytest.param("Why rye?", "However, its flour has little gluten.", 0.8, 0.8, id="a connective"),
    ],
)
def test_self_contained(question: str, answer: str, least: float, most: float) -> None:
    assert least <= self_contained(pair(question, answer), SHAPE, PASSAGE) <= most


SENTENCES = [sentence.strip(" .") + "." for sentence in PASSAGE.split(". ")]
LONG = "Whoever wants a loaf of that dark kind has to begin with something sour, as the grain gives hardly any hold. "


@pytest.mark.parametrize(
    ("answer", "is_copy"),
    [
        pytest.param(PASSAGE, True, id="whole"),
        pytest.param(" ".join(SENTENCES[1:]), True, id="without a sentence"),
        pytest.param(" ".join(reversed(SENTENCES)), True, id="in another order"),
        pytest.param(" ".join(SENTENCES[:2]), False, id="two sentences"),
        pytest.param(LONG * 4, False, id="a long text in other words"),
    ],
)
def test_a_copy_of_the_passage_is_known_by_its_words(answer: str, *, is_copy: bool) -> None:
    found = faults(pair("What about rye bread?", answer), SHAPE, PASSAGE)
    assert (COPIED in found) is is_copy


def test_a_text_without_a_question_must_name_its_subject_first() -> None:
    assert self_contained(pair(None, "It is not sliced while hot."), ALONE, PASSAGE) < 0.5
    assert self_contained(pair(None, "Pumpernickel is not sliced while it is hot."), ALONE, PASSAGE) == 1.0


def test_an_order_may_point_at_its_own_input() -> None:
    order = Entry(
        1, 0, 1, instruction="Summarize this.", input="Rye bread needs a starter.", output="Rye needs starter."
    )
    assert self_contained(order, SHAPES["instruction following"], PASSAGE) == 1.0
    assert self_contained(replace(order, input=""), SHAPES["instruction following"], PASSAGE) < 0.5


@pytest.mark.parametrize(
    ("question", "answer", "least", "most"),
    [
        pytest.param("At what temperature is the starter kept?", "26 degrees", 1.0, 1.0, id="right"),
        pytest.param("When was Pumpernickel first baked?", "In 1570.", 1.0, 1.0, id="time for when"),
        pytest.param(
            "Where was Pumpernickel first baked?", "steam makes the crust shine", 0.0, 0.3, id="another place"
        ),
        pytest.param("How often is the starter fed?", "In Westphalia.", 0.0, 0.5, id="no number for how often"),
        pytest.param("Why does rye bread need a starter?", "Yes.", 0.0, 0.3, id="yes to why"),
        pytest.param(
            "How do volcanoes form?", "Bakers keep the starter at 26 degrees.", 0.0, 0.2, id="off the subject"
        ),
        pytest.param("When was Pumpernickel first baked?", "In Westphalia.", 1.0, 1.0, id="fooled within one sentence"),
    ],
)
def test_answers_question(question: str, answer: str, least: float, most: float) -> None:
    entry = pair(question, answer)
    entry = replace(entry, evidence=evidence_for(entry, [], PASSAGE, SHAPE))
    found = answers_question(entry, PASSAGE, SHAPE)
    assert found is not None
    assert least <= found <= most


def test_without_a_question_there_is_nothing_to_answer() -> None:
    assert answers_question(pair(None, "Rye."), PASSAGE, ALONE) is None
    assert "answers_question" not in score(pair(None, "Rye needs a starter."), PASSAGE, [], shape=ALONE).parts


@pytest.mark.parametrize(
    ("question", "answer", "least", "most"),
    [
        pytest.param("What needs a sour starter?", "Rye bread", 1.0, 1.0, id="something new"),
        pytest.param("Does rye bread need a starter?", "Yes.", 0.4, 0.4, id="yes"),
        pytest.param(
            "What is a sour starter?", "A sour starter is a kind of starter.", 0.25, 0.25, id="goes in circles"
        ),
        pytest.param("Who has rye bread?", "Rye bread has rye bread.", 0.25, 0.25, id="repeats"),
        pytest.param("Which of wheat and rye needs it?", "rye", 0.25, 0.25, id="unfair to a choice"),
        pytest.param("What is it?", "It.", 0.0, 0.0, id="says nothing"),
        pytest.param('Fill in: "The starter is a ____ starter."', "sour", 1.0, 1.0, id="a gap"),
        pytest.param("What is 2 + 2?", "4", 1.0, 1.0, id="fooled by what everybody knows"),
    ],
)
def test_not_trivial(question: str, answer: str, least: float, most: float) -> None:
    assert least <= not_trivial(pair(question, answer), SHAPE) <= most


EASY = "The cat sat on the mat. It was a big cat and it was fat. The dog ran to the cat."
HARD = (
    "The characterisation of heterogeneous thermodynamic instabilities necessitates considerable methodological "
    "sophistication in the interpretation of experimental irregularities."
)


def test_readability_follows_the_published_formulas() -> None:
    easy, hard = readability(EASY), readability(HARD)
    assert easy is not None
    assert hard is not None
    # 21 words of one syllable in 3 sentences, 57 letters.
    assert easy.flesch == round(206.835 - 1.015 * 21 / 3 - 84.6, 1)
    assert easy.coleman_liau == round(0.0588 * 5700 / 21 - 0.296 * 300 / 21 - 15.8, 1)
    assert hard.flesch < 0 < 20 < hard.coleman_liau


@pytest.mark.parametrize("text", ["Die Katze saß auf der Matte und war sehr dick.", "猫がマットに座った。", "Yes."])
def test_readability_is_not_claimed_for_other_languages(text: str) -> None:
    assert readability(text) is None


@pytest.mark.parametrize(
    ("question", "answer", "passage", "value"),
    [
        ("كم عدد الكواكب؟", "ثمانية كواكب", "في المجموعة الشمسية ثمانية كواكب تدور حول الشمس.", 1.0),
        ("How many moons does it have?", "3", "Bakers keep 3 starters.", 0.2),
        ("月は何個ある？", "茶葉", "茶葉は摘んだ後すぐに蒸します。", 0.2),
    ],
    ids=["grammar before the word", "another subject", "another subject without spaces"],
)
def test_a_question_whose_language_is_not_known_is_not_off_its_subject(
    question: str, answer: str, passage: str, value: float
) -> None:
    assert answers_question(pair(question, answer), passage, SHAPE) == value
