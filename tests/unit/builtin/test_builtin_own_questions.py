"""Headings that ask are questions; the paragraph below one answers it."""

import pytest

from chunksmith.domain.calls import Task
from chunksmith.providers.builtin.generator import generate

TITLE = "Frequently asked questions: Green boxes"


def asked(heading: str, below: str, *titles: str) -> dict[str, str]:
    items = generate(Task("default", f"### {heading}\n\n{below}", 3, context={"headings": list(titles)}))
    return {str(item["question"]): str(item["answer"]) for item in items}


@pytest.mark.parametrize(
    ("heading", "below", "question", "answer"),
    [
        pytest.param(
            "How do I move a delivery?",
            "Choose another day on the page of the box. The van then comes on that day.",
            "How do I move a delivery?",
            "Choose another day on the page of the box. The van then comes on that day.",
            id="reader",
        ),
        pytest.param(
            "Can I move a delivery?",
            "Yes. Choose another day on the page of the box.",
            "Can I move a delivery?",
            "Yes. Choose another day on the page of the box.",
            id="yes or no",
        ),
        pytest.param(
            "Where do you deliver?",
            "We deliver to all addresses within 40 kilometres of the farm.",
            "Regarding Green boxes, where do you deliver?",
            "We deliver to all addresses within 40 kilometres of the farm.",
            id="authors, whom the title names",
        ),
        pytest.param(
            "What happens to empty boxes?",
            "They are washed at the farm. A box lasts for five years. Broken ones are mended. Nothing is burnt.",
            "What happens to empty boxes?",
            "They are washed at the farm. A box lasts for five years. Broken ones are mended.",
            id="three sentences at most",
        ),
        pytest.param(
            "Why are boxes washed?",
            "They carry earth from the fields into\nthe van.\n\nThe farm has its own well for the purpose.",
            "Why are boxes washed?",
            "They carry earth from the fields into\nthe van.",
            id="one paragraph, as it stands",
        ),
    ],
)
def test_a_heading_that_asks_is_answered_by_its_paragraph(heading: str, below: str, question: str, answer: str) -> None:
    assert asked(heading, below, TITLE).get(question) == answer


def test_lines_of_questions_and_answers_are_asked_and_answered() -> None:
    text = "Q: How long are boxes kept?\nA: Boxes are kept for 30 days. Then they are burnt.\n\nQ: Who burns them?\nA: Yes."
    items = generate(Task("default", text, 3))
    assert [(item["question"], item["answer"]) for item in items] == [
        ("How long are boxes kept?", "Boxes are kept for 30 days. Then they are burnt.")
    ]


@pytest.mark.parametrize("number", ["1.1", "2.10.", "§ 4", "A:"])
def test_the_number_of_a_clause_is_no_part_of_it(number: str) -> None:
    items = generate(Task("default", f"{number} The tenant shall pay the rent on the first day of each month.", 3))
    assert "What shall the tenant pay?" in {item["question"] for item in items}


@pytest.mark.parametrize(
    ("heading", "below"),
    [
        pytest.param("Is it washed before the winter?", "It is washed at the farm each week.", id="who knows what"),
        pytest.param("What happens to empty boxes?", "This is told on the page of the farm.", id="takes up"),
        pytest.param("What happens to empty boxes?", "The table below tells it for each kind.", id="elsewhere"),
        pytest.param(
            "What happens to empty boxes?", "Call 0117 496. They are washed at the farm.", id="lacks its beginning"
        ),
        pytest.param("Ferns and mosses in the box?", "They are washed at the farm each week.", id="asks nothing"),
    ],
)
def test_a_heading_without_a_whole_answer_is_no_question(heading: str, below: str) -> None:
    assert heading not in asked(heading, below, TITLE)


def test_a_question_to_authors_whom_nothing_names_is_left_out() -> None:
    assert not any("you" in question for question in asked("Where do you deliver?", "We deliver to all of the towns."))
