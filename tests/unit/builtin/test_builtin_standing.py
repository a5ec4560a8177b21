"""Questions on sentences that stand alone, and what such sentences may keep in a question."""

import pytest

from chunksmith.domain.calls import Task
from chunksmith.providers.builtin.generator import generate
from chunksmith.providers.builtin.grammar.clauses import parse
from chunksmith.providers.builtin.grammar.passage import sentences
from chunksmith.providers.builtin.grammar.words import tokens
from chunksmith.providers.builtin.pointing import is_whole, stands_alone, without_told
from chunksmith.providers.builtin.questions import candidates, further, last_resort, readings_of, standing


def asked(text: str, *headings: str) -> dict[str, str]:
    return {item.question: item.answer for item in standing(readings_of(sentences(text, headings)))}


STANDING = [
    pytest.param(
        "If an index of tides is kept on the tower, that index can be used by the pilots.",
        "What applies if an index of tides is kept on the tower?",
        "that index can be used by the pilots",
        id="what the opening has named",
    ),
    pytest.param(
        "As long as the oil of the great lamp is warm, no damage to the lens will occur.",
        "What applies as long as the oil of the great lamp is warm?",
        "no damage to the lens will occur",
        id="a condition of two words",
    ),
    pytest.param(
        "When the keeper of a tower lights a lamp, it is essential that the shutters are open.",
        "What applies when the keeper of a tower lights a lamp?",
        "it is essential that the shutters are open",
        id="an expletive",
    ),
    pytest.param(
        "To keep the great lamp from going out, the oil must be warmed.",
        "What must be done to keep the great lamp from going out?",
        "the oil must be warmed",
        id="a purpose",
    ),
    pytest.param(
        "Old towers that have no keeper are ordinary beacons.",
        "What is true of old towers that have no keeper?",
        "Old towers that have no keeper are ordinary beacons",
        id="few statements fit the subject",
    ),
    pytest.param(
        "The lamp you want to repair in winter must be cold already.",
        "What is required of the lamp you want to repair in winter?",
        "The lamp you want to repair in winter must be cold already",
        id="a clause that no word introduces",
    ),
    pytest.param(
        "Harbour signals may exist as flags on a mast or lights in a tower.",
        "What may harbour signals exist as?",
        "flags on a mast or lights in a tower",
        id="a preposition behind the verb",
    ),
    pytest.param(
        "Lights shown from one tower are invisible to all other towers of the coast.",
        "What are lights shown from one tower invisible to?",
        "all other towers of the coast",
        id="a preposition behind an adjective",
    ),
    pytest.param(
        "The amount of oil that a lamp can burn depends on how often the keeper trims the wick.",
        "What does the amount of oil that a lamp can burn depend on?",
        "how often the keeper trims the wick",
        id="an indirect question",
    ),
    pytest.param(
        "Add the name of the new keeper to the book of the harbour.",
        "What should you add to the book of the harbour?",
        "the name of the new keeper",
        id="an errand",
    ),
    pytest.param(
        "If you want to read the log of the harbour, ask at the northern tower.",
        "What should you do if you want to read the log of the harbour?",
        "ask at the northern tower",
        id="an order behind the reader's condition",
    ),
    pytest.param(
        "If you are sure that the lamp is cold, please feel free to touch the lens.",
        "What may you do if you are sure that the lamp is cold?",
        "touch the lens",
        id="a permission",
    ),
    pytest.param(
        "If no spare lamp is kept in the tower, the pilots will wait for daylight.",
        "What applies if no spare lamp is kept in the tower?",
        "the pilots will wait for daylight",
        id="what is not there",
    ),
    pytest.param(
        "Keepers of old towers are often the main pilots of the coast.",
        "What are keepers of old towers often?",
        "the main pilots of the coast",
        id="what they are often",
    ),
    pytest.param(
        "Column 1 of each line should be empty.",
        "What should column 1 of each line be?",
        "empty",
        id="a state",
    ),
    pytest.param(
        "Notes on the weather that are written in red are silently ignored.",
        "What happens to notes on the weather that are written in red?",
        "Notes on the weather that are written in red are silently ignored",
        id="a fate",
    ),
    pytest.param(
        "Any false lights seen as part of a storm watch are ignored.",
        "What happens to any false lights seen as part of a storm watch?",
        "Any false lights seen as part of a storm watch are ignored",
        id="a fate in two words",
    ),
    pytest.param(
        "Repairs of the tower can only be done for the red, the green and the white lamps.",
        "What can repairs of the tower be done for?",
        "the red, the green and the white lamps",
        id="a list",
    ),
    pytest.param(
        "Pilots doing a night watch should make sure that the lamp is lit.",
        "What should pilots doing a night watch do?",
        "make sure that the lamp is lit",
        id="a duty",
    ),
]


