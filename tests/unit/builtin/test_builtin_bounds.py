"""Where numbers, dates, clauses and orders end: questions must not be cut out of the middle of them."""

import pytest

from chunksmith.domain.calls import Task
from chunksmith.providers.builtin.generator import generate


def entries(text: str, *headings: str) -> dict[str, str]:
    found = generate(Task("question and answer", text, 4, context={"headings": list(headings)}))
    return {str(item["question"]): str(item["answer"]) for item in found}


RIGHT = [
    pytest.param(
        "In 2023 1,200 visitors came to the museum, because the entrance was free.",
        "When did 1,200 visitors come to the museum?",
        "In 2023",
        id="a year before a number with a comma",
    ),
    pytest.param(
        "In Germany in November 1923 a loaf of bread cost 201 billion marks.",
        "When did a loaf of bread cost 201 billion marks?",
        "In Germany in November 1923",
        id="a month and its year",
    ),
    pytest.param(
        "In 1905 the council of the town lit the new tower.",
        "When did the council of the town light the new tower?",
        "In 1905",
        id="a date without a comma",
    ),
    pytest.param(
        "Between 2019 and 2023 12,500 trees were planted in the parks of the city by volunteers.",
        "When were 12,500 trees planted in the parks of the city by volunteers?",
        "Between 2019 and 2023",
        id="two years",
    ),
    pytest.param(
        "In the spring of 2020 the team tested 4,000 samples because the disease had spread.",
        "When did the team test 4,000 samples?",
        "In the spring of 2020",
        id="a time and a reason",
    ),
    pytest.param(
        "In May 1945 the war in the north ended and the city was rebuilt within ten years.",
        "When did the war in the north end?",
        "In May 1945",
        id="a verb without an object before a second statement",
    ),
    pytest.param(
        "In December 1938 the council of the town closed the old harbour.",
        "What happened in December 1938?",
        "the council of the town closed the old harbour",
        id="what is past",
    ),
    pytest.param(
        "Inflation is usually measured by the change in a consumer price index over twelve months.",
        "What measures inflation?",
        "the change in a consumer price index over twelve months",
        id="what belongs to the noun",
    ),
    pytest.param(
        "The lamp house stores the oil for the winter. The `lamp` tool is a program that lights the tower. "
        "lamp reads the file of the keeper.",
        "What is the `lamp` tool?",
        "a program that lights the tower",
        id="a sentence that begins small",
    ),
]


@pytest.mark.parametrize(("text", "question", "answer"), RIGHT)
def test_answers_end_where_their_part_of_the_sentence_does(text: str, question: str, answer: str) -> None:
    assert entries(text).get(question) == answer


WRONG = [
    pytest.param(
        "During the strike 5,600 workers stayed at home because their union had called them out.",
        "600 workers",
        id="thousands",
    ),
    pytest.param(
        "Since January 3,000 people have signed the petition, because they want the bridge to stay open.",
        "January 3",
        id="a month before thousands",
    ),
    pytest.param(
        '"The plant comes at a difficult moment," said Lars Petersen of Nordhaus Research.',
        "say?",
        id="a quotation that is no subject",
    ),
    pytest.param(
        "Sales of heat pumps in Germany fell by 46 per cent last year after subsidies had been reduced.",
        "subsidies?",
        id="a past that is no participle",
    ),
    pytest.param(
        "Four hundred years after the last wild beavers were hunted to extinction in Britain, the animals are back.",
        "What w",
        id="a time before a clause",
    ),
    pytest.param(
        "Put 8 grams of coffee into the single basket or 16 grams into the double basket, and tamp it with the tamper.",
        "single basket or",
        id="two goals of one order",
    ),
    pytest.param(
        "In Scotland, where beavers have lived on the Tay since 2006, the government allowed farmers to shoot them.",
        "When did the government",
        id="a place and a remark",
    ),
    pytest.param("The membership fee will rise to 45 pounds on 1 July.", "How many", id="a goal that is counted"),
    pytest.param("Use a WSGI server such as Gunicorn behind a reverse proxy instead.", "use as", id="such as"),
    pytest.param("Medicines should not be thrown away via wastewater.", "How should", id="how a thing is not done"),
    pytest.param(
        "Accidents in the home office must be reported in the same way as accidents in the office.",
        "Where must",
        id="a manner is no place",
    ),
    pytest.param(
        "The clock that moves at half of the speed of light runs half as fast as a clock at rest.",
        "What does the clock that moves at half of the speed of light run?",
        id="how fast",
    ),
    pytest.param(
        "The keeper suspected the lamp, because an alert about its wiring had fired the day before.",
        "fired?",
        id="when, not what",
    ),
    pytest.param(
        "The company cut 1,200 jobs in Europe and plans to close three plants in 2025.", "When did", id="past and plan"
    ),
    pytest.param("Chain was born in Berlin and fled to England in 1933.", "When was", id="passive and past"),
    pytest.param(
        "The company has 11,300 employees in 14 countries and reported sales of 2.9 billion euros in 2023.",
        "When does",
        id="present and past",
    ),
    pytest.param(
        "Vinegar attacks the seals and voids the warranty.",
        "What does vinegar attack? the seals and",
        id="a verb that is in no list",
    ),
    pytest.param(
        "Guided tours of the tower start at 11 a.m. and 3 p.m. and last about 90 minutes.",
        "What starts",
        id="two plural verbs",
    ),
    pytest.param("Build systems get slow when they need to make decisions.", "should you", id="a noun before its verb"),
    pytest.param("Paths used by other build rules need to match exactly.", "used by other build?", id="other"),
    pytest.param(
        "Some compilers can emit this information while building, and Ninja can use that to find its parts.",
        "building, and Ninja",
        id="two statements",
    ),
    pytest.param(
        "This means that the tool is bound to write the state into the file only 1. when a script has ended, "
        "or 2. when it starts up.",
        "bound to do",
        id="an enumeration",
    ),
]


@pytest.mark.parametrize(("text", "phrase"), WRONG)
def test_what_is_cut_at_the_wrong_place_is_not_asked(text: str, phrase: str) -> None:
    assert [question for question, answer in entries(text).items() if phrase in f"{question} {answer}"] == []


def test_what_is_told_below_how_to_do_a_thing_is_not_said_to_do_it() -> None:
    asked = entries("Ask your pharmacist how to dispose of medicines you no longer use.", "How to store Ibuvex")
    assert [question for question in asked if question.startswith("To store")] == []


def test_a_compound_in_a_heading_is_nothing_that_one_does() -> None:
    text = "Employees shall record their working hours in the time system every day."
    asked = entries(text, "Working hours and availability")
    assert "Regarding working hours and availability, what shall employees do?" in asked
