"""Runs of words in common with other data."""

import pytest

from chunksmith.quality import overlap as overlap_module
from chunksmith.quality.likeness import Parts
from chunksmith.quality.overlap import GroupRuns, Overlap, Runs

TOLD = "the warden of the harbour trims the lamp at dusk and writes the height of the tide into a book with a red cover"
ITEM = Parts("Who trims the lamp of the harbour?", TOLD)


def runs(*texts: Parts) -> Runs:
    made = Runs()
    for place, text in enumerate(texts):
        made.add(place, text)
    return made


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        (Parts("Is it so that", " ".join(TOLD.split()[:13])), True),
        (
            Parts("Is it so that one may say of an evening in our town and of others", " ".join(TOLD.split()[:12])),
            False,
        ),
        (Parts("What?", " ".join(TOLD.split()[4:13]).upper() + "!"), True),
        (Parts("Who trims the lamp of the harbour", "Nobody does"), True),
        (Parts("Who paints the lamp of the harbour", "Nobody does"), False),
    ],
    ids=["13 words in a row", "12 of many more", "most of a short one", "the same question", "another question"],
)
def test_what_counts_as_contaminated(text: Parts, is_found: bool) -> None:
    assert (runs(ITEM).contaminated(text) is not None) == is_found


def test_the_text_with_most_in_common_is_named() -> None:
    other = Parts("Where is the book?", "the tide into a book with a red cover lies on the table of the warden")
    overlap = runs(Parts("No", "nothing of it"), other, ITEM).shared(Parts("So", TOLD))
    assert overlap is not None
    assert overlap.place == 2
    assert overlap.words == len(TOLD.split())


def test_nothing_in_common_is_nothing() -> None:
    assert runs(ITEM).shared(Parts("Why is the sky blue?", "Light is scattered by the air, short waves more")) is None


def test_a_text_without_a_question_is_compared_as_a_whole() -> None:
    assert runs(Parts("", "Seven swans a swimming")).contaminated(Parts("", "seven swans, a-swimming")) == Overlap(
        0, 1.0, 4
    )


def group_runs(*texts: str) -> GroupRuns:
    made = GroupRuns()
    made.add([(group, Parts("", text)) for group, text in enumerate(texts)])
    return made


def test_groups_that_share_13_words_are_joined_and_those_that_share_12_are_not() -> None:
    words = TOLD.split()
    assert group_runs(TOLD, "no word of it", " ".join(words[3:16])).joined() == [(0, 2)]
    assert group_runs(TOLD, " ".join(words[3:15])).joined() == []


def test_what_everything_has_joins_nothing_and_is_told() -> None:
    made = group_runs(*(f"{number} {' '.join(TOLD.split()[:13])}" for number in range(80)))
    assert made.joined() == []
    assert made.often == 1


def test_of_too_many_runs_the_same_ones_are_kept_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlap_module, "RUNS_KEPT", 400)
    long = " ".join(f"w{number}" for number in range(300))
    made = group_runs(long, long.replace("w0 ", "x "), long.replace("w299", "x"))
    assert made.one_in > 1
    assert made.joined() == [(0, 1), (0, 2)]
