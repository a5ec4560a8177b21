"""Questions of the second rank: asked where a passage gives fewer than two of the first."""

import pytest

from chunksmith.domain.calls import Task
from chunksmith.providers.builtin.blanks.cloze import in_context
from chunksmith.providers.builtin.generator import Item, generate
from chunksmith.providers.builtin.grammar.passage import sentences
from chunksmith.providers.builtin.languages import fill_in
from chunksmith.providers.builtin.questions import further, last_resort, readings_of


def asked(text: str, *headings: str) -> dict[str, str]:
    return {item.question: item.answer for item in further(readings_of(sentences(text, headings)))}


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
        "But it would still be foolish to suppose that the lamp of a tower never fails.",
        "Tower lamps",
        "Regarding tower lamps, what would it be foolish to do?",
        "suppose that the lamp of a tower never fails",
        id="a judgement behind a modal",
    ),
    pytest.param(
        "It is also safe for the keeper to remove a lamp that has gone out in the night.",
        "Tower lamps",
        "Regarding tower lamps, what is it safe for the keeper to do?",
        "remove a lamp that has gone out in the night",
        id="a judgement on what somebody does",
    ),
    pytest.param(
        "However, it is very common for the mast of a harbour to be a simple pole of wood.",
        "",
        "What is it very common for the mast of a harbour to be?",
        "a simple pole of wood",
        id="a judgement on what something is",
    ),
    pytest.param(
        "It's not really difficult to allow a pilot to change the colour of a lamp, but it is slow to mix the oil.",
        "Tower lamps",
        "Regarding tower lamps, what is it not really difficult to do?",
        "allow a pilot to change the colour of a lamp",
        id="the first of two judgements",
    ),
    pytest.param(
        "It is not OK to simply take over a tower without assent of the keeper — that would be theft.",
        "Keeping towers",
        "When keeping towers, what is it not OK to do?",
        "simply take over a tower without assent of the keeper",
        id="a judgement on what is done simply",
    ),
    pytest.param(
        "It makes good sense to include oil in the list of goods and to count the casks.",
        "Filling a lamp",
        "When filling a lamp, what does it make good sense to do?",
        "include oil in the list of goods and to count the casks",
        id="what makes sense",
    ),
    pytest.param(
        "Send a letter to the keeper of the tower and state the day of your arrival.",
        "Visiting towers",
        "When visiting towers, what should you send?",
        "a letter to the keeper of the tower",
        id="the first of two orders",
    ),
    pytest.param(
        "Carefully choose the wires that join the masts of the harbour.",
        "Joining masts",
        "When joining masts, what should you choose?",
        "the wires that join the masts of the harbour",
        id="an order behind an adverb",
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


WHETHER = [
    pytest.param(
        "Repairing the main lamp is not required, as long as the keeper is willing to row to the island.",
        "Is repairing the main lamp required?",
        "Repairing the main lamp is not required, as long as the keeper is willing to row to the island",
        id="denied, on a condition",
    ),
    pytest.param(
        "Pilots of foreign ships may enter the harbour if the harbour master has been told.",
        "May pilots of foreign ships enter the harbour?",
        "Pilots of foreign ships may enter the harbour if the harbour master has been told",
        id="allowed on a condition",
    ),
    pytest.param(
        "The log of a northern tower is generally not an opaque book.",
        "Is the log of a northern tower generally an opaque book?",
        "The log of a northern tower is generally not an opaque book",
        id="denied of what something is",
    ),
]


@pytest.mark.parametrize(("text", "question", "answer"), WHETHER)
def test_what_is_denied_or_allowed_is_asked_whether(text: str, question: str, answer: str) -> None:
    assert asked(text).get(question) == answer


BEHIND_CONTEXT = [
    pytest.param(
        "Old towers were lit by coal fires. They burned a ton of coal in a winter night.",
        "Old towers were lit by coal fires. What did they burn?",
        "a ton of coal in a winter night",
        id="a pronoun",
    ),
    pytest.param(
        "Each lamp has a clockwork of brass. In winter, this clockwork must be wound before midnight. "
        "It stops when the oil is cold.",
        "Each lamp has a clockwork of brass. In winter, this clockwork must be wound before midnight. "
        "When does it stop?",
        "when the oil is cold",
        id="two sentences back",
    ),
    pytest.param(
        "Some keepers paint the rocks white. This allows pilots to find the channel at dusk.",
        "Some keepers paint the rocks white. What does this allow pilots to do?",
        "find the channel at dusk",
        id="a bare demonstrative",
    ),
]


@pytest.mark.parametrize(("text", "question", "answer"), BEHIND_CONTEXT)
def test_what_takes_up_other_sentences_is_asked_behind_them(text: str, question: str, answer: str) -> None:
    assert asked(text).get(question) == answer


def test_a_context_that_leans_on_its_heading_stands_behind_it() -> None:
    found = asked("The first byte is a flag of the lamp. This is set to one by the keeper.", "Lamp control format")
    assert all(question.startswith("Regarding ") for question in found)


@pytest.mark.parametrize(
    "text",
    [
        "This lamp is red. It burns the oil of whales.",
        "Add a spoon of salt to the dough. Add a cup of water to the dough.",
        "The lamp is shown in figure 3. It burns the oil of whales.",
    ],
    ids=["leans itself", "holds the answer", "points at the page"],
)
def test_a_context_that_does_not_explain_is_not_printed(text: str) -> None:
    assert [question for question in asked(text) if question.startswith(text.partition(".")[0])] == []


IN_PLACE = [
    pytest.param(
        "There are several tools to help keepers of old towers.",
        "There are several tools to do what?",
        "help keepers of old towers",
        id="an infinitive",
    ),
    pytest.param(
        "Put the name of the keeper on the door of the tower.",
        "You should put the name of the keeper on what?",
        "the door of the tower",
        id="an order",
    ),
    pytest.param(
        "Waiting for the pilot after dusk is useless because the channel is closed at night.",
        "Waiting for the pilot after dusk is useless. Why is that?",
        "because the channel is closed at night",
        id="a reason",
    ),
    pytest.param(
        "In towers with many lamps, keepers save the oil by cleaning the lenses in the morning.",
        "In towers with many lamps, keepers save the oil by doing what?",
        "cleaning the lenses in the morning",
        id="a gerund",
    ),
]


@pytest.mark.parametrize(("text", "question", "answer"), IN_PLACE)
def test_last_resort_asks_for_the_end_of_a_sentence(text: str, question: str, answer: str) -> None:
    found = {item.question: item.answer for item in last_resort(readings_of(sentences(text)))}
    assert found.get(question) == answer


@pytest.mark.parametrize(
    "text",
    [
        "The lamp is red.",
        "See the notes on the repair of lamps in the manual of Hull.",
        "The harbour master may not close the harbour unless the pilots have been warned.",
        "Keepers use the oil of old lamps to clean the brass.",
        "The shape of the lens is used for pilots, who know the light, and for the keepers of Hull.",
    ],
    ids=["too little", "sends elsewhere", "true on a condition", "two readings", "a list"],
)
def test_last_resort_does_not_ask_what_would_be_wrong(text: str) -> None:
    asked_of = [item.question for item in last_resort(readings_of(sentences(text)))]
    assert [
        question for question in asked_of if question.endswith(("what?", "whom?")) and "do what" not in question
    ] == []


def test_a_passage_with_two_questions_is_not_asked_plainer_ones() -> None:
    rich = "A lens is a piece of glass that bends light. The keeper lights the lamp because ships need a sign at night."
    poor = "Changes made in one harbour are invisible to the pilots of the northern coast."
    questions = [str(item["question"]) for item in items(f"{rich} {poor}")]
    assert len(questions) >= 2
    assert not any("worth knowing" in question for question in questions)


def test_a_leaning_sentence_is_filled_in_behind_the_one_before() -> None:
    text = "The keeper repairs the clockwork in winter. This is important for towers with a rotating lens system."
    gaps = {item.question: item.answer for item in in_context(sentences(text))}
    assert any(question.startswith('Which word completes this statement: "The keeper repairs') for question in gaps)
    assert all("_____" in question and answer in text for question, answer in gaps.items())


def test_a_sentence_is_filled_in_under_its_heading() -> None:
    found = in_context(sentences("The wire from the tower must be joined to a copper conductor.", ("Tower wiring",)))
    assert [(item.question, item.answer) for item in found] == [
        (
            "Regarding tower wiring, which word completes this statement: "
            '"The wire from the tower must be joined to a copper _____"?',
            "conductor",
        )
    ]


@pytest.mark.parametrize(
    ("language", "answer", "question"),
    [
        ("en", "lamp", 'Which word completes this statement: "The keeper lights the _____"?'),
        ("en", "red lamp", 'Which words complete this statement: "The keeper lights the _____"?'),
        ("en", "1,200", 'Which number completes this statement: "The keeper lights the _____"?'),
        ("de", "Lampe", "Ergänzen Sie die Lücke: „The keeper lights the _____.“"),
    ],
    ids=["one word", "several words", "a number", "another language"],
)
def test_a_gap_is_asked_for_in_a_question(language: str, answer: str, question: str) -> None:
    assert fill_in(language, "The keeper lights the _____.", answer) == question


def test_an_abbreviation_at_the_end_keeps_its_full_stop() -> None:
    assert fill_in("en", "The keeper lights the _____, the lamp, etc.", "stove").endswith(', etc."?')
