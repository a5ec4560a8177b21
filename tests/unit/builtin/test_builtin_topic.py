"""What headings tell: the topic of a section, the thing that ``this option`` is, questions that stand as headings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunksmith.domain.calls import Task
from chunksmith.providers.builtin.generator import generate
from chunksmith.providers.builtin.grammar.passage import Sentence, sentences
from chunksmith.providers.builtin.grammar.topic import named, topic_of
from chunksmith.providers.builtin.questions import candidates, readings_of

TOPICS = [
    (("3.11. /media : Mount point for removable media", "3.11.1. Purpose"), "Regarding /media"),
    (("5. Managing Packages", "5.8.1. Monitoring bugs"), "When monitoring bugs"),
    (("8. FAQ", "8.2.3. How to get a given translation updated"), "Regarding how to get a given translation updated"),
    (("4. Fuzz Testing",), "Regarding fuzz testing"),
    (("4.0 The Root Filesystem", "Requirements"), "Regarding the root filesystem"),
    (("1. Introduction to Window Functions",), "Regarding window functions"),
    (("4.7. The json_object() function",), "Regarding the json_object() function"),
    (("3.2.4. Going on watch quietly",), "When going on watch quietly"),
    (("The LAMP5 Extension",), "Regarding the LAMP5 extension"),
    (("3. Heating costs",), "Regarding heating costs"),
]
NO_TOPIC = [
    "Purpose",
    "2.3. Get the program, and try it out",
    "Be kind to porters",
    "How WAL Works",
    "List of commands",
    "",
]


def asked(text: str, *headings: str) -> dict[str, str]:
    return {item.question: item.answer for item in candidates(readings_of(sentences(text, headings)))}


@pytest.mark.parametrize(("headings", "lead"), TOPICS, ids=[row[1] for row in TOPICS])
def test_innermost_heading_that_names_something_is_the_topic(headings: tuple[str, ...], lead: str) -> None:
    topic = topic_of(headings)
    assert topic is not None
    assert topic.lead == lead


@pytest.mark.parametrize("heading", NO_TOPIC)
def test_heading_that_names_nothing_is_no_topic(heading: str) -> None:
    assert topic_of([heading]) is None


def test_this_with_a_kind_of_thing_is_named_by_the_heading() -> None:
    found = asked("This directory contains mount points for removable media.", "3.11. /media : Mount point", "Purpose")
    assert found["What does the /media directory contain?"] == "mount points for removable media"


def test_this_with_a_kind_of_thing_without_a_heading_is_left_alone() -> None:
    assert asked("This directory contains mount points for removable media.") == {}


@pytest.mark.parametrize("noun", ["pragma", "flag"])
def test_plural_heading_names_no_single_thing(noun: str) -> None:
    assert named(topic_of(["PRAGMA Statements"]), noun) is None
    assert named(topic_of(["PRAGMAs"]), noun) is None


def test_this_queue_is_the_queue_of_the_sentence_before() -> None:
    found = asked("Uploads wait in the DELAYED queue for a week. This queue gives the maintainer time to react.")
    assert any("the DELAYED queue" in question for question in found)


def test_this_thing_of_another_paragraph_is_left_alone() -> None:
    found = asked("Uploads wait in the DELAYED queue.\n\nThis queue gives the maintainer time to react.")
    assert not any("give" in question for question in found)


def test_question_that_leans_gets_its_heading() -> None:
    found = asked("A record has a header. The header is divided into two integer fields.", "4. The Page Format")
    assert found["Regarding the page format, what is the header divided into?"] == "two integer fields"


def test_order_without_circumstance_needs_a_heading() -> None:
    text = "Make sure that the version number of the package is correct."
    assert asked(text) == {}
    assert "When sponsoring a package, what should you make sure of?" in asked(text, "7.1. Sponsoring a package")


def test_heading_that_is_a_question_is_answered_by_its_first_sentence() -> None:
    text = "## 5. Why do ships need lamps at night?\n\nShips need lamps because a dark hull cannot be seen in time."
    assert asked(text)["Why do ships need lamps at night?"].startswith("Ships need lamps because")


def test_headings_of_the_task_reach_the_questions() -> None:
    task = Task("default", "This command repairs a damaged disk of the server.", 2, context={"headings": ["7.7. fsck"]})
    assert [item["question"] for item in generate(task)][:1] == ["What does the fsck command repair?"]


def test_headings_inside_the_passage_go_on_from_those_before_it() -> None:
    found = sentences("## The wick\n\nThe wick draws oil up from the tank.", ["Lamps", "Oil lamps"])
    assert [sentence.headings for sentence in found] == [("Lamps", "The wick")]


@pytest.mark.parametrize("context", [{}, {"headings": None}, {"headings": "Lamps"}, {"headings": [1, None]}])
def test_headings_of_another_shape_do_no_harm(context: dict[str, object]) -> None:
    assert generate(Task("default", "A lamp is a device that gives light to a room.", 1, context=context))


def test_answer_never_begins_or_ends_inside_a_word() -> None:
    text = "The maintainers read it."
    sentence = Sentence(text, text, tuple(range(len(text))), 0)
    assert sentence.original(10, 15) is None
    assert sentence.original(4, 12) is None
    assert sentence.original(4, 15) == "maintainers"


@given(heading=st.text(max_size=80))
def test_any_heading_is_a_topic_or_none(heading: str) -> None:
    topic = topic_of([heading])
    assert topic is None or topic.text


ENTRIES = [
    (
        "lanterna - this is the harbour lamp checker, which tells of faults.",
        "What is lanterna?",
        "the harbour lamp checker",
    ),
    (
        "clean target: to remove all old and useless wicks.",
        "What is the purpose of the clean target?",
        "to remove all old and useless wicks",
    ),
    (
        'The "wick" option, used to set the height of the flame.',
        'What is the "wick" option used for?',
        "to set the height of the flame",
    ),
    (
        "Lantern.old - Installed as a spare lamp by the keeper.",
        "What is Lantern.old installed as?",
        "a spare lamp by the keeper",
    ),
    (
        "lamptools - this package contains some tools to work with lamps such as the wick trimmer.",
        "What does lamptools contain?",
        "some tools to work with lamps such as the wick trimmer",
    ),
    (
        "snuffer - this useful tool lets you cut a wick without putting out the lamp.",
        "What does snuffer do?",
        "lets you cut a wick without putting out the lamp",
    ),
]


@pytest.mark.parametrize(("text", "question", "answer"), ENTRIES, ids=[row[1] for row in ENTRIES])
def test_an_entry_tells_what_its_term_is_or_does(text: str, question: str, answer: str) -> None:
    found = asked(text, "Programs of the keeper")
    assert {one.rpartition(", ")[2].lower(): said for one, said in found.items()}[question.lower()] == answer
