"""Questions on what sentences begin with: the adjunct is taken over, and what stands behind it answers."""

import pytest

from chunksmith.domain.calls import Task
from chunksmith.providers.builtin.generator import generate
from chunksmith.providers.builtin.grammar.passage import sentences
from chunksmith.providers.builtin.pointing import is_whole, points_away, stands_alone
from chunksmith.providers.builtin.questions import candidates, opened, readings_of


def asked(text: str, *headings: str) -> dict[str, str]:
    return {item.question: item.answer for item in opened(readings_of(sentences(text, headings)))}


ALONE = [
    pytest.param(
        "If a chart is drawn by a keeper of 1890 or earlier and then drawn again by pilots in such a way as to make "
        "the coast look shorter, then the next time that a pilot reads the chart, it might show that the bay is dry.",
        "What applies if a chart is drawn by a keeper of 1890 or earlier and then drawn again by pilots in such a "
        "way as to make the coast look shorter?",
        "the next time that a pilot reads the chart, it might show that the bay is dry",
        id="a condition of any length",
    ),
    pytest.param(
        "If, for any reason, you cannot mend a lens of the great lamp within two weeks, you should report it to the "
        "board.",
        "What should you do if, for any reason, you cannot mend a lens of the great lamp within two weeks?",
        "report it to the board",
        id="a condition with commas of its own",
    ),
    pytest.param(
        "If you want to remove a lamp you keep, you should note this in the book of the tower.",
        "What should you do if you want to remove a lamp you keep?",
        "note this in the book of the tower",
        id="what is noted is the wish",
    ),
    pytest.param(
        "As there might be disagreement on the colour of harbour lights, the signal book exists to give the keepers a "
        "rule.",
        "What follows from the fact that there might be disagreement on the colour of harbour lights?",
        "the signal book exists to give the keepers a rule",
        id="a ground",
    ),
    pytest.param(
        "While there is a vast number of lamps already in the harbours, sometimes you need to build a new tower.",
        "What is true although there is a vast number of lamps already in the harbours?",
        "sometimes you need to build a new tower",
        id="a contrast",
    ),
    pytest.param(
        "As long as the oil is warmed before the great lamp is lit it does not matter in what order the wicks are cut.",
        "What applies as long as the oil is warmed before the great lamp is lit?",
        "it does not matter in what order the wicks are cut",
        id="no comma stands before the statement",
    ),
    pytest.param(
        "When calling at harbours of the north, you’ll need to tell the pilot which chart you have.",
        "What applies when calling at harbours of the north?",
        "you’ll need to tell the pilot which chart you have",
        id="a pronoun and a short verb",
    ),
    pytest.param(
        "Because lamps of the coast burn oil, you can see their light from a great distance.",
        "What follows from the fact that lamps of the coast burn oil?",
        "you can see their light from a great distance",
        id="a ground of what the reader can do",
    ),
    pytest.param(
        "Longer answer: If you declare a tower of the coast to be public, then whenever you lock it, a sign is put up.",
        "What applies if you declare a tower of the coast to be public?",
        "whenever you lock it, a sign is put up",
        id="a condition behind a label",
    ),
    pytest.param(
        "Lighting of the lamp: The oil of the lamp is warmed by using a small fire of peat.",
        "How is the oil of the lamp warmed?",
        "by using a small fire of peat",
        id="a statement behind a label",
    ),
    pytest.param(
        "Only when the tower has been inspected you may enter the second floor of the building.",
        "What may you do only when the tower has been inspected?",
        "enter the second floor of the building",
        id="the only occasion",
    ),
    pytest.param(
        "To prevent older ships of the company from trying to enter a shallow harbour the numbers on the buoys are "
        "painted red.",
        "What is done to prevent older ships of the company from trying to enter a shallow harbour?",
        "the numbers on the buoys are painted red",
        id="a purpose without a comma",
    ),
    pytest.param(
        "Instead of dousing the great lamp in order to end a watch, the lamp is either covered with a cloth or its wick is "
        "cut.",
        "What is done instead of dousing the great lamp in order to end a watch?",
        "the lamp is either covered with a cloth or its wick is cut",
        id="a substitute",
    ),
    pytest.param(
        "As a body of volunteers, the Board relies on the judgement of its members in choosing towers.",
        "As a body of volunteers, what does the Board rely on?",
        "the judgement of its members in choosing towers",
        id="a role",
    ),
    pytest.param(
        "As a keeper of the tower, if you find a fault in the great lens, make sure to report it.",
        "As a keeper of the tower, what should you do if you find a fault in the great lens?",
        "report it",
        id="a role before a condition",
    ),
    pytest.param(
        "As the keeper of the tower, you have the duty to light it, even in the summer.",
        "As the keeper of the tower, what duty do you have?",
        "to light it, even in the summer",
        id="a duty of a role",
    ),
    pytest.param(
        "Since the harbour has a great number of lamps even the old and small towers are kept by the Board.",
        "What follows from the fact that the harbour has a great number of lamps?",
        "even the old and small towers are kept by the Board",
        id="an article right behind a noun",
    ),
    pytest.param(
        "Even if you are not a pilot, and you do not sail any ship but one, it is part of your duty as a member to know "
        "the tides.",
        "What applies even if you are not a pilot, and you do not sail any ship but one?",
        "it is part of your duty as a member to know the tides",
        id="a condition of two clauses",
    ),
    pytest.param(
        "For a voyage that crosses two bays, if the various pilots were on different ships and a storm occurs at night, "
        "then when the ships meet the pilots might be given the wrong charts.",
        "For a voyage that crosses two bays, what applies if the various pilots were on different ships and a storm occurs "
        "at night?",
        "when the ships meet the pilots might be given the wrong charts",
        id="a scene before a condition",
    ),
    pytest.param(
        "For harbour lights of the second class, almost everything remains to be done.",
        "What applies to harbour lights of the second class?",
        "almost everything remains to be done",
        id="a scene",
    ),
    pytest.param(
        "If a future voyage is cancelled, however, it might happen that the ship turns up in the harbour.",
        "What might happen if a future voyage is cancelled?",
        "it might happen that the ship turns up in the harbour",
        id="a link behind the condition",
    ),
]


