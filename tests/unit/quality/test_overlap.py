"""Runs of words in common with other data."""

import pytest

from chunksmith.quality import overlap as overlap_module
from chunksmith.quality.likeness import Parts
from chunksmith.quality.overlap import GroupRuns, Overlap, Runs, SharedRuns, boilerplate_from, passages

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


def joined(runs: GroupRuns, count: int) -> list[tuple[int, int]]:
    """Each text a group of its own."""
    return sorted(runs.joined(range(count), boilerplate_from(count)))


def test_groups_that_share_13_words_are_joined_and_those_that_share_12_are_not() -> None:
    words = TOLD.split()
    assert joined(group_runs(TOLD, "no word of it", " ".join(words[3:16])), 3) == [(0, 2)]
    assert joined(group_runs(TOLD, " ".join(words[3:15])), 2) == []


@pytest.mark.parametrize(
    ("groups", "sharing", "is_boilerplate"),
    [(9, 9, False), (10, 10, True), (20, 10, False), (20, 11, True), (400, 63, False), (400, 64, True)],
)
def test_a_run_of_ten_that_are_more_than_half_of_the_groups_or_of_64_is_boilerplate(
    groups: int, sharing: int, *, is_boilerplate: bool
) -> None:
    head = " ".join(TOLD.split()[:13])
    made = group_runs(*(f"{number} {head}" if number < sharing else f"{number}" for number in range(groups)))
    assert bool(joined(made, groups)) is not is_boilerplate
    assert len(made.boilerplate) == is_boilerplate


def test_a_run_that_one_group_repeats_is_none() -> None:
    made = group_runs(*(f"{number} {' '.join(TOLD.split()[:13])}" for number in range(80)))
    assert made.joined([0] * 80, 3) == set()
    assert made.boilerplate == set()


def test_boilerplate_is_no_leak_and_is_shown() -> None:
    head = " ".join(TOLD.split()[:13]).lower()
    made = group_runs(*[head] * 10)
    joined(made, 10)
    shared = SharedRuns(100, frozenset(made.boilerplate))
    texts = [("train", Parts("", head)), ("test", Parts("", f"and {head}"))]
    for look in (shared.learn, shared.look, shared.count):
        look(texts)
    report = shared.report()
    assert report["entries"] == {"validation": 0, "test": 0}
    assert report["boilerplate"] == {"runs": 1, "entries": {"validation": 0, "test": 1}, "examples": [head]}


@pytest.mark.parametrize(("words", "is_passage"), [(30, False), (31, True)])
def test_a_stretch_of_more_than_thirty_words_is_a_passage(words: int, *, is_passage: bool) -> None:
    printed = " ".join("abcdefgh"[number % 8] * (1 + number // 8) for number in range(words))
    made = group_runs(*[printed] * 10)
    joined(made, 10)
    assert passages([Parts("", f"{printed} and more")], made.boilerplate) == (made.boilerplate if is_passage else set())


@pytest.mark.parametrize(("answer", "is_passage"), [("", True), ("Indeed", False)])
def test_a_whole_answer_is_a_passage(answer: str, *, is_passage: bool) -> None:
    head = " ".join(TOLD.split()[:13])
    made = group_runs(*[head] * 10)
    joined(made, 10)
    assert bool(passages([Parts("What?", f"{head} {answer}")], made.boilerplate)) is is_passage


def test_too_many_runs_are_looked_at_in_parts_and_none_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlap_module, "RUNS_KEPT", 40)
    long = [" ".join(f"w{place}x{number}" for number in range(20)) for place in range(12)]
    texts = [*long, *(f"{text} end" for text in long)]
    numbered = [(number, Parts("", text)) for number, text in enumerate(texts)]
    first = GroupRuns()
    first.add(numbered)
    assert first.parts > 1
    found = set()
    for part in range(first.parts):
        runs = first if part == 0 else GroupRuns(part, first.parts)
        if part:
            runs.add(numbered)
        found |= runs.joined(range(len(texts)), 3)
    assert found == {(number, number + 12) for number in range(12)}
