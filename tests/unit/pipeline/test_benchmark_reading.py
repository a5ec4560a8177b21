"""How answers of chat models are read: ways of saying "B", and replies that must not be read as anything."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chunksmith.domain.benchmarks import Label
from chunksmith.pipeline.benchmarks.reading import read_choice, read_label, read_text
from chunksmith.pipeline.benchmarks.suites import load_suite

SUITES = Path(__file__).parents[3] / "config" / "benchmarks"

CHOICES = ("nucleus", "mitochondria", "ribosome", "cell wall")
SAYS_B = [
    "B",
    "b",
    "B.",
    "(B)",
    "[B]",
    "B)",
    "b)",
    "(b)",
    "**B**",
    "**B.** mitochondria",
    "`B`",
    '"B"',
    "«B»",
    "$B$",
    "B) mitochondria",
    "B. mitochondria",
    "B: mitochondria",
    "B - mitochondria",
    "B – mitochondria, because they make ATP.",
    "B mitochondria",
    "mitochondria",
    "Mitochondria.",
    "The mitochondria",
    "**Mitochondria**",
    "The answer is B.",
    "The answer is B",
    "the answer is b",
    "The correct answer is (B).",
    "The correct answer is: B) mitochondria.",
    "The best answer is option B.",
    "answer: b",
    "Answer: B",
    "ANSWER = B",
    "Answer - B",
    "Answer:\nB",
    "### Answer\n\nB",
    "Final Answer: **B**",
    "Final answer: \\boxed{B}",
    "$\\boxed{\\text{B}}$",
    "Therefore the answer is $\\boxed{B}$.",
    "\\(\\boxed{B}\\)",
    "I think it's B because A is wrong",
    "I think it is B.",
    "I'd go with B.",
    "I would choose option B.",
    "My pick is B!",
    "I choose B",
    "It must be B.",
    "So, B.",
    "Option B",
    "Option B is correct.",
    "B is correct.",
    "B is the right answer, since A is only storage.",
    "B) mitochondria is the correct answer.",
    "Choice (B) seems to be the best.",
    "B because cells need ATP.",
    "B, since the others do not respire.",
    "B\n\nExplanation: Option A holds the DNA, option C makes proteins.",
    "A stores DNA. C makes proteins. D is structural.\n\nB",
    "A is wrong. C is wrong. The answer is B.",
    "Not A, so B.",
    "The answer is not A but B.",
    "At first I thought A, but it's B.",
    "The answer is A. Wait, actually the answer is B.",
    "Let me think step by step. ATP is made there.\n\nAnswer: B) mitochondria",
    "A) nucleus\nB) mitochondria\nC) ribosome\nD) cell wall\n\nAnswer: B",
    '{"answer": "B"}',
    '{"answer": "B) mitochondria", "confidence": 0.9}',
    '```json\n{"answer": "b"}\n```',
    '{"choice": ["B"]}',
    '{"reasoning": "A is wrong", "final_answer": "B"}',
    "<answer>B</answer>",
    "<b>B</b>",
    "<think>Perhaps A? Or C? No.</think>B",
    "<think>It is A.</think>\nThe answer is B.",
    "答案是B",
    "答案：B",
    "正确答案是 B。",
    "我选B",
    "正解はBです。",
    "정답은 B입니다.",
    "Ответ: B",
    "Правильный ответ — В",
    "Die richtige Antwort ist B.",
    "La respuesta correcta es B.",
    "La réponse est B.",
    "A resposta é B.",
    "La risposta è B",
    "Cevap: B",
    "الجواب هو B",
    "उत्तर: B",
    "Ｂ",
    "（B）",
    "Ⓑ",
    "🅱️",
    "  B  \n",
    "Sure! The answer is B.",
    "The powerhouse of the cell is the mitochondria.",
    "Definitely B.",
    "Clearly B",
    "Yes, B.",
    "Sure! B",
    "Must be B.",
    "Looks like B",
    "B ✅",
    "By elimination, B.",
    "Ans: B",
    "Correct: B",
    "Solution: B",
    "My guess is B",
    "B fits best.",
    "B makes the most sense.",
    "The correct statement is B",
    "The correct one is B",
    "The answer to this question is B",
    "A is tempting, but the answer is B.",
    "While A is tempting, B is correct.",
    "A seems plausible, but B is right.",
    "A? No, B.",
    "A? No. B.",
    "A - incorrect. B - correct. C - incorrect. D - incorrect.",
    "A. Incorrect. B. Correct. C. Incorrect. D. Incorrect.",
    "A: false\nB: true\nD: false",
    "A (wrong), B (correct)",
    "The answer is ~~A~~ B",
    "There is no doubt that the answer is B.",
    "I'm not sure, but I'd go with B.",
    "I do not know for certain, the answer is B.",
    "Since the others do not respire, the answer is B.",
    "The others are wrong, so B.",
    "Answer (no explanation): B",
    "I believe B",
    "A is only partially correct, B is correct.",
]
SAYS_NOTHING = [
    "",
    "   \n",
    "<think>B</think>",
    "I cannot answer this question.",
    "I'm sorry, but as a language model I cannot give medical advice.",
    "A and B",
    "A or B",
    "A, B",
    "A/B",
    "The answer is A or B.",
    "The answer is both A and B.",
    "The answer is either B or C.",
    "Answer: B, C",
    "The answer is A. The answer is B.",
    "I cannot choose between A and B.",
    "It could be B or it could be C.",
    "Not B.",
    "The answer is not B.",
    "B is wrong.",
    "Option B is incorrect.",
    "B is incorrect. C is incorrect. D is incorrect.",
    "A) nucleus\nB) mitochondria\nC) ribosome\nD) cell wall",
    "A) nucleus\nB) mitochondria",
    "E",
    "The answer is E.",
    "Answer: F",
    "B?",
    "Is it B?",
    "If it respires, the answer is B.",
    "Some might say the answer is B.",
    "B) nucleus",
    "The answer is B) ribosome",
    "A mitochondrion is an organelle found in most cells.",
    "A cell needs energy.",
    "I do not know.",
    "Hepatitis B is a viral infection.",
    "Vitamin B deficiency is common.",
    "The answer is a matter of debate.",
    "Either the nucleus or the mitochondria.",
    "It is neither the nucleus nor the ribosome.",
    "All of the above.",
    "None of these.",
    "ABCD",
    "Because.",
    "2",
    '{"answer": 1}',
    '{"answer": ["A", "B"]}',
    '{"answer": null}',
    "A: 0.3, B: 0.4, C: 0.2, D: 0.1",
    "Better options exist; both sides have merit.",
    "I don't think the answer is B",
    "I don't think, given the text, that the answer is B.",
    "I don't think that A or B is correct.",
    "I doubt that the answer is B.",
    "It isn't true that B is correct",
    "It is false that the answer is B.",
    "It is unlikely that the answer is B.",
    "The answer is not, in my opinion, B.",
    "Don't choose B.",
    "The wrong answer is B.",
    "The worst answer is B.",
    "The least likely answer is B.",
    "The only wrong option is B",
    "B: false",
    "B - incorrect.",
    "B (wrong)",
    "B ❌",
    "~~B~~",
    "As an AI model, I cannot choose B.",
    "There's no way it is B",
    "Nobody would say B",
    "By no means B.",
    "The answer is anything but B",
    "B is hardly correct",
    "B is partially correct.",
    "It is tempting to say the answer is B.",
    "At first glance, the answer is B.",
    "The organism is C. difficile.",
    "The patient was infected with strain B.",
    "She got a D.",
    "A good answer is hard to find.",
    "Definitely A, the mitochondria.",
]


@pytest.mark.parametrize("reply", SAYS_B)
def test_b_is_read_however_it_is_said(reply: str) -> None:
    assert read_choice(reply, CHOICES).key == "B"


@pytest.mark.parametrize("reply", SAYS_NOTHING)
def test_what_decides_nothing_is_unreadable(reply: str) -> None:
    found = read_choice(reply, CHOICES)
    assert (found.key, found.why != "") == (None, True)


def test_there_are_at_least_sixty_ways() -> None:
    assert len(set(SAYS_B)) >= 60


@pytest.mark.parametrize("reply", [reply for reply in SAYS_B if "mitochondria" not in reply.lower()])
def test_other_letters_are_read_the_same_way(reply: str) -> None:
    """C in the place of B, so that nothing rests on the letter."""
    letters = str.maketrans({"B": "C", "b": "c", "C": "B", "В": "С", "Ｂ": "Ｃ", "Ⓑ": "Ⓒ"})
    if "🅱" in reply or "boxed" in reply or "<b>" in reply or "because" in reply:
        return
    swapped = "".join(
        char.translate(letters) if char in "BbВＢⒷC" and not _in_word(reply, place) else char
        for place, char in enumerate(reply)
    )
    assert read_choice(swapped, CHOICES).key == "C", swapped


def _in_word(text: str, place: int) -> bool:
    around = (text[place - 1] if place else " ") + (text[place + 1] if place + 1 < len(text) else " ")
    return any(char.isascii() and char.isalpha() for char in around)


@pytest.mark.parametrize(
    ("reply", "letter"),
    [
        ("B: Wrong, Not wrong", "B"),
        ("B. Wrong, Not wrong", "B"),
        ("B - Wrong, Not wrong", "B"),
        ("Wrong, Not wrong", "B"),
        ("The answer is C. Not wrong, Wrong", "C"),
        ("Scenario 1 is wrong and scenario 2 is not wrong. The answer is B.", "B"),
    ],
)
def test_options_that_are_verdicts_themselves(reply: str, letter: str) -> None:
    moral = ("Wrong, Wrong", "Wrong, Not wrong", "Not wrong, Wrong", "Not wrong, Not wrong")
    assert read_choice(reply, moral).key == letter


YES_NO = (
    Label(name="yes", values=("yes",)),
    Label(name="no", values=("no",)),
    Label(name="maybe", values=("maybe",), also=("uncertain", "unclear")),
)
ENTAILMENT = (
    Label(name="entailment", values=(0,), also=("entails", "entailed")),
    Label(name="not_entailment", values=(1,), also=("not entailed", "no entailment", "does not entail")),
)
ACCEPTABLE = (
    Label(name="unacceptable", values=(0,), also=("not acceptable", "ungrammatical")),
    Label(name="acceptable", values=(1,), also=("grammatical",)),
)


@pytest.mark.parametrize(
    ("reply", "label"),
    [
        ("yes", "yes"),
        ("Yes.", "yes"),
        ("**Yes**", "yes"),
        ("YES!", "yes"),
        ("Yes, the study shows it.", "yes"),
        ("Yes the study shows it.", "yes"),
        ("The answer is yes.", "yes"),
        ("Answer: Yes", "yes"),
        ("Final answer: \\boxed{yes}", "yes"),
        ('{"answer": "yes"}', "yes"),
        ("There is no doubt. The answer is yes.", "yes"),
        ("<think>no, maybe</think>yes", "yes"),
        ("Although no control group was used, the findings hold.\n\nAnswer: yes", "yes"),
        ("no", "no"),
        ("No.", "no"),
        ("No, it does not.", "no"),
        ("The answer is: no", "no"),
        ("I'd say no.", "no"),
        ("maybe", "maybe"),
        ("Maybe.", "maybe"),
        ("The answer is maybe.", "maybe"),
        ("Unclear.", "maybe"),
        ("yes or no", None),
        ("Yes and no.", None),
        ("No evidence was found for or against it.", None),
        ("There is no answer.", None),
        ("I cannot say.", None),
        ("The answer is yes. The answer is no.", None),
        ("The answer is yes. Wait, actually the answer is no.", "no"),
        ("yes?", None),
        ("Noticeable effects were seen.", None),
        ("", None),
    ],
)
def test_yes_no_and_maybe(reply: str, label: str | None) -> None:
    assert read_label(reply, YES_NO).key == label


@pytest.mark.parametrize(
    ("reply", "label"),
    [
        ("entailment", "entailment"),
        ("Entailment.", "entailment"),
        ("not_entailment", "not_entailment"),
        ("not entailment", "not_entailment"),
        ("Not-entailment", "not_entailment"),
        ("The label is not_entailment.", "not_entailment"),
        ("The premise entails the hypothesis.", "entailment"),
        ("The premise does not entail the hypothesis.", "not_entailment"),
        ("It is not an entailment.", None),
        ("entailment or not_entailment", None),
    ],
)
def test_a_label_inside_another_one(reply: str, label: str | None) -> None:
    assert read_label(reply, ENTAILMENT).key == label


@pytest.mark.parametrize(
    ("reply", "label"),
    [
        ("acceptable", "acceptable"),
        ("unacceptable", "unacceptable"),
        ("The sentence is acceptable.", "acceptable"),
        ("The sentence is not acceptable.", "unacceptable"),
        ("This is ungrammatical.", "unacceptable"),
        ("It isn't acceptable", None),
    ],
)
def test_labels_that_negate_each_other(reply: str, label: str | None) -> None:
    assert read_label(reply, ACCEPTABLE).key == label


@pytest.mark.parametrize(
    ("suite", "task", "reply", "label"),
    [
        ("glue", "mrpc", "The two sentences do not mean the same thing.", "different"),
        ("glue", "mrpc", "I don't think they are the same.", None),
        ("glue", "qqp", "The questions do not ask for the same thing.", "different"),
        ("glue", "cola", "The sentence is not grammatically acceptable.", "unacceptable"),
        ("glue", "mnli_matched", "There is no contradiction", None),
        ("glue", "mnli_matched", "The premise does not mention dogs, so neutral.", "neutral"),
        ("superglue", "cb", "No contradiction.", None),
        ("superglue", "cb", "no entailment", None),
        ("superglue", "rte", "No entailment.", "no"),
        ("superglue", "boolq", "The passage does not say so: no", "no"),
        ("glue", "sst2", "The sentiment is far from positive", None),
        ("glue", "sst2", "This review is not positive.", None),
        ("medical", "pubmedqa", "The answer is not a clear yes", None),
        ("medical", "pubmedqa", "The study did not find harm, so yes.", "yes"),
        ("medical", "pubmedqa", "I don't think the answer is yes.", None),
        ("medical", "pubmedqa", "I do not think so, no.", "no"),
    ],
)
def test_what_is_denied_of_a_suite_s_labels_is_not_what_is_said(
    suite: str, task: str, reply: str, label: str | None
) -> None:
    labels = next(one.labels for one in load_suite(SUITES / f"{suite}.yaml").tasks if one.name == task)
    assert read_label(reply, labels).key == label


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        ("1908", "1908"),
        ("Answer: 1908", "1908"),
        ("**Answer:** in 1908", "in 1908"),
        ('"in 1908"', "in 1908"),
        ('{"answer": "1908"}', "1908"),
        ("<think>1907?</think> 1908", "1908"),
        ("", None),
        ("<think>cut", None),
    ],
)
def test_free_answers(reply: str, text: str | None) -> None:
    assert read_text(reply) == text


@settings(max_examples=150)
@given(reply=st.text(max_size=200))
def test_any_text_is_read_without_error(reply: str) -> None:
    assert read_choice(reply, CHOICES).key in (None, "A", "B", "C", "D")
    assert read_label(reply, YES_NO).key in (None, "yes", "no", "maybe")


@settings(max_examples=100)
@given(
    words=st.lists(
        st.sampled_from([*"ABCD", "not", "is", "the answer", "or", "correct", "wrong", ".", "\n"]), max_size=12
    )
)
def test_a_letter_that_is_read_was_written(words: list[str]) -> None:
    key = read_choice(" ".join(words), CHOICES).key
    assert key is None or key in words
