"""The last rank: long complements, statements inside a sentence, things that a heading or a line above names."""

import pytest

from chunksmith.domain.calls import Task
from chunksmith.providers.builtin.generator import generate
from chunksmith.providers.builtin.grammar.passage import sentences
from chunksmith.providers.builtin.questions import readings_of
from chunksmith.providers.builtin.remaining import remaining


def asked(text: str, *headings: str) -> dict[str, str]:
    return {item.question: item.answer for item in remaining(readings_of(sentences(text, headings)))}


COMPLEMENTS = [
    pytest.param(
        "The only effect that a lamp being lit has on a ship of the harbour is that the ship might come in sooner.",
        "What is the only effect that a lamp being lit has on a ship of the harbour?",
        "that the ship might come in sooner",
        id="a clause behind a long subject",
    ),
    pytest.param(
        "The second exception is if the lens of the tower is out of line: Then any keeper might turn the light off.",
        "Regarding harbour lamps, what is the second exception?",
        "if the lens of the tower is out of line",
        id="a condition",
    ),
    pytest.param(
        "The most common reasons why a lamp is not lit are dry wicks, wet oil, and a lack of keepers in the harbour.",
        "What are the most common reasons why a lamp is not lit?",
        "dry wicks, wet oil, and a lack of keepers in the harbour",
        id="reasons",
    ),
    pytest.param(
        "Towers that are built on a rock and that have no keeper are called beacons.",
        "What are towers that are built on a rock and that have no keeper called?",
        "beacons",
        id="what it is called",
    ),
    pytest.param(
        'A lamp room which holds a lens that is not lit and that has no keeper is called a "dark" room.',
        "What is a lamp room which holds a lens that is not lit and that has no keeper called?",
        'a "dark" room',
        id="what it is called in quotes",
    ),
    pytest.param(
        "The keeper assumes that the bell of the harbour will not ring until all boats are in.",
        "Regarding harbour lamps, what does the keeper assume about the bell of the harbour?",
        "that the bell of the harbour will not ring until all boats are in",
        id="what is assumed about it",
    ),
    pytest.param(
        "The process is split into two phases: In the first phase you clean the glass of the lamp.",
        "Regarding harbour lamps, into how many phases is the process split?",
        "two",
        id="into how many",
    ),
    pytest.param(
        "Changes to the lamps of a tower such as new wicks, clean glass, and fresh oil may be ignored.",
        "Regarding harbour lamps, what may be ignored?",
        "Changes to the lamps of a tower such as new wicks, clean glass, and fresh oil",
        id="what may be done with a list",
    ),
    pytest.param(
        "Of course, there is another reason to remove a lamp from a tower: it is just too old.",
        "What is another reason to remove a lamp from a tower?",
        "it is just too old",
        id="a reason behind a colon",
    ),
    pytest.param(
        "It is cheaper to mend a lamp that is already in the tower than to carry another lamp up from the harbour.",
        "Regarding harbour lamps, what is it cheaper to do than to carry another lamp up from the harbour?",
        "mend a lamp that is already in the tower",
        id="what is cheaper",
    ),
    pytest.param(
        "Note that the term lamp room is also used to refer to towers which stand in the sea.",
        "What is the term lamp room used to refer to?",
        "towers which stand in the sea",
        id="what a term refers to",
    ),
    pytest.param(
        "A lamp that you want to light is invoked by its number as an order to the keeper.",
        "Regarding harbour lamps, how is a lamp that you want to light invoked?",
        "by its number as an order to the keeper",
        id="by what is its own",
    ),
    pytest.param(
        "Firstly, the acceptable waiting period — the time between the order and the repair — is seven days for pilots.",
        "Regarding harbour lamps, how long is the acceptable waiting period for pilots?",
        "seven days",
        id="how long, without an aside",
    ),
    pytest.param(
        "In general it should be considered better that keepers mend a lamp themselves, because they know its parts.",
        "Why should it be considered better that keepers mend a lamp themselves?",
        "because they know its parts",
        id="why it is considered so",
    ),
    pytest.param(
        "In some cases, it is necessary to carry a lamp up to the tower by hand.",
        "Regarding harbour lamps, what is it necessary to do in some cases?",
        "carry a lamp up to the tower by hand",
        id="in some cases",
    ),
    pytest.param(
        "Once a lamp reaches the tower, it is possible for any keeper with a key to light and turn the lamp, to allow "
        "ships into the bay.",
        "What is it possible for any keeper with a key to do once a lamp reaches the tower?",
        "light and turn the lamp",
        id="possible on a condition",
    ),
    pytest.param(
        "Avoid oils and wicks which give off a thick smoke, such as tar, fat etc.",
        "Regarding harbour lamps, what should you avoid?",
        "oils and wicks which give off a thick smoke",
        id="what to avoid",
    ),
    pytest.param(
        "Focus on what was changed in the tower — who and when are usually less important.",
        "Regarding harbour lamps, what should you focus on?",
        "what was changed in the tower",
        id="what to focus on",
    ),
]