@pytest.mark.parametrize(("text", "question", "answer"), STANDING)
def test_a_sentence_that_stands_alone_is_asked_for_its_statement(text: str, question: str, answer: str) -> None:
    assert asked(text).get(question) == answer


def test_a_subject_of_two_words_is_asked_about_behind_its_heading() -> None:
    text = "Tower signals only work if the masts of the harbour are joined by a wire."
    assert asked(text) == {}
    assert asked(text, "Harbour masts") == {"Regarding harbour masts, what is true of tower signals?": text[:-1]}


@pytest.mark.parametrize(
    "text",
    [
        "If the lamp is out, it will be lit.",
        "When the keeper of a tower lights a lamp, they will see the great tower.",
        "This lamp that has no keeper is an ordinary beacon.",
        "Some towers that have no keeper are ordinary beacons.",
        "Towers that have no keeper are described in the book of the harbour.",
        "The rest of the work in the tower is the same.",
        "Disk drives are cheap.",
        "Students can easily light as many lamps as they like and can read in the tower.",
    ],
    ids=["too little", "another number", "leans", "some of them", "elsewhere", "thin", "vague", "as many"],
)
def test_what_leans_or_is_thin_is_not_asked(text: str) -> None:
    assert asked(text) == {}


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("Crash tests in a tower use a special lamp.", "Crash tests in a tower"),
        ("Empty lamps are filled with oil.", "Empty lamps"),
        ("Signal masts usually contain two wires.", "Signal masts"),
        ("Keepers doing a night watch generally follow the book.", "Keepers doing a night watch"),
        ("The bug you want to fix must be old.", "The bug you want to fix"),
        ("The keeper then checks to see whether it rains.", "The keeper"),
        ("STOP blocks foreign ships.", "STOP"),
        ("Lantern version 2 and later offers a second wick.", "Lantern version 2 and later"),
        ("Slowly turning the lamp saves the oil.", "Slowly turning the lamp"),
    ],
    ids=[
        "a noun that may be a verb",
        "a quality",
        "an adverb",
        "a gerund",
        "a contact clause",
        "behind an adverb",
        "a name",
        "a version",
        "an adverb and a gerund",
    ],
)
def test_subjects_are_found_where_a_word_may_be_a_noun_or_a_verb(text: str, subject: str) -> None:
    parts = tokens(text)
    clause = parse(parts, 0, len(parts) - 1)
    assert clause is not None
    assert text[: parts[clause.subject_end - 1].end] == subject


@pytest.mark.parametrize(
    "text",
    [
        "Update lamp lists that are old.",
        "Check keepers for signs of sleep.",
        "All lamps used as the emergency package to the north tower should be red.",
    ],
    ids=["an order", "an order with a place", "a noun behind its article"],
)
def test_an_order_is_no_subject(text: str) -> None:
    parts = tokens(text)
    clause = parse(parts, 0, len(parts) - 1)
    assert clause is None or parts[clause.verb].lower == "should"


@pytest.mark.parametrize(
    ("question", "whole"),
    [
        ("What happens if a lamp with the same number is already lit?", True),
        ("What happens if one keeper is asleep and another keeper is drunk?", True),
        ("What can the loss of oil following a storm damage?", True),
        ("What does the same reason apply to?", False),
        ("What does the lamp still show?", False),
        ("What should the lamp do instead of going out?", True),
    ],
    ids=["the same", "another", "following", "the same reason", "still", "instead of"],
)
def test_what_a_whole_sentence_explains_itself_may_stay_in_its_question(question: str, whole: bool) -> None:
    assert stands_alone(question, whole=True) is whole


def test_a_demonstrative_needs_its_noun() -> None:
    assert not is_whole("The keeper of the great tower keeps packaging this oil.")
    assert not stands_alone("What shows that no keeper is working on cleaning that lens, and that it is clean?")
    assert without_told("the best kind of data stored in that column", "What is the affinity of a column") == (
        "the best kind of data stored in column"
    )


def test_a_question_in_place_may_stand_behind_an_opening() -> None:
    text = "As a novice keeper, you should avoid any late cleaning of the great lenses."
    found = {item.question: item.answer for item in last_resort(readings_of(sentences(text)))}
    assert found["As a novice keeper, you should avoid what?"] == "any late cleaning of the great lenses"


def test_a_reason_behind_a_comma_is_asked_for() -> None:
    text = "Keepers of old towers have a difficult task, since they are required to trim many lamps."
    found = {item.question: item.answer for item in further(readings_of(sentences(text)))}
    question = "Why is it that keepers of old towers have a difficult task?"
    assert found[question] == "since they are required to trim many lamps"