@pytest.mark.parametrize(("text", "question", "answer"), ALONE)
def test_adjunct_that_stands_alone_is_taken_over(text: str, question: str, answer: str) -> None:
    assert asked(text).get(question) == answer


BEHIND = [
    pytest.param(
        "Most keepers of towers are no native speakers of French. So, writing a long report may not be easy for them.",
        "Most keepers of towers are no native speakers of French. What follows from that?",
        "writing a long report may not be easy for them",
        id="a conclusion",
    ),
    pytest.param(
        "The first oil lamp of the coast was dim because its wick was wet. Then you may just need to dry it over a "
        "fire.",
        "The first oil lamp of the coast was dim because its wick was wet. What may you need to do then?",
        "dry it over a fire",
        id="a deed that comes next",
    ),
    pytest.param(
        "A pilot of the harbour may refer to the chart of the coast. Otherwise, the pilot must sound the depth.",
        "A pilot of the harbour may refer to the chart of the coast. What happens otherwise?",
        "the pilot must sound the depth",
        id="the other case",
    ),
    pytest.param(
        "A keeper should learn from the pilots who work in the same bay. That way, you can learn to read the tides.",
        "A keeper should learn from the pilots who work in the same bay. What can you do that way?",
        "learn to read the tides",
        id="a way",
    ),
    pytest.param(
        "The last step of the watch is to reduce the flame to a glow. Once this happens, the tower is back in the state "
        "of a dark building.",
        "The last step of the watch is to reduce the flame to a glow. What applies once this happens?",
        "the tower is back in the state of a dark building",
        id="an event that the sentence before tells",
    ),
    pytest.param(
        "The usual limit of oil is zero unless the Board has changed it. When the limit is zero, that means no lamps "
        "will be lit.",
        "The usual limit of oil is zero unless the Board has changed it. What does it mean when the limit is zero?",
        "no lamps will be lit",
        id="what a state means",
    ),
]


@pytest.mark.parametrize(("text", "question", "answer"), BEHIND)
def test_adjunct_that_takes_something_up_is_asked_behind_it(text: str, question: str, answer: str) -> None:
    assert asked(text).get(question) == answer


