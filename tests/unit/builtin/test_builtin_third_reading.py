"""Entries that were cut, empty or true only in another case, and how such sentences are asked now."""

import pytest

from builtin_parts import asked
from chunksmith.providers.builtin.grammar.clauses import parse
from chunksmith.providers.builtin.grammar.passage import sentences
from chunksmith.providers.builtin.grammar.topic import topic_of
from chunksmith.providers.builtin.grammar.words import tokens
from chunksmith.providers.builtin.questions import (
    candidates,
    readings_of,
)

NOTHING = [
    pytest.param(
        "Otherwise, if the lamp of the tower is an open flame, an iron screen is placed before it.",
        id="what holds otherwise only",
    ),
    pytest.param("Then, the keeper of a tower is permitted to use the spare oil.", id="what holds then only"),
    pytest.param("And so a brass lamp is not helpful.", id="what follows from the sentence before"),
]


@pytest.mark.parametrize("sentence", NOTHING)
def test_what_is_true_in_another_case_only_is_not_asked(sentence: str) -> None:
    assert asked(sentence, "Lamps") == {}


def test_behind_a_pronoun_no_verb_is_passed_over() -> None:
    parts = tokens("it first checks to make sure the lamp will not overflow")
    assert parse(parts, 0, len(parts)) is None


def test_a_condition_that_goes_on_behind_its_comma_is_not_asked_for() -> None:
    text = (
        "If two keepers have open records of the same lamp and one keeper closes its record, unlinks the lamp, then "
        "sets a new lamp in its place with the same number and opens the new record, then the two keepers will be "
        "talking of different lamps with the same number."
    )
    assert asked(text) == {}


def test_then_behind_a_modal_opens_no_order() -> None:
    text = (
        "If your lamp burns oil but also stores oil in its foot, it is best not to fill the foot because the valve will "
        "then prompt keepers to drain the foot all the time."
    )
    assert not any("prompt keepers" in question for question in asked(text, "Lamps"))


def test_what_is_possible_ends_before_a_second_statement() -> None:
    text = (
        "It is not possible to change the oil after it has been lit and any attempt to do so will be silently ignored."
    )
    assert set(asked(text, "Lamps").values()) <= {"change the oil after it has been lit"}


CUT = [
    pytest.param(
        "The rule of the harbour is satisfied if for each lamp either one or more of its wicks are lit, or there exists "
        "a spare lamp in the tower.",
        "are lit",
        id="either without its or",
    ),
    pytest.param(
        "The seal does not guarantee that the oil is clean since there is a small but finite probability that the seal "
        "was opened.",
        "a small",
        id="an adjective without its noun",
    ),
]


@pytest.mark.parametrize(("text", "end"), CUT)
def test_an_answer_is_not_cut_before_its_second_half(text: str, end: str) -> None:
    assert not any(answer.endswith(end) for question, answer in asked(text, "Lamps").items() if answer not in question)


EMPTY = [
    pytest.param(
        "The lamp will not be lit unless the doors it opens on are closed.", "will the lamp be lit", id="when"
    ),
    pytest.param(
        "The usual case is that all lamps in a tower are either lit or else are listed in the log.",
        "what is the usual case",
        id="the usual case",
    ),
    pytest.param(
        "Examples include lamps broken by the flow of time (c.f. the great fire and the year 2010 problem) and repairs "
        "for faults introduced by heavy storms.",
        "examples include",
        id="examples of something",
    ),
]


@pytest.mark.parametrize(("text", "phrase"), EMPTY)
def test_what_has_many_answers_is_not_asked(text: str, phrase: str) -> None:
    assert not any(phrase in question.lower() for question in asked(text, "Required parts"))


def test_brackets_inside_of_quotation_marks_are_no_remark() -> None:
    found = sentences('The order used for terms of the form "x IN (y, z)" is always the order of the first term.')
    assert [one.text for one in found] == [
        'The order used for terms of the form "x IN (y, z)" is always the order of the first term.'
    ]


def test_a_bracket_that_names_what_is_pointed_at_is_kept() -> None:
    found = sentences("If successful, (*pz) is set to point to a buffer that holds the whole text.")
    assert [one.text for one in found] == [
        "If successful, (*pz) is set to point to a buffer that holds the whole text."
    ]