def test_openings_of_two_words_set_a_scene_or_give_a_reason() -> None:
    text = (
        "Instead of a second lamp, the keeper uses a mirror of silver. "
        "Due to their great height, northern towers must be built of granite."
    )
    found = {item.question: item.answer for item in candidates(readings_of(sentences(text)))}
    assert found["Instead of a second lamp, what does the keeper use?"] == "a mirror of silver"
    assert found["Why must northern towers be built of granite?"] == "Due to their great height"


def test_the_title_of_a_list_item_is_no_part_of_its_sentence() -> None:
    text = "- Stand-in for a great lamp during repairs\n  Small lamps typically use the oil of whales.\n"
    found = sentences(text)
    assert [one.text for one in found] == ["Small lamps typically use the oil of whales."]


def test_standing_questions_fill_up_to_two() -> None:
    text = (
        "Old towers that have no keeper are ordinary beacons. "
        "Lights shown from one tower are invisible to all other towers of the coast."
    )
    items = generate(Task("default", text, 3))
    assert len([item for item in items if item["kind"] != "cloze"]) == 2


@pytest.mark.parametrize(
    ("text", "base", "feature"),
    [
        ("The pilots pursued the smuggler.", "pursue", "d"),
        ("The keeper withheld the log.", "withhold", "d"),
        ("The storm deterred the pilots.", "deter", "d"),
        ("The harbour forgoes the toll.", "forgo", "s"),
    ],
)
def test_verbs_that_are_nothing_else_are_known_in_all_their_forms(text: str, base: str, feature: str) -> None:
    parts = tokens(text)
    clause = parse(parts, 0, len(parts) - 1)
    assert clause is not None
    assert (clause.base, clause.feature) == (base, feature)


def test_what_is_done_is_a_passive() -> None:
    found = {
        item.question: item.answer
        for item in candidates(
            readings_of(sentences("Cleaning of the great lenses is usually done with a soft cloth."))
        )
    }
    assert found["What is cleaning of the great lenses usually done with?"] == "a soft cloth"


def test_an_inner_verb_is_not_taken_for_the_finite_one() -> None:
    parts = tokens("The RED lamp that the keeper obtained in order to write to the log initially must be held open.")
    clause = parse(parts, 0, len(parts) - 1)
    assert clause is None or parts[clause.verb].lower == "must"


def test_only_on_a_condition_asks_for_the_condition() -> None:
    found = {
        item.question: item.answer
        for item in candidates(readings_of(sentences("Only use the great lamp if you see a ship on the rocks.")))
    }
    assert found["Under what condition should you use the great lamp?"] == "if you see a ship on the rocks"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("that when pilots find faults, those faults are mended", "that when pilots find faults, faults are mended"),
        ("oils that smell, and the lamps burn these oils", "oils that smell, and the lamps burn these oils"),
        ("the proof that these lamps are clean", "the proof that these lamps are clean"),
    ],
    ids=["named in the answer", "a second statement", "named nowhere"],
)
def test_an_answer_may_take_up_what_it_has_named(answer: str, told: str) -> None:
    assert without_told(answer, "What does the log of the harbour show") == told


def test_an_order_to_be_is_no_subject() -> None:
    parts = tokens("Be kind to the keepers of the tower, and do not use up all of the oil.")
    assert parse(parts, 0, len(parts) - 1) is None


def test_an_opening_may_end_without_a_comma() -> None:
    text = "Before leaving the great tower it is requested that you fill the oil lamps of the keeper."
    found = {item.question: item.answer for item in candidates(readings_of(sentences(text)))}
    assert found["What is requested before leaving the great tower?"] == "that you fill the oil lamps of the keeper"


def test_a_default_value_may_be_one_word() -> None:
    text = "The default value of the lamp flag is off."
    found = {item.question: item.answer for item in candidates(readings_of(sentences(text)))}
    assert found["What is the default value of the lamp flag?"] == "off"


def test_the_entry_of_a_reference_names_what_this_is() -> None:
    text = (
        "COMMAND lamp_signal; COMMAND lamp_signal = number;\n\nThis command sets the number of signals in a minute.\n\n"
        "COMMAND oil\n\nThis command returns the amount of oil in the tower.\n"
    )
    assert [one.heading for one in sentences(text)] == ["the lamp_signal command", "the oil command"]
    found = {item.question: item.answer for item in candidates(readings_of(sentences(text)))}
    assert found["What does the oil command return?"] == "the amount of oil in the tower"


@pytest.mark.parametrize("line", ["COMMAND oil=FULL;", "COMMAND oil is poured into the lamp.", "KEEPER oil;"])
def test_other_lines_are_no_entries(line: str) -> None:
    found = sentences(f"{line}\n\nThis command returns the amount of oil in the tower.\n")
    assert found[-1].heading == ""
