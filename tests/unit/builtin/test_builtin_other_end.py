"""Questions asked from the other end of a sentence, across two sentences, and the answers that are refused."""

import pytest

from chunksmith.domain.calls import Task
from chunksmith.providers.builtin.generator import generate
from chunksmith.providers.builtin.grammar.passage import sentences
from chunksmith.providers.builtin.questions import candidates, readings_of


def asked(text: str, *headings: str) -> dict[str, str]:
    return {item.question: item.answer for item in candidates(readings_of(sentences(text, headings)))}


WHOLE = [
    (
        "Old charts are often better than no paper at all for small coastal ships.",
        "What is often better than no paper at all for small coastal ships?",
        "Old charts",
    ),
    (
        "Filing reports on broken lamps is one of the civic duties of harbour pilots.",
        "What is one of the civic duties of harbour pilots?",
        "Filing reports on broken lamps",
    ),
    (
        "The default configuration of the lamp only supports short flashes of white light.",
        "What only supports short flashes of white light?",
        "The default configuration of the lamp",
    ),
    (
        "The harbour log, which is kept in the tower, contains the names of all ships and their masters.",
        "What does the harbour log contain?",
        "the names of all ships and their masters",
    ),
    (
        "If the seal of the lamp is broken, water enters the clockwork of the tower.",
        "Under what condition does water enter the clockwork of the tower?",
        "If the seal of the lamp is broken",
    ),
    (
        "An alarm is raised when the pressure in the main pipe falls below two bars.",
        "What happens when the pressure in the main pipe falls below two bars?",
        "An alarm is raised",
    ),
    (
        "Turn the brass wheel to avoid damage to the gears of the clock.",
        "What should you do to avoid damage to the gears of the clock?",
        "Turn the brass wheel",
    ),
    (
        "If your boat loses its mast in a storm, your cargo is safe.",
        "What is the consequence if your boat loses its mast in a storm?",
        "your cargo is safe",
    ),
    (
        "When three or more lenses are joined into one array, they bend the light into a beam.",
        "What happens when three or more lenses are joined into one array?",
        "they bend the light into a beam",
    ),
    (
        "Clocks can be started manually using the brass key.",
        "How can clocks be started?",
        "manually using the brass key",
    ),
    (
        "The WHERE clause may not contain aggregate functions or window functions.",
        "What may the WHERE clause not contain?",
        "aggregate functions or window functions",
    ),
    (
        "The pump is designed to never leak oil, even after a power loss.",
        "What is the pump designed to do?",
        "never leak oil",
    ),
    (
        "Beginning with version 3.7 of the chart, the tower will send two flashes of red light.",
        "Beginning with version 3.7 of the chart, what will the tower send?",
        "two flashes of red light",
    ),
]
# What made a wrong, cut or empty answer once: the question, or a part of it, must not come back.
REFUSED = [
    ("Secondary lamps are not involved in protecting ships from loss due to storms.", "Why"),
    ("The new tower gives shorter flashes and improvements in both range and cost.", "What does the new tower give"),
    ("The argument N is the number of flashes in each period.", "argument N"),
    ("Some sailors have a lamp of their own.", "What do some sailors"),
    ("Engineers float some of them in a bath of mercury because of the weight.", "some of them"),
    ("The implementation is registered with the harbour office by calling the pilot.", "What is registered with"),
    ("Foreign lamps are disabled by default in the northern harbours.", "What happens to"),
    ("The lamp log format is to store the time of each flash as a number.", "What is the lamp log format"),
    ("A resource leak occurs when oil is taken and never returned.", "should you"),
    ("You can use these lamps to search the shore.", "Why can you"),
    ("The keeper still cleans the lamp with a soft cloth.", "does the keeper clean the lamp"),
    ("Changes to charts are held in the tower at first and are not written to the log.", "What is held in the tower"),
]


@pytest.mark.parametrize(("sentence", "question", "answer"), WHOLE, ids=[row[1] for row in WHOLE])
def test_sentence_is_asked_from_its_other_end(sentence: str, question: str, answer: str | None) -> None:
    assert asked(sentence).get(question) == answer


@pytest.mark.parametrize(("sentence", "part"), REFUSED, ids=[row[0] for row in REFUSED])
def test_refused_question_does_not_come_back(sentence: str, part: str) -> None:
    assert [question for question in asked(sentence) if part in question] == []


def test_a_conclusion_is_explained_by_the_sentence_before() -> None:
    text = "The lamp needs a constant supply of oil. Therefore, the keeper fills the tank every evening."
    [item] = [item for item in candidates(readings_of(sentences(text))) if item.question.startswith("Why")]
    assert item.question == "Why does the keeper fill the tank every evening?"
    assert item.answer == "The lamp needs a constant supply of oil."
    assert item.quote == text


def test_a_conclusion_in_another_paragraph_is_not() -> None:
    text = "The lamp needs a constant supply of oil.\n\nTherefore, the keeper fills the tank every evening."
    assert not any(question.startswith("Why") for question in asked(text))


def test_one_rich_sentence_gives_two_questions_with_different_answers() -> None:
    text = "An error is reported when the keeper detects a fault in the lens of the northern lamp."
    items = [item for item in generate(Task("default", text, 3)) if item["kind"] != "cloze"]
    assert {str(item["answer"]) for item in items} == {
        "An error is reported",
        "when the keeper detects a fault in the lens of the northern lamp",
    }


@pytest.mark.parametrize("heading", ["Examples", "Interface", "Comparison example", "Miscellaneous notes"])
def test_an_empty_heading_does_not_frame_a_question(heading: str) -> None:
    assert not any(heading.lower() in question.lower() for question in asked("The second lamp burns oil.", heading))


def test_cloze_leaves_out_sentences_with_a_leaning_subject() -> None:
    text = "The difference is the name of the keeper in the log of the tower. It is an old tower with an old log."
    assert [item for item in generate(Task("default", text, 3)) if item["kind"] == "cloze"] == []


def test_advice_names_its_section() -> None:
    found = asked("It is important to dry the grain before storage.", "Keeping grain")
    assert found["When keeping grain, what is it important to do?"] == "dry the grain before storage"
