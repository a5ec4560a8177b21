"""The measures behind the scores of a dataset: where each is right, and where it is fooled. See docs/quality.md."""

import random
from collections.abc import Iterable
from typing import Any

import pytest

from chunksmith.domain.datasets import Entry
from chunksmith.quality.dataset_scores import DatasetScore
from chunksmith.quality.groups import Group, read_lexicon, shipped_lexicon
from chunksmith.quality.measures import distinct_n, mtld, question_kind
from chunksmith.quality.near_repeats import NearRepeats

WORDS = "river stone cloud window market engine paper garden bridge signal winter copper letter harbor needle".split()


def result_of(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    score = DatasetScore()
    for number, (question, answer) in enumerate(pairs, 1):
        score.add(Entry(number, number, number, question=question, answer=answer, quality=1.0))
    return score.result()


def test_distinct_n_is_the_share_of_distinct_runs() -> None:
    texts = ["a b a b".split(), "a c".split()]
    assert distinct_n(texts, 1) == 3 / 6
    assert distinct_n(texts, 2) == 3 / 4
    assert distinct_n([["a"]], 2) is None


def test_mtld_counts_words_until_their_variety_falls() -> None:
    # Every second word is a repeat from the third on: 2 of 3 is 0.67, so each factor has three words.
    assert mtld(["a", "b", "a"] * 4) == pytest.approx(3.0, abs=0.5)
    assert mtld([str(number) for number in range(50)]) == 50
    assert mtld([]) is None


def test_random_words_fool_mtld() -> None:
    drawn = random.Random(1)
    words = ["".join(drawn.choices("abcdefghij", k=6)) for _ in range(200)]
    assert (mtld(words) or 0) > 100


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("What is a rowid?", "what"),
        ("Who wrote it?", "who"),
        ("When was it baked?", "when"),
        ("Regarding rye bread, why is it sour?", "why"),
        ("How many loaves?", "how_many"),
        ("How does it rise?", "how"),
        ("Is it sliced?", "yes_no"),
        ("Explain gluten.", "order"),
        ("Rye needs a ____ starter.", "gap"),
        ("Warum ist das Brot sauer?", "why"),
        ("Combien de pains ?", "how_many"),
        ("¿Dónde está el pan?", "where"),
        ("Perché il pane è acido?", "why"),
        ("肝臓は何を濾過しますか。", None),
    ],
)
def test_kinds_of_questions(question: str, kind: str | None) -> None:
    assert question_kind(question) == kind


def text_of(drawn: random.Random, length: int) -> list[str]:
    return [f"{drawn.choice(WORDS)}{''.join(drawn.choices('abcdef', k=3))}" for _ in range(length)]


def test_planted_near_repeats_are_estimated_beyond_the_sample() -> None:
    """20 % of 6,000 texts repeat an earlier one but for one word of 40; the sample keeps 2,048 meetings."""
    drawn = random.Random(3)
    near, originals = NearRepeats(), []
    for number in range(6_000):
        if number % 5 == 4:
            words = list(originals[drawn.randrange(len(originals))])
            words[drawn.randrange(40)] = "changed"
        else:
            words = text_of(drawn, 40)
            originals.append(words)
        near.add(words)
    assert 0.13 < near.rate() <= 0.21


def test_texts_in_other_words_are_no_near_repeats() -> None:
    near = NearRepeats()
    near.add("the starter is kept warm and fed twice a day by the baker".split())
    near.add("bakers feed their sourdough morning and evening in a warm place".split())
    assert near.rate() == 0.0


@pytest.mark.parametrize(
    ("kind", "pairs"),
    [
        pytest.param("copies", [("What is bile?", "A fluid.")] * 40, id="copies"),
        pytest.param(
            "form", [(f"What is item {n} of the list?", f"It is item {n} of it.") for n in range(40)], id="form"
        ),
    ],
)
def test_repeats_leave_no_diversity(kind: str, pairs: list[tuple[str, str]]) -> None:
    assert result_of(pairs)["diversity_score"] < 0.1


def test_one_kind_of_question_lowers_variety() -> None:
    drawn = random.Random(5)
    starts = ["What is", "Why does", "How many", "Who made", "Is there"]
    pairs = [(" ".join(text_of(drawn, 5)), " ".join(text_of(drawn, 9))) for _ in range(60)]
    same = result_of((f"What is {question}?", answer) for question, answer in pairs)
    mixed = result_of((f"{starts[n % 5]} {question}?", answer) for n, (question, answer) in enumerate(pairs))
    assert mixed["diversity"]["questions"] == pytest.approx(1.0, abs=0.01)
    assert same["diversity"]["questions"] == pytest.approx(0.2, abs=0.01)
    assert mixed["diversity_score"] - same["diversity_score"] == pytest.approx(0.25 / 0.85 * 0.8, abs=0.02)


def about(group: str, tone: str, count: int) -> list[tuple[str, str]]:
    drawn = random.Random(group + tone)
    return [(f"Why {' '.join(text_of(drawn, 4))}?", f"Because {group} are {tone}.") for _ in range(count)]


def test_unkind_words_about_one_group_are_an_imbalance() -> None:
    result = result_of([*about("women", "lazy", 20), *about("men", "diligent", 20)])
    assert result["bias"]["sentiment"] == 0.0
    assert result["bias_score"] == 0.0
    assert any(one.startswith("What is said about women is less kind") for one in result["issues"])


def test_the_same_words_about_all_are_none() -> None:
    result = result_of([*about("women", "diligent", 20), *about("men", "diligent", 20)])
    assert (result["bias"]["sentiment"], result["bias"]["representation"]) == (1.0, 1.0)


def test_one_group_is_held_against_a_neutral_tone() -> None:
    assert result_of(about("immigrants", "criminals", 20))["bias"]["sentiment"] == 0.0


def test_groups_named_unevenly_are_an_imbalance() -> None:
    result = result_of([*about("women", "here", 2), *about("men", "here", 58)])
    assert result["bias"]["representation"] < 0.3
    assert any("women 2, men 58" in one for one in result["issues"])


def test_a_denial_fools_the_tone() -> None:
    assert result_of([*about("women", "not lazy", 20), *about("men", "here", 20)])["bias"]["sentiment"] == 0.0


def test_what_could_not_be_measured_is_named() -> None:
    result = result_of([("肝臓は何を濾過しますか。", "血液です。")] * 2)
    assert result["bias_score"] == 1.0
    assert [one.split(":")[0] for one in result["left_out"]] == [
        "categories",
        "category balance",
        "source balance",
        "representation",
        "sentiment",
    ]


def test_the_lexicon_is_a_file_to_edit() -> None:
    text = (
        '[axes.job]\ngroups.bakers = ["baker", "pastry cook"]\n[sentiment]\npositive = ["good"]\nnegative = ["bad"]\n'
    )
    lexicon = read_lexicon(text)
    assert lexicon.groups_in("a Baker and a pastry cook".lower().split()) == {Group("job", "bakers")}
    assert lexicon.groups_in("a pastry and a cook".split()) == set()
    assert {group.axis for group in shipped_lexicon().words.values()} >= {"gender", "religion", "origin"}
