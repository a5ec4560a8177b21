"""Faults found on handbooks and business texts that the rules had not seen, and how such sentences are asked now."""

import pytest

from builtin_parts import asked
from chunksmith.providers.builtin.grammar.passage import sentences
from chunksmith.providers.builtin.grammar.views import Draft
from chunksmith.providers.builtin.wording import answer_fits

QUESTIONS = [
    pytest.param(
        "If each tower had its own boat, the harbour would have to build nine piers.",
        (),
        "What would happen if each tower had its own boat?",
        "the harbour would have to build nine piers",
        id="what is not so would be so",
    ),
    pytest.param(
        "If you return a boat whose tank is nearly empty, you receive fifteen free minutes.",
        (),
        "What do you receive if you return a boat whose tank is nearly empty?",
        "fifteen free minutes",
        id="what befalls a person is no deed",
    ),
    pytest.param(
        "Work is due to begin next summer.", (), "What is work due to do?", "begin next summer", id="due to do it"
    ),
    pytest.param(
        "Open lamps are not allowed unless they have a screen.",
        (),
        "Under what condition does it hold that open lamps are allowed?",
        "they have a screen",
        id="not unless",
    ),
    pytest.param(
        "Udi Manber and Gene Myers published a new method for sorting the letters of a word.",
        (),
        "Who or what published a new method for sorting the letters of a word?",
        "Udi Manber and Gene Myers",
        id="two names",
    ),
    pytest.param(
        "The lamp burns all of the oil that is left in the tower.",
        ("How to use the lamp",),
        "Regarding how to use the lamp, what does the lamp burn?",
        "all of the oil that is left in the tower",
        id="no thing uses itself",
    ),
    pytest.param(
        "Yes, the new lamp of the tower supports a wick of paper.",
        (),
        "What does the new lamp of the tower support?",
        "a wick of paper",
        id="yes",
    ),
]


@pytest.mark.parametrize(("text", "headings", "question", "answer"), QUESTIONS)
def test_it_is_asked_so(text: str, headings: tuple[str, ...], question: str, answer: str) -> None:
    assert asked(text, *headings).get(question) == answer


REFUSED = [
    pytest.param(
        "Build systems get slow when they need to make decisions.", (), "you build", id="an order that is none"
    ),
    pytest.param(
        "You should arrange for the new lamp to light the harbour.", (), "Why", id="what somebody is arranged to do"
    ),
    pytest.param(
        "For lamps built with the tool, it is used to find the list of wicks to burn.",
        ("Wicks",),
        "it is used",
        id="it behind an opening",
    ),
    pytest.param(
        "It is the best way to light a lamp without oil.", ("Lamps",), "what is it the", id="it is a thing of its own"
    ),
    pytest.param(
        "If you issue both, the harbour office will complain.", ("Permits",), "issue both?", id="both of what"
    ),
    pytest.param(
        "Do not check the lamps by lighting them.", ("Oil lamps",), "how should you not", id="how not to do it"
    ),
    pytest.param("Second argument to a call or a signal was zero.", (), "econd argument", id="an article is missing"),
    pytest.param(
        "The tower has no support for old wicks. This function can be used to cut your own wicks.",
        (),
        "this function",
        id="a thing that the sentence before does not name",
    ),
]


@pytest.mark.parametrize(("text", "headings", "part"), REFUSED)
def test_it_is_not_asked_so(text: str, headings: tuple[str, ...], part: str) -> None:
    assert [question for question in asked(text, *headings) if part in question] == []


def test_the_marks_of_a_reference_link_are_no_part_of_a_question() -> None:
    text = "The [signal lamp][lamps] of the tower burns the oil of [olive trees][]."
    assert asked(text).get("What burns the oil of olive trees?") == "The [signal lamp][lamps] of the tower"


def test_an_answer_from_one_link_into_another_keeps_both_whole() -> None:
    text = "The signal of the harbour is composed of [brass lamps][] and [white towers][]."
    assert "[brass lamps][] and [white towers][]" in asked(text).values()


def test_comments_of_a_program_are_no_prose() -> None:
    assert sentences("The keeper of the lamp // callback provided would never light it.") == []


def test_one_word_is_not_what_is_true_of_a_thing() -> None:
    assert [
        question for question in asked("Brass lamps are heavy.", "The tower") if "What is true of" in question
    ] == []


def test_an_answer_does_not_end_with_whether() -> None:
    when = Draft("when", "", "", 0, 1, 5.0)
    assert not answer_fits(when, "when deciding how to move your boat, and whether")