REFUSED = [
    pytest.param("Now that you know where the lamps of the coast are, let’s look at the towers.", id="an invitation"),
    pytest.param("Although the lamp might be old, if the keeper has no oil, he will not light it.", id="two openings"),
    pytest.param("Instead of a candle, the tower of the harbour shows a lamp of oil.", id="a thing for another"),
    pytest.param("For a lamp of oil to burn, its wick must be cut by the keeper.", id="what a purpose needs"),
    pytest.param(
        "If the constraint it is tied to is loose, pulling the rope causes the bell to ring.", id="it is later"
    ),
    pytest.param(
        "If no one else is working on it, file a report to the board of the harbour.", id="nobody knows on what"
    ),
    pytest.param("In oil lamps, gas lamps and arc lamps of the coast are kept by pilots.", id="a list"),
    pytest.param("For more details on the great lamp, look in the second book of the Board.", id="sends elsewhere"),
    pytest.param("In some harbours of the north, this lamp is red and that one is green.", id="which lamp"),
    pytest.param("For the same reason, keepers do not need to add oil to the lamp at night.", id="a reason not told"),
    pytest.param("As a result, the great lamp of the harbour is lit at dusk by the pilots.", id="a mere link"),
    pytest.param(
        "If you keep a harbour lamp, the above guidelines for keepers should be followed.", id="which guidelines"
    ),
]


@pytest.mark.parametrize("text", REFUSED)
def test_adjunct_that_nothing_explains_is_not_asked_about(text: str) -> None:
    assert asked(text) == {}


def test_adverb_of_the_whole_sentence_is_not_part_of_the_answer() -> None:
    found = {
        item.question: item.answer
        for item in candidates(readings_of(sentences("Signal flags are pieces of linen, usually.")))
    }
    assert found["What are signal flags?"] == "pieces of linen"


TERMS = [
    pytest.param(
        "windlass - this machine contains gears which are used for raising and lowering an anchor.",
        "What does windlass contain?",
        "gears which are used for raising and lowering an anchor",
        id="this is the term",
    ),
    pytest.param(
        "pilot-book - the Northern Pilot Book describes the harbours of the coast.",
        "What does the Northern Pilot Book describe?",
        "the harbours of the coast",
        id="a subject of its own",
    ),
    pytest.param(
        "signal lamp: to warn all ships of the rocks in the bay.",
        "What is the purpose of the signal lamp?",
        "to warn all ships of the rocks in the bay",
        id="a purpose",
    ),
]


@pytest.mark.parametrize(("text", "question", "answer"), TERMS)
def test_entry_of_a_list_says_what_this_is(text: str, question: str, answer: str) -> None:
    found = {item.question: item.answer for item in candidates(readings_of(sentences(text)))}
    assert found.get(question) == answer


def test_even_if_keeps_its_even() -> None:
    text = "The old chart of the bay is valid even if a new survey of the coast is published."
    found = [item.question for item in candidates(readings_of(sentences(text)))]
    assert not any(" valid if " in question for question in found)


@pytest.mark.parametrize(
    "text",
    [
        "A signal such as a flag is shown at noon by the pilots.",
        "The lens is cut in such a way as to bend the light.",
        "Previous versions of the chart had deeper soundings.",
    ],
)
def test_word_that_the_sentence_explains_does_not_point_outside(text: str) -> None:
    assert is_whole(text)


def test_earlier_behind_a_version_does_not_point_outside() -> None:
    assert stands_alone("What happens to charts of 1890 and earlier?")


def test_those_with_a_clause_of_their_own_do_not_point_outside() -> None:
    assert not points_away("only those parts of the coast that have changed")


def test_passage_with_enough_questions_is_not_asked_about_its_openings() -> None:
    text = (
        "A lighthouse is a tower that guides ships. The keeper lights the lamp because ships need it at night. "
        "For harbour lights of the second class, almost everything remains to be done."
    )
    questions = [str(item["question"]) for item in generate(Task("default", text, 3))]
    assert not any(question.startswith("What applies to") for question in questions)
