"""Nothing is asked of what only an example shows."""

import pytest

from chunksmith.domain.calls import Task
from chunksmith.providers.builtin.examples import of_examples
from chunksmith.providers.builtin.generator import generate
from chunksmith.providers.builtin.grammar.passage import sentences

GENERAL = "A lighthouse keeper trims the wick of the lamp before the evening."


def examples(text: str) -> list[str]:
    found = sentences(text)
    return [found[number].text for number in sorted(of_examples(found))]


OF_EXAMPLES = [
    pytest.param("For example, the northern tower has forty steps of granite.", id="for example"),
    pytest.param("Suppose the northern tower has lost its lamp in a storm.", id="supposed"),
    pytest.param("The package foo installs the lamp under the harbour folder.", id="a placeholder"),
    pytest.param("The team_id field is stored with every keeper of a lamp.", id="a column of an example"),
]


@pytest.mark.parametrize("sentence", OF_EXAMPLES)
def test_a_sentence_of_an_example_is_told_from_others(sentence: str) -> None:
    assert examples(f"{GENERAL} {sentence}") == [sentence]


def test_an_example_goes_on_in_the_sentence_that_takes_it_up() -> None:
    told = "For example, a keeper lights a small lamp at dusk."
    assert examples(f"{told} It burns until the morning of the next day. {GENERAL}") == [
        told,
        "It burns until the morning of the next day.",
    ]


def test_what_is_supposed_fills_its_paragraph() -> None:
    story = "Imagine a harbour with two towers of granite. Every ship sees both lamps at night."
    assert len(examples(f"{story}\n\n{GENERAL}")) == 2


def test_what_is_typical_is_no_part_of_what_is_supposed() -> None:
    story = "Imagine a harbour with two towers of granite."
    assert examples(f"{story} In a typical harbour, a tower has one lamp of oil.") == [story]


def test_a_column_that_a_listing_makes_is_part_of_an_example() -> None:
    text = (
        "CREATE TABLE lamps(height, colour TEXT);\n\n"
        f"The height column is sorted from the lowest lamp to the highest lamp. {GENERAL}"
    )
    assert examples(text) == ["The height column is sorted from the lowest lamp to the highest lamp."]


@pytest.mark.parametrize("mode", ["default", "question", "instruction following"])
def test_examples_are_not_asked_about(mode: str) -> None:
    text = f"{GENERAL} For example, the northern tower contains forty steps of granite."
    items = generate(Task(mode, text, 3))
    assert items
    assert not any("northern" in str(item.get("quote")) for item in items)


def test_questions_do_not_ask_politely() -> None:
    text = "If you want to repair the lamp of the tower, please have a look at the manual of the harbour office."
    assert not any("please" in str(item["question"]).lower() for item in generate(Task("default", text, 3)))


def test_beside_two_open_questions_nothing_is_filled_in_that_may_need_its_page() -> None:
    text = (
        "A tide is the regular rise and fall of the sea. A lighthouse is a tower with a powerful lamp. "
        "The storm destroyed the wooden tower on the island in 1703."
    )
    items = generate(Task("default", text, 5))
    assert [item["kind"] for item in items].count("definition") == 2
    assert not any("storm" in str(item["question"]) and item["kind"] == "cloze" for item in items)