def test_a_contracted_verb_is_the_verb_of_its_clause() -> None:
    text = (
        "The oil of a lamp is no danger by itself; it’s purely a tool the keeper can use to make the light last longer."
    )
    assert not any("it’s purely" in answer for answer in asked(text, "Oil").values())


def test_behind_a_ground_that_a_contracted_verb_follows_the_ground_is_asked_for() -> None:
    text = (
        "Since `lamp/rules` controls the light of the tower and selects the oil that goes into the lamp, it's usually the file "
        "keepers spend the most time on."
    )
    assert asked(text)["What does `lamp/rules` control?"] == "the light of the tower"


def test_an_answer_does_not_end_with_an_occasion_that_goes_on() -> None:
    text = (
        "The coloured lens allows light to have several colours by keeping track of the number of panes and, when no "
        "panes remain, turning the frame."
    )
    assert not any(answer.endswith("remain") for answer in asked(text).values())


def test_a_heading_that_begins_with_an_adjective_in_ing_is_no_activity() -> None:
    text = "The main aim of the long rope at the foot of the tower is to hold the buoy."
    assert not any(question.startswith("When dangling") for question in asked(text, "Dangling ropes"))


def test_a_word_that_the_text_writes_small_is_small_in_a_heading_that_is_not_in_title_case() -> None:
    topic = topic_of(["Removing the Member from a list"], frozenset({"member"}))
    assert topic is not None
    assert topic.lead == "When removing the member from a list"


def test_what_a_thing_is_to_somebody_defines_it() -> None:
    found = candidates(readings_of(sentences("Mazut is Norway’s usual fuel and lubricant.")))
    assert [(item.question, item.answer) for item in found] == [("What is Mazut?", "Norway’s usual fuel and lubricant")]


def test_a_downside_may_be_a_statement() -> None:
    asked_for = asked("The downside of using two lamps at once is that the keeper has no spare one.")
    assert asked_for["What is the downside of using two lamps at once?"] == "that the keeper has no spare one"


def test_an_answer_ends_before_a_statement_that_begins_with_a_contracted_verb() -> None:
    text = "A broken seal always indicates a fault of the keeper, and it’s not a fault that you want the pilot to find."
    assert asked(text)["What does a broken seal always indicate?"] == "a fault of the keeper"


def test_a_heading_that_is_a_statement_is_no_name() -> None:
    assert topic_of(["Lamps Contain Oil and Wicks"]) is None


def test_a_caption_is_not_asked_about() -> None:
    assert sentences("Figure 19-22: The underside of the lamp does not bind the valve.") == []


def test_what_is_done_to_something_that_nothing_names_is_not_asked() -> None:
    text = "You will need to shut it down using `ctrl`-`C`."
    assert not any(answer.startswith("shut it") for answer in asked(text, "Applying Lamps with Oil").values())


def test_a_contracted_denial_is_asked_with_not() -> None:
    text = "Keepers of a parent tower can’t use the private lamps inside child towers."
    assert asked(text)["What can keepers of a parent tower not use?"] == "the private lamps inside child towers"


def test_of_two_verbs_the_second_one_is_not_turned() -> None:
    parts = tokens("The lamp flickered with a hiss and didn’t light the tower.")
    assert parse(parts, 0, len(parts) - 1) is None


def test_of_two_denials_neither_is_asked_whether() -> None:
    text = "A wick is not a lamp itself and doesn’t have any light of its own like lamps and stars do."
    assert not any(question.startswith("Is a wick") for question in asked(text))


def test_what_should_not_always_be_done_is_not_forbidden() -> None:
    text = "Young keepers shouldn’t always share all the duties of their old masters."
    assert not any("not do" in question for question in asked(text))


@pytest.mark.parametrize(
    "change", ["Fixed lamp scripts triggering alarms when the oil is low.", "Added `-Z` lamps to support the pilots."]
)
def test_an_entry_of_a_list_of_changes_is_no_statement(change: str) -> None:
    assert asked(f"- {change}\n- Keepers sleep.", "Changes") == {}


def test_a_possessive_is_followed_by_its_noun() -> None:
    text = "Lamps brought into Norway’s cache no longer keep their oil to save some room."
    assert not any("cache?" in question or "caches" in question for question in asked(text))
