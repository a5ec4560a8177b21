"""Entries of a reference that begin with their verb: the line above or the heading says what they tell of."""

import pytest

from chunksmith.providers.builtin.grammar.passage import sentences
from chunksmith.providers.builtin.grammar.topic import named, topic_of
from chunksmith.providers.builtin.questions import further, readings_of
from chunksmith.providers.builtin.rules.documented import documented


def asked(text: str, *headings: str) -> dict[str, str]:
    return {item.question: item.answer for item in further(readings_of(sentences(text, headings)))}


ENTRIES = [
    pytest.param(
        "**`--wick` HEIGHT**\n\nSets the height of the wick in the lamp.",
        (),
        "What does the `--wick` option set?",
        "the height of the wick in the lamp",
        id="an option and its argument",
    ),
    pytest.param(
        "**`--locked`**\n\nAsserts that the lamps of the tower are the same as in the year before.",
        (),
        "What does the `--locked` option do?",
        "Asserts that the lamps of the tower are the same as in the year before",
        id="the whole predicate",
    ),
    pytest.param(
        "**`--quiet`**\n\nBurn without a signal to the ships.",
        (),
        "What does the `--quiet` option do?",
        "Burn without a signal to the ships",
        id="an order",
    ),
    pytest.param(
        "## `tower.lampColour()`\n\nReturns the colour of the lamp in the tower.",
        (),
        "What does `tower.lampColour()` return?",
        "the colour of the lamp in the tower",
        id="a heading in code",
    ),
    pytest.param(
        "tower.light_lamp(self)\n\nMust return the colour of the lamp in the tower.",
        (),
        "What must tower.light_lamp(self) return?",
        "the colour of the lamp in the tower",
        id="a call, and what it must do",
    ),
]


@pytest.mark.parametrize(("text", "headings", "question", "answer"), ENTRIES)
def test_an_entry_is_asked_by_the_name_above_it(
    text: str, headings: tuple[str, ...], question: str, answer: str
) -> None:
    assert asked(text, *headings).get(question) == answer


NAMELESS = [
    pytest.param("Returns the colour of the lamp in the tower.", id="no name"),
    pytest.param("## METHODS\n\nReturns the colour of the lamp in the tower.", id="a title in capitals"),
    pytest.param("**`--wick`**\n\nLamp of the tower that burns oil.", id="no verb"),
]


@pytest.mark.parametrize("text", NAMELESS)
def test_an_entry_without_name_or_verb_is_not_asked(text: str) -> None:
    assert [found for read in readings_of(sentences(text)) for found in documented(read)] == []


def test_the_page_of_a_command_tells_of_a_command_and_of_no_option() -> None:
    topic = topic_of(["lamp-clean(1)", "OPTIONS"])
    assert named(topic, "command") == "the lamp-clean command"
    assert named(topic, "option") is None
