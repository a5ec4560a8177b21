"""A phrase cut out of the passage is an answer; a sentence that was cut off is not."""

import pytest

from chunksmith.domain.datasets import Entry
from chunksmith.domain.generation import SHAPES
from chunksmith.quality.form import TRUNCATED, UNFINISHED, faults

LAMP = (
    "The keeper of the northern lighthouse lights the lamp every evening after the last ship has left the harbour. "
    "The glass of a first order lens can weigh several tonnes. When fog hides the tower and the lamp, a horn sounds. "
    "A thin coat of mineral oil keeps the moving parts of the clockwork dry. Winding takes ten minutes."
)


def found(question: str, answer: str) -> set[str]:
    entry = Entry(number=1, position=0, chunk_id=1, question=question, answer=answer)
    return {fault.name for fault in faults(entry, SHAPES["default"], LAMP)}


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        pytest.param(
            "Who lights the lamp every evening after the last ship has left?",
            "The keeper of the northern lighthouse",
            id="subject of a question that tells the rest",
        ),
        pytest.param(
            "What keeps the clockwork's moving parts dry?", "A thin coat of mineral oil", id="rest in other words"
        ),
        pytest.param("What is very heavy?", "The glass of a first order lens", id="subject before its auxiliary"),
        pytest.param("When does a horn sound?", "When fog hides the tower and the lamp", id="clause before a comma"),
        pytest.param("What is lit every evening?", "the lamp", id="two words"),
        pytest.param("What is left by the last ship?", "the harbour", id="end of the sentence"),
        pytest.param("What is said of winding?", "Winding takes ten minutes.", id="whole sentence"),
        pytest.param("What is said of winding?", "Winding takes ten minutes", id="whole sentence without full stop"),
    ],
)
def test_a_phrase_of_the_passage_is_whole(question: str, answer: str) -> None:
    assert not found(question, answer) & {TRUNCATED.name, UNFINISHED.name}


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param("The keeper of the northern lighthouse lights the lamp every evening after", id="preposition"),
        pytest.param("The keeper of the northern lighthouse lights the lamp every", id="determiner"),
        pytest.param("The keeper of the northern lighthouse lights the lamp every evening aft", id="inside a word"),
        pytest.param("The keeper of the northern lighthouse lights the lamp every evening after the last", id="noun"),
        pytest.param("The glass of a first order lens can weigh", id="verb without its object"),
        pytest.param("A thin coat of mineral oil keeps the moving", id="adjective without its noun"),
    ],
)
def test_a_cut_sentence_is_found(answer: str) -> None:
    assert TRUNCATED.name in found("What happens at the tower in the night?", answer)


@pytest.mark.parametrize("end", range(44, 105, 6))
def test_no_cut_between_the_verb_and_the_end_is_missed(end: int) -> None:
    assert TRUNCATED.name in found("What happens at the tower?", LAMP[:end].rstrip())
