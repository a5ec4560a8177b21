from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunksmith.domain.datasets import Entry, Evidence
from chunksmith.domain.generation import MODES, SHAPES, Mode
from chunksmith.quality.bands import band
from chunksmith.quality.entry_scores import DEFAULT_WEIGHTS, PARTS, QualityWeights, combine, score

LIVER = (
    "# Liver\n\nThe liver filters blood coming from the digestive tract, before passing it to the rest of the body. "
    "It produces about 800 to 1,000 ml of bile a day, which is stored in the gallbladder. The **Kupffer cells**, named "
    "after Karl Wilhelm von Kupffer in 1876, remove bacteria from the blood. It does not store vitamin C."
)
FILTERS = "The liver filters blood coming from the digestive tract, before passing it to the rest of the body."


def pair(question: str, answer: str, number: int = 1, evidence: tuple[Evidence, ...] = ()) -> Entry:
    return Entry(number=number, position=0, chunk_id=1, question=question, answer=answer, evidence=evidence)


def scored(question: str, answer: str, passage: str | None = LIVER) -> float:
    return score(pair(question, answer), passage, [], DEFAULT_WEIGHTS, SHAPES["default"]).score


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        pytest.param("What does the liver filter?", FILTERS, id="sentence"),
        pytest.param("Who found the Kupffer cells?", "Karl Wilhelm von Kupffer", id="name"),
        pytest.param("How much bile is made a day?", "About 800 to 1000 ml", id="number without separator"),
        pytest.param("The Kupffer cells remove ____ from the blood.", "bacteria", id="cloze"),
        pytest.param("Name the place where bile is stored.", "the gallbladder", id="order"),
        pytest.param("What do Kupffer cells do?", "They remove bacteria from the blood.", id="pronoun"),
    ],
)
def test_an_extractive_entry_scores_high(question: str, answer: str) -> None:
    assert scored(question, answer) >= 0.9


