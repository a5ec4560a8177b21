"""Questions of the second rank: asked where a passage gives fewer than two of the first."""

import pytest

from chunksmith.domain.calls import Task
from chunksmith.providers.builtin.cloze import in_context
from chunksmith.providers.builtin.generator import Item, generate
from chunksmith.providers.builtin.passage import sentences
from chunksmith.providers.builtin.questions import further, last_resort


def asked(text: str, *headings: str) -> dict[str, str]:
    return {item.question: item.answer for item in further(sentences(text, headings))}


def items(text: str, *headings: str, count: int = 3) -> list[Item]:
    return generate(Task("default", text, count, context={"headings": list(headings)}))


PLAINER = [
    pytest.param(
        "If there is a chance that the lamp could blind a pilot, it is likely to be better to shade it.",
        "Old lamps",
        "Regarding old lamps, what applies if there is a chance that the lamp could blind a pilot?",
        "it is likely to be better to shade it",
        id="what holds under a condition",
    ),
    pytest.param(
        "Because the paint of leaf boards is brittle, keepers of old towers are told to leave them alone.",
        "",
        "What follows from the fact that the paint of leaf boards is brittle?",
        "keepers of old towers are told to leave them alone",
        id="what follows from a reason",
    ),
    pytest.param(
        "You should check why the lamp was removed in the first place.",
        "Repairing old lamps",
        "When repairing old lamps, what should you check?",
        "why the lamp was removed in the first place",
        id="an order under its heading",
    ),
    pytest.param(
        "It is a bad idea to put all lamps of a tower on one wire.",
        "Tower wiring",
        "Regarding tower wiring, what is it a bad idea to do?",
        "put all lamps of a tower on one wire",
        id="a judgement",
    ),
    pytest.param(
        "The keeper does not empty the oil tank. This is done because it is faster to refill a tank than to clean one.",
        "",
        "Why is it that the keeper does not empty the oil tank?",
        "because it is faster to refill a tank than to clean one",
        id="a reason given in the next sentence",
    ),
    pytest.param(
        "Each harbour has a book of tides. These books are used to plan the work of the pilots.",
        "",
        "Each harbour has a book of tides. What are these books used for?",
        "to plan the work of the pilots",
        id="a sentence that takes up the one before",
    ),
]


@pytest.mark.parametrize(("text", "heading", "question", "answer"), PLAINER)
def test_plainer_questions_keep_the_words_of_the_sentence(text: str, heading: str, question: str, answer: str) -> None:
    assert asked(text, *filter(None, [heading])).get(question) == answer


REFUSED = [
    pytest.param("That COLREG rule will apply across all elements of the compound.", id="a rule that is not told"),
    pytest.param("For this, the keeper of the tower must climb the stairs.", id="nobody knows what this is"),
    pytest.param("The lamp went out. The name of the keeper being told. This made the pilots angry.", id="a fragment"),
    pytest.param("In addition to the lamp, there is a horn.", id="a mere link"),
    pytest.param("Keepers install and oil pumps, `dh_lamp` installs lamps, and so on.", id="two statements in one"),
]


@pytest.mark.parametrize("text", REFUSED)
def test_plainer_questions_are_not_asked_of_what_leans(text: str) -> None:
    assert asked(text) == {}


@pytest.mark.parametrize(
    ("text", "question"),
    [
        (
            "Repairs to the main lamp should be quick and silent.",
            "What rule applies to repairs to the main lamp?",
        ),
        (
            "Changes made in one harbour are invisible to the pilots of the northern coast.",
            "What is worth knowing about changes made in one harbour?",
        ),
    ],
    ids=["a rule", "a remark"],
)
def test_last_resort_answers_with_the_whole_sentence(text: str, question: str) -> None:
    found = {item.question: item.answer for item in last_resort(sentences(text))}
    assert found == {question: text.removesuffix(".")}


@pytest.mark.parametrize(
    "text",
    [
        "The lamp is red.",
        "All towers are old and made of stone.",
        "The lamp switch is described in the manual of Hull.",
    ],
    ids=["too little", "all of them", "told elsewhere"],
)
def test_last_resort_does_not_ask_for_what_tells_nothing(text: str) -> None:
    assert last_resort(sentences(text)) == []


def test_a_passage_with_two_questions_is_not_asked_plainer_ones() -> None:
    rich = "A lens is a piece of glass that bends light. The keeper lights the lamp because ships need a sign at night."
    poor = "Changes made in one harbour are invisible to the pilots of the northern coast."
    questions = [str(item["question"]) for item in items(f"{rich} {poor}")]
    assert len(questions) >= 2
    assert not any("worth knowing" in question for question in questions)


def test_a_leaning_sentence_is_filled_in_behind_the_one_before() -> None:
    text = "The keeper repairs the clockwork in winter. This is important for towers with a rotating lens system."
    gaps = {item.question: item.answer for item in in_context(sentences(text))}
    assert any(question.startswith('Fill in the blank: "The keeper repairs') for question in gaps)
    assert all("_____" in question and answer in text for question, answer in gaps.items())


def test_a_sentence_is_filled_in_under_its_heading() -> None:
    found = in_context(sentences("The wire from the tower must be joined to a copper conductor.", ("Tower wiring",)))
    assert [(item.question, item.answer) for item in found] == [
        (
            'Regarding tower wiring, fill in the blank: "The wire from the tower must be joined to a copper _____."',
            "conductor",
        )
    ]
