"""The plainest questions: on any statement whose subject is certain, on orders, on what there is."""

import pytest

from chunksmith.domain.calls import Task
from chunksmith.providers.builtin.generator import generate
from chunksmith.providers.builtin.grammar.passage import sentences
from chunksmith.providers.builtin.questions import candidates, predicated, readings_of


def asked(text: str, *headings: str) -> dict[str, str]:
    return {item.question: item.answer for item in predicated(readings_of(sentences(text, headings)))}


ALONE = [
    pytest.param(
        "An old keeper of the harbour will work together with you on your lamp.",
        "What will an old keeper of the harbour do?",
        "work together with you on your lamp",
        id="what it will do",
    ),
    pytest.param(
        "The keeper program version 3.22 and later will trim or light a lamp.",
        "What will the keeper program version 3.22 and later do?",
        "trim or light a lamp",
        id="an adverb that belongs to the subject",
    ),
    pytest.param(
        "The likelihood of a keeper sleeping in the tower is small.",
        "What is true of the likelihood of a keeper sleeping in the tower?",
        "The likelihood of a keeper sleeping in the tower is small",
        id="a quality",
    ),
    pytest.param(
        "Most harbour pilots of the coast are not native sailors.",
        "What is true of most harbour pilots of the coast?",
        "Most harbour pilots of the coast are not native sailors",
        id="what most are not",
    ),
    pytest.param(
        "The main lamp of the tower has become a beacon.",
        "What is true of the main lamp of the tower?",
        "The main lamp of the tower has become a beacon",
        id="the perfect",
    ),
    pytest.param(
        "Signals of the harbour pilots can be sent, repeated and recalled.",
        "What can be done with signals of the harbour pilots?",
        "Signals of the harbour pilots can be sent, repeated and recalled",
        id="what can be done",
    ),
    pytest.param(
        "Gas lamps are cheap, but the price gain over using just a single oil lamp is slight.",
        "What is true of the price gain over using just a single oil lamp?",
        "the price gain over using just a single oil lamp is slight",
        id="a second statement",
    ),
    pytest.param(
        "Any use of a false signal lamp can easily lead to shipwreck, therefore.",
        "What can any use of a false signal lamp do?",
        "lead to shipwreck",
        id="a linking word at the end",
    ),
    pytest.param(
        "Anyone reading your log can check the numbers with a table and if they don't match, the log is wrong.",
        "What can anyone reading your log do?",
        "check the numbers with a table",
        id="anyone",
    ),
    pytest.param(
        "The announcements give keepers and other sailors a better feel of what is going on.",
        "What gives keepers and other sailors a better feel of what is going on?",
        "The announcements",
        id="the subject answers",
    ),
    pytest.param(
        "Translators are often the closest readers of a long text on the coast.",
        "Who are often the closest readers of a long text on the coast?",
        "Translators",
        id="persons answer",
    ),
    pytest.param(
        "From time to time the tower guild organizes watch parties to get rid of as many moths as possible.",
        "What organizes watch parties to get rid of as many moths as possible?",
        "the tower guild",
        id="from time to time",
    ),
    pytest.param(
        "You can provide a red lamp to the keeper of the mast to warn ships while the wind is strong.",
        "What can you provide to the keeper of the mast to warn ships?",
        "a red lamp",
        id="what to give to whom",
    ),
    pytest.param(
        "Slowly lowering the mast brings the wires of the harbour back to the north tower.",
        "What brings the wires of the harbour back to the north tower?",
        "Slowly lowering the mast",
        id="an adverb and a gerund",
    ),
    pytest.param(
        "Therefore, no keeper should rely on a single lamp in the tower.",
        "Should any keeper rely on a single lamp in the tower?",
        "no keeper should rely on a single lamp in the tower",
        id="nobody",
    ),
    pytest.param(
        "There is nothing that a keeper can do to dry the oil.",
        "Is there anything that a keeper can do to dry the oil?",
        "There is nothing that a keeper can do to dry the oil",
        id="nothing",
    ),
    pytest.param(
        "There is a simple book in which the names of all pilots are recorded.",
        "In what are the names of all pilots recorded?",
        "a simple book",
        id="in which",
    ),
    pytest.param(
        "GREEN LAMP: The lamp signals of a tower are read using a long glass.",
        "What is true of the lamp signals of a tower?",
        "The lamp signals of a tower are read using a long glass",
        id="behind a label",
    ),
    pytest.param(
        "Pilots trained with one copy of the book are unaware of pilots trained with the other copy.",
        "What is true of pilots trained with one copy of the book?",
        "Pilots trained with one copy of the book are unaware of pilots trained with the other copy",
        id="one and the other",
    ),
]


@pytest.mark.parametrize(("text", "question", "answer"), ALONE)
def test_a_statement_that_stands_alone_is_asked_for_its_predicate(text: str, question: str, answer: str) -> None:
    assert asked(text).get(question) == answer