@pytest.mark.parametrize(
    ("passage", "question", "right", "wrong"),
    [
        pytest.param(
            "肝臓は消化管からの血液を濾過し、1日に約800ミリリットルの胆汁を生成する。",
            "肝臓は何を濾過しますか。",
            "消化管からの血液",
            "フランスの首都はパリである。",
            id="Japanese",
        ),
        pytest.param(
            "肝脏过滤来自消化道的血液，每天产生约800毫升胆汁。",
            "肝脏过滤什么？",
            "来自消化道的血液",
            "法国的首都是巴黎。",
            id="Chinese",
        ),
        pytest.param(
            "ตับทำหน้าที่กรองเลือดจากทางเดินอาหาร",
            "ตับทำหน้าที่อะไร?",
            "กรองเลือดจากทางเดินอาหาร",
            "เมืองหลวงของฝรั่งเศสคือปารีส",
            id="Thai",
        ),
        pytest.param(
            "الكبد يرشح الدم القادم من الجهاز الهضمي.",
            "ماذا يرشح الكبد؟",
            "الدم القادم من الجهاز الهضمي",
            "عاصمة فرنسا هي باريس",
            id="Arabic",
        ),
        pytest.param(
            "यकृत पाचन तंत्र से आने वाले रक्त को छानता है।",
            "यकृत क्या छानता है?",
            "पाचन तंत्र से आने वाले रक्त को",
            "फ्रांस की राजधानी पेरिस है।",
            id="Hindi",
        ),
        pytest.param(
            "간은 소화관에서 오는 혈액을 걸러낸다.",
            "간은 무엇을 걸러내는가?",
            "소화관에서 오는 혈액이다.",
            "프랑스의 수도는 파리이다.",
            id="Korean",
        ),
        pytest.param(
            "Die Leber filtert das Blut aus dem Verdauungstrakt. Die Gallenblase speichert die Galle der Leber.",
            "Was speichert die Gallenblase?",
            "Die Galle der Leber.",
            "Die Hauptstadt von Frankreich ist Paris an der Seine.",
            id="German",
        ),
    ],
)
def test_any_script_tells_supported_from_unsupported(passage: str, question: str, right: str, wrong: str) -> None:
    assert scored(question, right, passage) >= 0.9
    assert scored(question, wrong, passage) < 0.5


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        pytest.param("What is the capital of France?", "The capital of France is Paris, on the Seine.", id="unrelated"),
        pytest.param("How much bile a day?", "It produces about 800 to 2,000 ml of bile a day.", id="one wrong number"),
        pytest.param("Who named them?", "They were named after Albert Einstein in 1876.", id="wrong name"),
        pytest.param("What does the liver do?", FILTERS[:70], id="cut in a word"),
        pytest.param("What does the liver do?", FILTERS[:61], id="cut in a short word"),
        pytest.param("What does the liver do?", "The liver cleans blood, and then it is passed to the", id="dangling"),
        pytest.param("What does the liver do?", "The liver filters blood, produces bile,", id="ends with a comma"),
        pytest.param("What does the liver do?", "  ", id="empty answer"),
        pytest.param("", FILTERS, id="empty question"),
        pytest.param("What does the liver do?", "What does the liver do?", id="echo"),
        pytest.param("What does the liver do?", "As an AI, I cannot answer about the liver.", id="refusal"),
        pytest.param("What does it cost?", "The passage does not mention it.", id="passage does not say"),
        pytest.param("What does the liver do?", "N/A", id="not available"),
        pytest.param("What does it do?", '{"question": "x", "answer": "The liver filters blood"}', id="JSON"),
        pytest.param("What does the liver do?", "<answer>The liver filters blood</answer>", id="tags"),
        pytest.param("What does {chunk} say?", FILTERS, id="placeholder"),
        pytest.param("What does the liver do?", "The liver filters blood. " * 10, id="loop"),
        pytest.param("Tell me everything.", LIVER, id="the whole passage"),
        pytest.param("What is stored?", "It does store vitamin C.", id="a negation left out"),
        pytest.param(
            "What does it produce?",
            "It does not produce 800 to 1000 ml of bile a day, stored in the gallbladder.",
            id="a negation put in",
        ),
        pytest.param("What are the Kupffer cells?", "The Kupffer cells are a kind of cells.", id="nothing new"),
        pytest.param("Does the liver filter blood?", "Does it?", id="asks back"),
    ],
)
def test_a_bad_entry_scores_low(question: str, answer: str) -> None:
    assert scored(question, answer) < 0.5


def test_an_answer_to_another_question_is_not_high() -> None:
    assert band(scored("Why is the sky blue?", FILTERS)) != "high"


def test_what_the_passage_itself_says_is_no_leftover() -> None:
    passage = "The <table> tag holds rows. As an AI language model, a program answers questions."
    assert scored("What does the <table> tag hold?", "The <table> tag holds rows.", passage) >= 0.9


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        pytest.param("What removes what?", "Blood removes the Kupffer cells from bacteria.", id="roles swapped"),
        pytest.param("Does the liver filter blood?", "No.", id="yes for no"),
        pytest.param("Where is bile stored?", "Karl Wilhelm von Kupffer", id="the answer to another question"),
    ],
)
def test_what_fools_the_score_is_known(question: str, answer: str) -> None:
    """Stated in docs/quality.md; when one of these is caught, say so there."""
    assert scored(question, answer) >= 0.75


def test_evidence_that_is_not_in_the_passage_costs() -> None:
    entry = pair("What does the liver filter?", FILTERS)
    lost = replace(entry, evidence=(Evidence("x", None, None, "none"),))
    kept = replace(entry, evidence=(Evidence(FILTERS, 9, 109, "exact"),))
    results = [score(item, LIVER, []).parts["groundedness"] for item in (lost, kept)]
    assert results == [0.8, 1.0]