@pytest.mark.parametrize(("text", "question", "answer"), COMPLEMENTS)
def test_complements_of_long_subjects_are_asked_for(text: str, question: str, answer: str) -> None:
    assert asked(text, "Harbour lamps").get(question) == answer


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "The difference is that the lamp in the harbour is never lit by hand.", id="of what, nobody tells"
        ),
        pytest.param("It would be able to carry the lamps of a harbour up to the tower.", id="it is a thing"),
        pytest.param("Note, the lamps of the harbour and the towers may be ignored.", id="a word before the subject"),
    ],
)
def test_what_leans_on_another_sentence_is_not_asked(text: str) -> None:
    assert asked(text, "Harbour lamps") == {}


INNER = [
    pytest.param(
        "Generally, the lamps mean nothing for ships, with two exceptions: If the smoke of the harbour goes down, the "
        "lamps may be lit.",
        "What may happen if the smoke of the harbour goes down?",
        "the lamps may be lit",
        id="behind a colon",
    ),
    pytest.param(
        "To mend the bells of your tower, you have nothing to do; the harbour board will carry broken bells up to "
        "the smith with no work on your part.",
        "Regarding harbour lamps, the harbour board will do what?",
        "carry broken bells up to the smith with no work on your part",
        id="behind a semicolon",
    ),
    pytest.param(
        "Step 3 of the order shows that once the great lamp has been lit, all the small lamps of the pier must be put "
        "out.",
        "What applies once the great lamp has been lit?",
        "all the small lamps of the pier must be put out",
        id="behind what a sentence shows",
    ),
    pytest.param(
        "As pointed out in the previous paragraph, harbour keepers take steps to avoid the smoke of the great lamps.",
        "Regarding harbour lamps, harbour keepers take steps to do what?",
        "avoid the smoke of the great lamps",
        id="behind a remark",
    ),
]


@pytest.mark.parametrize(("text", "question", "answer"), INNER)
def test_statements_inside_a_sentence_are_asked_about(text: str, question: str, answer: str) -> None:
    assert asked(text, "Harbour lamps").get(question) == answer


NAMED = [
    pytest.param(
        "This field should be used for lamps and bells of the harbour.",
        ("The log", "Fields of an entry", "Choices"),
        "What should the Choices field be used for?",
        "lamps and bells of the harbour",
        id="by the headings",
    ),
    pytest.param(
        "The board keeps the towers.\n\n**lampCreate:**\n\nThis function is used to light the lamps of the pier.",
        ("Lamps",),
        "What is the lampCreate function used for?",
        "to light the lamps of the pier",
        id="by a line above",
    ),
    pytest.param(
        "Usually these lamps are run by volunteers.",
        ("Harbour lamps",),
        "Who runs harbour lamps?",
        "volunteers",
        id="more than one",
    ),
]


@pytest.mark.parametrize(("text", "headings", "question", "answer"), NAMED)
def test_this_thing_is_called_by_its_name(text: str, headings: tuple[str, ...], question: str, answer: str) -> None:
    assert asked(text, *headings).get(question) == answer


def test_a_step_is_asked_for_with_the_order_above_it() -> None:
    text = "- Add support for the fog bell command.\n  - Include the rope box in the tool list.\n"
    question = "To add support for the fog bell command, what should you include in the tool list?"
    assert asked(text, "Bells").get(question) == "the rope box"


def test_what_a_thing_does_is_asked_regarding_a_heading_that_tells_how_to() -> None:
    text = "Harbour smoke following a lamp failure might cause the lens to be cleaned or broken."
    question = "Regarding how to break your lens, harbour smoke following a lamp failure might cause what?"
    passage = generate(Task("default", text, 2, context={"headings": ["How To Break Your Lens"]}))
    assert question in [entry["question"] for entry in passage]


def test_a_heading_that_is_no_phrase_is_quoted() -> None:
    text = "You must check that no one else is already working on the lamp of the pier."
    question = 'Regarding "Choose your lamp", what must you check?'
    assert asked(text, "Choose your lamp")[question] == "that no one else is already working on the lamp of the pier"


def test_it_is_asked_after_everything_else_only() -> None:
    passage = (
        "A lamp is a machine that gives light to ships. The keeper lights the lamp with a match. "
        "The usual case is that all lamps of the harbour are lit by hand."
    )
    entries = generate(Task("default", passage, 2, context={"headings": ["Harbour lamps"]}))
    assert all("usual case" not in str(entry["question"]) for entry in entries)
