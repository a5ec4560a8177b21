"""Entries of a reference: what "this pragma" or a section is called, what a list numbers, what holds in any case."""

import pytest

from chunksmith.providers.builtin.acceptance import Candidate
from chunksmith.providers.builtin.grammar.passage import sentences
from chunksmith.providers.builtin.likeness import alike
from chunksmith.providers.builtin.questions import candidates, readings_of
from chunksmith.providers.builtin.remaining import remaining


def asked(text: str, *headings: str) -> dict[str, str]:
    """The questions of the first and of the last rank with their answers."""
    reads = readings_of(sentences(text, headings))
    return {item.question: item.answer for rank in (candidates, remaining) for item in rank(reads)}


PRAGMA = "PRAGMA colour; PRAGMA colour = 'red';\n\n"
ENTRIES = [
    pytest.param(
        PRAGMA + "If the main lamp has been lit, then this pragma returns the colour of the light.",
        ("List of pragmas",),
        "If the main lamp has been lit, what does the colour pragma return?",
        "the colour of the light",
        id="this thing behind a condition",
    ),
    pytest.param(
        PRAGMA + "In first form, if the main lamp has been lit, then this pragma returns the colour of the light, one "
        "of 'red' or 'green'.",
        ("List of pragmas",),
        "Under what condition does the colour pragma return the colour of the light?",
        "if the main lamp has been lit",
        id="the form of an entry, and what a value may be",
    ),
    pytest.param(
        "- tower2: Signal lamps This section describes all of the lamps that are lit in fog.",
        ("/usr/share/tower : Lamps",),
        "Regarding /usr/share/tower, what does tower2 describe?",
        "all of the lamps that are lit in fog",
        id="a title that has run into its statement",
    ),
    pytest.param(
        "- tower3: Oil and wicks Section 3 describes the oils that burn in a lamp.",
        ("/usr/share/tower : Lamps",),
        "Regarding /usr/share/tower, what does tower3 describe?",
        "the oils that burn in a lamp",
        id="a numbered section",
    ),
    pytest.param(
        "Rather than being a lamp itself, this datatype indicates a note that can be read by the keeper.",
        ("Template fields", "Type", "note"),
        "Regarding template fields, what does the note datatype indicate?",
        "a note that can be read by the keeper",
        id="rather than being something else",
    ),
    pytest.param(
        "Like the lamp of the harbour, except the keeper can choose any number of wicks from the box.",
        ("Lamps", "Signal lamp"),
        "Regarding signal lamp, what can the keeper choose?",
        "any number of wicks from the box",
        id="except something",
    ),
    pytest.param(
        "Whether it is day or night, any call to lightLamp that names a tower is considered to order a new wick.",
        (),
        "Any call to lightLamp that names a tower is considered to order what?",
        "a new wick",
        id="whether it is one or the other",
    ),
    pytest.param(
        "Output columns from the lamp_list table are as follows:\n\n1. A number for each lamp of the tower.\n"
        "2. The name of the lamp in the tower.\n",
        (),
        "What is the second of the output columns from the lamp_list table?",
        "The name of the lamp in the tower",
        id="an entry of a numbered list",
    ),
]


@pytest.mark.parametrize(("text", "headings", "question", "answer"), ENTRIES)
def test_entries_of_a_reference_are_asked_by_their_names(
    text: str, headings: tuple[str, ...], question: str, answer: str
) -> None:
    assert asked(text, *headings).get(question) == answer


def test_the_form_that_nothing_names_is_not_left_out() -> None:
    text = "In the second form, if the name of the lamp is omitted, the limit becomes the default limit for all lamps."
    assert all("in the second form" in question.lower() for question in asked(text, "Lamps"))


def test_questions_on_things_that_differ_by_their_number_are_not_alike() -> None:
    def question(name: str, answer: str) -> Candidate:
        return Candidate("what", f"What does {name} describe?", "", answer, "", 5.0, len(answer))

    assert not alike(question("tower2", "lamps of red glass"), question("tower3", "oil"))