def test_a_missing_answer_is_seen_when_the_mode_is_known() -> None:
    entry = Entry(number=1, position=0, chunk_id=1, question="What does the liver filter?")
    assert score(entry, LIVER, [], shape=SHAPES["default"]).score == 0
    assert score(entry, LIVER, [], shape=SHAPES["question"]).score >= 0.9


@pytest.mark.parametrize("mode", MODES)
def test_a_good_entry_of_every_mode_scores_high(mode: Mode) -> None:
    texts = {
        "question": "Which cells remove bacteria from the blood?",
        "answer": "The Kupffer cells remove bacteria from the blood.",
        "instruction": "Explain what the Kupffer cells do.",
        "output": "They remove bacteria from the blood.",
        "summary": "The liver filters blood and produces bile.",
    }
    columns = SHAPES[mode].columns
    entry = Entry(
        number=1,
        position=0,
        chunk_id=1,
        key_points=("filters blood",) if "key_points" in columns else None,
        **{name: text for name, text in texts.items() if name in columns},  # type: ignore[arg-type] # texts only
    )
    assert score(entry, LIVER, [], shape=SHAPES[mode]).score >= 0.9
    assert score(entry, LIVER, []).score >= 0.9


def test_the_first_of_two_alike_keeps_its_score() -> None:
    first = pair("What does the liver filter?", FILTERS, 1)
    again = pair("What is it that the liver filters?", FILTERS, 2)
    other = pair("Where is bile stored?", "In the gallbladder", 3)
    entries = [first, again, other]
    kept, repeated, different = (score(entry, LIVER, entries).parts["unique"] for entry in entries)
    assert kept == 1.0
    assert repeated < 0.5
    assert different > 0.9


def test_the_same_question_twice_is_a_repeat() -> None:
    first, again = pair("What is bile?", "A fluid", 1), pair("What is  BILE?", "Stored in the gallbladder", 2)
    assert score(again, LIVER, [first]).score == 0


def test_siblings_in_any_order_give_the_same() -> None:
    entries = [pair(f"What does the {part} do?", FILTERS, number) for number, part in enumerate(["liver", "bile", "C"])]
    assert score(entries[2], LIVER, entries) == score(entries[2], LIVER, entries[::-1])


def test_an_unknown_passage_leaves_groundedness_out() -> None:
    result = score(pair("What is bile?", "A fluid."), None, [])
    assert result.score == 1.0
    assert set(result.parts) == {"well_formed", "self_contained", "answers_question", "not_trivial", "unique"}


def test_a_weight_of_zero_takes_a_part_out() -> None:
    parts = {"groundedness": 0.0, "well_formed": 1.0, "unique": 1.0}
    assert combine(parts, QualityWeights(groundedness=0)) == 1.0
    assert combine(parts, QualityWeights(*[0] * len(PARTS))) == 0.0


def test_weights_have_no_unit() -> None:
    parts = {"groundedness": 0.9, "well_formed": 0.6, "unique": 0.7}
    large, small = QualityWeights(5, 3, 0, 0, 0, 2), QualityWeights(0.5, 0.3, 0, 0, 0, 0.2)
    assert combine(parts, large) == pytest.approx(combine(parts, small)) == pytest.approx(0.77)


@given(st.text(max_size=200), st.text(max_size=200), st.text(max_size=200))
def test_every_score_is_between_zero_and_one(question: str, answer: str, passage: str) -> None:
    entry = pair(question, answer, 2)
    result = score(entry, passage, [pair(answer, question, 1)])
    assert all(0 <= value <= 1 and round(value, 4) == value for value in (result.score, *result.parts.values()))


@pytest.mark.parametrize(
    ("value", "name"), [(1.0, "high"), (0.8, "high"), (0.7999, "medium"), (0.5, "medium"), (0.4999, "low"), (0, "low")]
)
def test_bands(value: float, name: str) -> None:
    assert band(value) == name
