"""Persons: asked for with *who*, called by their names, and meant by *he* and *she*."""

import pytest

from chunksmith.domain.calls import Task
from chunksmith.providers.builtin.generator import generate
from chunksmith.providers.builtin.grammar.passage import sentences
from chunksmith.providers.builtin.grammar.persons import people_of


def entries(text: str, *headings: str) -> dict[str, str]:
    found = generate(Task("question and answer", text, 6, context={"headings": list(headings)}))
    return {str(item["question"]): str(item["answer"]) for item in found}


BELL = (
    "Gertrude Bell was an English writer and archaeologist. She was born in Durham on 14 July 1868, the daughter of a "
    "rich ironmaster. In 1892 she travelled to Tehran to visit her uncle. Her uncle taught Persian."
)


ASKED = [
    pytest.param(BELL, "Who was Gertrude Bell?", "an English writer and archaeologist", id="who somebody was"),
    pytest.param(BELL, "When was Gertrude Bell born in Durham?", "on 14 July 1868", id="a date before a remark"),
    pytest.param(
        "Otto Hahn alone received the Nobel Prize in Chemistry for the discovery.",
        "Who received the Nobel Prize in Chemistry for the discovery?",
        "Otto Hahn alone",
        id="who did it",
    ),
    pytest.param(
        "Howard Florey was a pathologist at Oxford. Florey hired Ernst Chain, a biochemist who had left Germany.",
        "Who did Florey hire?",
        "Ernst Chain, a biochemist who had left Germany",
        id="whom somebody hired",
    ),
    pytest.param(
        "Rosa Vale was a surgeon in the army. During the First World War she served on the eastern front.",
        "When did Rosa Vale serve on the eastern front?",
        "During the First World War",
        id="an opening without a comma",
    ),
    pytest.param(
        "Ines Amaral is an engineer from Aveiro. Amaral sold her flat in Delft to pay the wages of the staff.",
        "What did Amaral sell?",
        "her flat in Delft to pay the wages of the staff",
        id="her own",
    ),
    pytest.param(
        "Otto Frisch was a physicist from Vienna. Frisch named the process after the division of living cells.",
        "What did Frisch name the process after?",
        "the division of living cells",
        id="named after",
    ),
    pytest.param(
        "The fire brigade was late. The trade union asked the company to rebuild the mill at the same place.",
        "What did the trade union ask the company to do?",
        "rebuild the mill at the same place",
        id="what somebody was asked to do",
    ),
    pytest.param(
        "The council kept the tower open. British factories built the lamps for the harbour in the north.",
        "What did British factories build?",
        "the lamps for the harbour in the north",
        id="a nation keeps its capital",
    ),
]


@pytest.mark.parametrize(("text", "question", "answer"), ASKED)
def test_persons_are_asked_for_by_name(text: str, question: str, answer: str) -> None:
    assert entries(text).get(question) == answer


def test_the_person_of_the_heading_is_meant_by_her_pronoun() -> None:
    text = "Amaral studied at the University of Porto. She received a scholarship from the state in 2004."
    asked = entries(text, "Ines Amaral", "Education")
    assert any(question.endswith("did Ines Amaral receive in 2004?") for question in asked)


SAID = [
    pytest.param('"We could not take the risk," said Calder.', "Calder", id="a name"),
    pytest.param('"We could not take the risk," said the engineer.', "the engineer", id="a person"),
    pytest.param("“We could not take the risk,” said Ines Calder, the mayor.", "Ines Calder", id="curly marks"),
]


@pytest.mark.parametrize(("text", "answer"), SAID)
def test_who_said_what_is_quoted(text: str, answer: str) -> None:
    assert entries(text) == {'Who said "We could not take the risk"?': answer}


def test_a_pronoun_is_nobody_who_said_it() -> None:
    assert entries('"We could not take the risk at all," she said.') == {}


PERSONS = [
    pytest.param("The keeper met the chemist Otto Hahn in Berlin.", {"Otto Hahn": "he"}, id="a trade before"),
    pytest.param("Captain Harlan steered the ship into the harbour.", {"Captain Harlan": ""}, id="a title"),
    pytest.param("Ines presented the figures of the year.", {"Ines": "she"}, id="a given name alone"),
    pytest.param("Ines Calder opened the bridge.", {"Ines Calder": "she"}, id="a given name"),
    pytest.param("Arvo Kask, who owns a bakery, lost half of his customers.", {"Arvo Kask": ""}, id="who"),
]


@pytest.mark.parametrize(("text", "names"), PERSONS)
def test_persons_are_known_by_what_stands_beside_them(text: str, names: dict[str, str]) -> None:
    people = people_of(sentences(text)).names
    assert {name: person.gender for name, person in people.items() if name in names} == names


NOBODY = [
    pytest.param("The Great Western Railway opened a new line to the coast.", id="a company"),
    pytest.param("Rust tells the reader what is wrong with the program.", id="a language"),
    pytest.param("Ideally, the keeper of the tower checks the lamp every day.", id="an adverb"),
]


@pytest.mark.parametrize("text", NOBODY)
def test_what_is_no_person_is_not_taken_for_one(text: str) -> None:
    assert people_of(sentences(text)).names == {}


OPEN = [
    pytest.param(
        "Otto Hahn worked at an institute in Berlin. Hahn wrote to her about it. She explained the result at once.",
        id="another person is spoken of",
    ),
    pytest.param("Isambard Brunel hired John Russell in London. He went bankrupt in the year 1856.", id="two men"),
    pytest.param("Marc Brunel taught Isambard Brunel in London. He went to the north in 1825.", id="two of one name"),
    pytest.param("Anna Berg met Peter Holm in London. He moved to Rome in the year 1995.", id="not the subject"),
    pytest.param("The letter reached the wife of the keeper. She explained the result of the test.", id="no name"),
]


@pytest.mark.parametrize("text", OPEN)
def test_a_pronoun_that_could_be_another_is_nobody(text: str) -> None:
    assert people_of(sentences(text)).meant == {}


def test_what_happened_does_not_speak_of_somebody_whom_only_the_page_names() -> None:
    text = "In December 1938 Hahn wrote to her that the team had found barium in the samples of the metal."
    assert [question for question in entries(text) if question.startswith("What happened")] == []