BELOW = [
    pytest.param(
        "Each log names the pilots that have seen at least one signal of the tower.",
        "Harbour logs",
        "Regarding harbour logs, what does each log name?",
        "the pilots that have seen at least one signal of the tower",
        id="each",
    ),
    pytest.param(
        "A pilot sees all lights that are lit on the same coast, whatever those lights are called.",
        "Harbour logs",
        "Regarding harbour logs, what does a pilot see?",
        "all lights that are lit on the same coast, whatever those lights are called",
        id="any one",
    ),
    pytest.param(
        "Most lamps should use pure and light oil.",
        "Harbour lamps",
        "Regarding harbour lamps, what should most lamps use?",
        "pure and light oil",
        id="most",
    ),
    pytest.param(
        "You must keep an eye on the oil.",
        "Harbour lamps",
        "Regarding harbour lamps, what must you keep an eye on?",
        "the oil",
        id="a fixed phrase",
    ),
    pytest.param(
        "You can set up regular watches that happen daily or weekly.",
        "Harbour lamps",
        "Regarding harbour lamps, what can you set up?",
        "regular watches that happen daily or weekly",
        id="a particle",
    ),
    pytest.param(
        "You must be careful of sparks from the wick and of the wind.",
        "Harbour lamps",
        "Regarding harbour lamps, what must you be careful of?",
        "sparks from the wick and of the wind",
        id="an adjective with its preposition",
    ),
    pytest.param(
        "You can also give some special orders on what to do if the lamp goes out.",
        "Cleaning harbour lamps",
        "When cleaning harbour lamps, what can you do?",
        "give some special orders on what to do if the lamp goes out",
        id="what the reader can do on the occasion",
    ),
    pytest.param(
        "There is a new drawer under the desk of the keeper, called the well.",
        "Harbour desks",
        "Regarding harbour desks, what is there under the desk of the keeper?",
        "a new drawer",
        id="what there is",
    ),
    pytest.param(
        "Pilots can exist in separate towers, so their logs differ.",
        "Harbour pilots",
        "Regarding harbour pilots, what is true of pilots?",
        "Pilots can exist in separate towers",
        id="a plain noun",
    ),
]


@pytest.mark.parametrize(("text", "heading", "question", "answer"), BELOW)
def test_what_leans_is_asked_below_its_heading(text: str, heading: str, question: str, answer: str) -> None:
    assert asked(text).get(question) is None
    assert asked(text, heading).get(question) == answer


@pytest.mark.parametrize(
    "text",
    [
        "The blue line of the chart represents that the tower is dark.",
        "A keeper would be writing a letter when the lamp went out.",
        "Having said that, the keeper of the tower must be awake.",
        "Gaslight shines in the towers of the coast.",
        "There is no way to light the lamp, with two exceptions.",
        "There is nothing that the keeper can do to mend the situation.",
        "All fog reports that have a red seal make the tower loud.",
        "Pilots see the same coast as they see the towers of the north.",
    ],
    ids=[
        "a figure",
        "some keeper",
        "having said that",
        "a bare name",
        "an exception",
        "which situation",
        "a verb that is a noun",
        "points back",
    ],
)
def test_what_is_not_certain_or_leans_is_not_asked(text: str) -> None:
    assert asked(text) == {}


def test_a_subject_that_the_sentences_before_explain_is_asked_about_behind_them() -> None:
    text = (
        "The tower of the old harbour burns coal in lamps which are not yet allowed on the coast. "
        "These lamps are planned to be painted at some future date."
    )
    question = (
        "The tower of the old harbour burns coal in lamps which are not yet allowed on the coast. "
        "What is true of these lamps?"
    )
    assert asked(text)[question] == "These lamps are planned to be painted at some future date"


def test_what_has_a_version_keeps_the_capital_letter_of_its_name() -> None:
    text = "Fossil version 2.5 and later offers flags and lamps as signals of the harbour."
    found = {item.question for item in candidates(readings_of(sentences(text, ())))}
    assert "What does Fossil version 2.5 and later offer?" in found


def test_a_name_that_answers_one_question_may_stand_in_the_answer_to_another() -> None:
    text = (
        "Fresnel assumes that the glass of a lamp is clear and dry at night. "
        "Fresnel assumes that the oil of a lamp is never cold in winter. "
        "However, there is nothing that Fresnel can do against the fog of the coast."
    )
    found = {str(item["question"]) for item in generate(Task("default", text, 3)) if item["kind"] != "cloze"}
    assert found == {
        "What assumes that the glass of a lamp is clear and dry at night?",
        "Is there anything that Fresnel can do against the fog of the coast?",
    }


@pytest.mark.parametrize(
    "text",
    [
        "Let’s build a tower called the Lantern that guards a coast with one lamp.",
        "The key is the order in which the lamps of the tower are lit.",
        "The first difference is the time that the lamps of a tower burn.",
        "The lamp would be brighter and would make fewer shadows if it had to.",
        "Two major harbours are used for oil.",
        "The method of the tower protects not only the saved lamps.",
        "The default is a minimum wick of one inch and the largest lamp on the coast.",
    ],
    ids=["let us", "a bare noun", "an ordinal", "supposed", "a number", "not only", "identified"],
)
def test_what_only_its_page_tells_is_not_asked_below_a_heading(text: str) -> None:
    assert asked(text, "Harbour lamps") == {}


def test_an_answer_may_take_up_what_the_sentences_before_it_name() -> None:
    text = (
        "When a keeper writes to the book of tides, the harbour counts the pages that the keeper has filled. "
        "New pilots should avoid touching this book."
    )
    question = (
        "When a keeper writes to the book of tides, the harbour counts the pages that the keeper has filled. "
        "What should new pilots do?"
    )
    assert asked(text)[question] == "avoid touching this book"
