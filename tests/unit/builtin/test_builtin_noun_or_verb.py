"""Words that may be nouns or verbs, told by what stands beside them; sentences that name no subject."""

import pytest

from chunksmith.providers.builtin.grammar.clauses import parse
from chunksmith.providers.builtin.grammar.passage import sentences
from chunksmith.providers.builtin.grammar.words import tokens
from chunksmith.providers.builtin.questions import candidates, readings_of
from chunksmith.providers.builtin.quoting import is_clause


def subject_of(text: str) -> str:
    """The subject of the clause that a sentence begins with; empty where none is certain."""
    parts = tokens(text)
    clause = parse(parts, 0, len(parts) - 1)
    return text[: parts[clause.subject_end - 1].end] if clause is not None else ""


NOUNS = [
    pytest.param("The council plans to move in three stages because the lease ends.", "The council", id="a number"),
    pytest.param("Tests of the mud found small amounts of lead.", "Tests of the mud", id="a quality"),
    pytest.param("The keeper now lists lamp names when a lamp is lit.", "The keeper", id="a condition behind it"),
    pytest.param("The tower lamp types all burn oil.", "", id="all before the verb"),
    pytest.param("The lamp instances each print a number.", "", id="each before the verb"),
    pytest.param("The changes to access control in the tower surprise the crew.", "", id="a compound"),
    pytest.param("The keeper sells two kinds of lamp: types that burn oil.", "The keeper", id="a colon"),
]
VERBS = [
    pytest.param(
        "A ripe loaf floats because it is full of air.", "A ripe loaf", id="what needs no object, for a reason"
    ),
    pytest.param("The motor starts when you turn the key.", "The motor", id="what needs no object"),
    pytest.param("Higher towers lead to better sight.", "Higher towers", id="what leads to something"),
    pytest.param("The pattern matches all values less than nine.", "The pattern", id="all before an object"),
    pytest.param("The diagram at the right shows a lamp.", "The diagram at the right", id="right is a side"),
    pytest.param("The keeper checks if the door is shut.", "The keeper", id="checking if"),
]


@pytest.mark.parametrize(("text", "subject"), [*NOUNS, *VERBS])
def test_the_neighbours_of_a_word_tell_whether_it_is_the_verb(text: str, subject: str) -> None:
    assert subject_of(text) == subject


ATTRIBUTES = [
    pytest.param("Debugging embedded systems needs special tools.", "Debugging embedded systems", id="an activity"),
    pytest.param("The other associated lamps are made of brass.", "The other associated lamps", id="a quality"),
    pytest.param("A comma separated list names the lamps.", "A comma separated list", id="what separates a list"),
    pytest.param("A map created using old charts shows the rock.", "A map created using old charts", id="using"),
]


@pytest.mark.parametrize(("text", "subject"), ATTRIBUTES)
def test_a_participle_before_its_noun_is_no_finite_verb(text: str, subject: str) -> None:
    assert subject_of(text) == subject


WITHOUT_SUBJECT = [
    pytest.param("Returns an object containing used constants for the lamp.", id="a verb"),
    pytest.param("Asserts that the same lamps were used as in the year before.", id="a verb that states"),
    pytest.param("Called to light the lamp that is used when the tower is dark.", id="a participle"),
    pytest.param("Let’s build a new tower called the beacon that will guide the ships.", id="let us"),
]


@pytest.mark.parametrize("text", WITHOUT_SUBJECT)
def test_a_sentence_that_names_no_subject_is_not_asked_about(text: str) -> None:
    assert candidates(readings_of(sentences(text))) == []


def test_a_sentence_that_names_no_subject_explains_no_question() -> None:
    assert not is_clause("Changes the working directory before executing any specified operations.")
