"""Entries that reading samples of other prose showed to be bad: what they must not become again."""

import pytest

from chunksmith.domain.calls import Task
from chunksmith.providers.builtin.blanks.cloze import clozes
from chunksmith.providers.builtin.generator import generate
from chunksmith.providers.builtin.grammar.passage import sentences
from chunksmith.providers.builtin.questions import candidates, further, readings_of


def asked(text: str, *headings: str) -> dict[str, str]:
    return {item.question: item.answer for item in candidates(readings_of(sentences(text, headings)))}


LEANING = [
    pytest.param(
        "The town opened the harbour bridge in 1961. The bridge was designed for half of the traffic of today.",
        "the bridge",
        id="named more fully before",
    ),
    pytest.param(
        "Captain Harlan ordered the crew to row to the island. The captain had come for the letters of the widow.",
        "the captain",
        id="a title before",
    ),
    pytest.param("The decision follows a long inspection of the main girders.", "the decision", id="an event"),
    pytest.param(
        "Early stages of some fevers are mild. Early stages cause no symptoms.", "early stages cause", id="a part"
    ),
    pytest.param("Listing 3 shows the clockwork of the northern lamp.", "listing", id="a listing"),
    pytest.param('The "fruit" column of the table is stored in the northern index.', "fruit", id="part of an example"),
    pytest.param("Refugees settled there when armies crossed the mountains.", "there", id="a place that is not told"),
]


@pytest.mark.parametrize(("text", "phrase"), LEANING)
def test_nouns_that_lean_are_not_asked_about_without_context(text: str, phrase: str) -> None:
    assert [question for question in asked(text) if phrase in question.lower()] == []


def test_a_kind_of_person_does_not_lean() -> None:
    text = (
        "The tenant shall pay the rent in advance. The tenant must report any damage to the water pipes without delay."
    )
    assert "What must the tenant report?" in asked(text)


def test_a_noun_that_leans_is_asked_about_under_its_heading() -> None:
    text = "The town opened the harbour bridge in 1961. The bridge was designed for half of the traffic of today."
    assert all(
        question.startswith("Regarding ") for question in asked(text, "Northern harbour") if "the bridge" in question
    )


MISREAD = [
    pytest.param(
        "Engineers told the council that the harbour is safe for small boats.", "What did engineers tell?", id="tell"
    ),
    pytest.param(
        "The repair follows an inspection in November that found cracks in the girders.",
        "When does the repair follow an inspection?",
        id="a month inside of a noun phrase",
    ),
    pytest.param(
        "The first step toward reading the log is obtaining a shared key to the tower.",
        "What is the first step toward reading the log obtaining?",
        id="a step that is an activity",
    ),
    pytest.param(
        "Tests of the lamp are run to ensure its strength when a storm comes up.",
        "When are tests of the lamp run to ensure its strength?",
        id="two verbs for one circumstance",
    ),
    pytest.param(
        "The keepers had begged her to burn the letters of the widow.", "What did the keepers have?", id="perfect"
    ),
    pytest.param(
        "This rule allows the keepers of Hull to coordinate their work in order to save oil.",
        "Why does this rule allow the keepers of Hull to coordinate their work?",
        id="the purpose of somebody else",
    ),
    pytest.param(
        "Log books should never hold two pages where one page is a copy of the other.",
        "What should log books never hold?",
        id="cut before where",
    ),
    pytest.param(
        "A long search might be the first of its kind, and the keeper must first find the log of the old tower.",
        "What must the keeper first?",
        id="an ordinal after a modal",
    ),
]


@pytest.mark.parametrize(("text", "question"), MISREAD)
def test_sentences_are_not_misread(text: str, question: str) -> None:
    assert question not in asked(text) or "where" in asked(text)[question]


WELL_READ = [
    pytest.param(
        "Engineers told the council that the harbour is safe for small boats.",
        "What did engineers tell the council?",
        "that the harbour is safe for small boats",
        id="what was told to somebody",
    ),
    pytest.param(
        "Four pilots of Hull went ashore with two lanterns. They found the empty hut of the keeper.",
        "What did four pilots of Hull find?",
        "the empty hut of the keeper",
        id="the past of find",
    ),
    pytest.param(
        "Captain Harlan ordered the crew of the schooner to row to the island.",
        "Who ordered the crew of the schooner to row to the island?",
        "Captain Harlan",
        id="a title makes a person",
    ),
    pytest.param(
        "The log of the lamp is flushed to a sheet of paper, a lock is fitted to the tower door, and the keeper leaves.",
        "What is the log of the lamp flushed to?",
        "a sheet of paper",
        id="a second statement behind a comma",
    ),
]


@pytest.mark.parametrize(("text", "question", "answer"), WELL_READ)
def test_sentences_are_read_to_their_end(text: str, question: str, answer: str) -> None:
    assert asked(text).get(question) == answer


def test_a_condition_is_not_answered_by_its_own_second_half() -> None:
    text = "If a keeper lights the lamp, closes and opens the tower door, the pilots will see a flash of light."
    assert [answer for answer in asked(text, "Lamps").values() if answer.startswith("closes")] == []


@pytest.mark.parametrize(
    "text",
    [
        "Refer to the documentation of the northern lamp for more details on the clockwork of brass.",
        "The document only describes the clockwork of the lamp and the oil of the lamp.",
        "The winding of the clockwork is described in the manual of the lamp and the clockwork.",
        "If successful, is set to the number of the lamp and the number of the tower.",
    ],
    ids=["an order", "the document", "told elsewhere", "no subject"],
)
def test_sentences_that_tell_nothing_are_not_filled_in(text: str) -> None:
    assert clozes(sentences(text), "en", 8) == []


def test_statements_in_place_keep_the_capitals_of_names() -> None:
    text = "SQLite is used by keepers. There are several tools to help SQLite users of old towers."
    found = further(readings_of(sentences(text, ("Tower wiring",))))
    assert [item.question for item in found if "sQLite" in item.question] == []


def test_beside_two_open_questions_only_names_and_numbers_are_filled_in() -> None:
    text = (
        "A lens is a piece of glass that bends light. The keeper lights the lamp because ships need a sign at night. "
        "Oil of whales was burned by keepers, since the price of oil was low."
    )
    items = generate(Task("default", text, 5))
    assert len([item for item in items if item["kind"] != "cloze"]) >= 2
    assert all(
        str(item["answer"])[0].isupper() or str(item["answer"])[0].isdigit()
        for item in items
        if item["kind"] == "cloze"
    )
