"""What the prompt for a new entry holds, and how much of it at most."""

import json
from dataclasses import replace

import pytest

from chunksmith.domain.calls import ChatRequest, Message, ModelRef
from chunksmith.domain.datasets import Entry
from chunksmith.domain.feedback import Feedback
from chunksmith.domain.regeneration import Edit, Subject
from chunksmith.pipeline import regenerate

OLD = Entry(1, 0, 1, question="What?", answer="It is.")
REQUEST = ChatRequest(ModelRef("ollama", "m"), (Message("system", "s"), Message("user", "u")))


def said(number: int, comments: str | None, rating: int | None = None, *, former: bool = False) -> Feedback:
    return Feedback(number, 1, "quality_issue", comments, rating, None, 1, "", former)


def text_of(subject: Subject, instructions: str | None = None) -> str:
    return regenerate.briefed(REQUEST, subject, instructions).messages[-1].text


def block(text: str, name: str) -> list[dict[str, object]]:
    lines = text.rpartition(f"<{name} ")[2].partition(">\n")[2].partition(f"\n</{name} ")[0]
    return [json.loads(line) for line in lines.splitlines()]


def test_only_what_there_is_is_told() -> None:
    text = text_of(Subject(OLD))
    assert block(text, "entry") == [{"question": "What?", "answer": "It is."}]
    assert not any(f"<{name} " in text for name in ("edits", "feedback", "others"))
    assert regenerate.INSTRUCTIONS not in text


def test_every_part_is_told() -> None:
    edit = Edit({"question": "Who?"}, {"question": "What?"})
    other = replace(OLD, number=2, question="Where?")
    text = text_of(Subject(OLD, [said(2, "vague", 2), said(1, None, 1, former=True)], [edit], [other]), "Be brief.")
    assert block(text, "feedback") == [
        {"type": "quality_issue", "rating": "2 of 5", "comments": "vague"},
        {"type": "quality_issue", "rating": "1 of 5", "about": "an earlier text"},
    ]
    assert block(text, "edits") == [{"was": {"question": "Who?"}, "became": {"question": "What?"}}]
    assert block(text, "others") == [{"question": "Where?", "answer": "It is."}]
    assert text.endswith("Be brief.")


def test_of_many_comments_the_newest_are_told() -> None:
    text = text_of(Subject(OLD, [said(n, f"{n} " + "x" * 900) for n in range(99, 0, -1)]))
    told = [str(one["comments"]).split()[0] for one in block(text, "feedback")]
    assert told == ["99", "98", "97", "96"]


def test_long_texts_are_cut() -> None:
    text = text_of(Subject(replace(OLD, answer="y" * 50_000), [said(1, "z" * 9_000)]))
    assert len(str(block(text, "entry")[0]["answer"])) == regenerate.TEXT_CHARS
    assert str(block(text, "feedback")[0]["comments"]).endswith("…")
    assert len(text) < 10_000


@pytest.mark.parametrize(
    "other",
    [
        Subject(replace(OLD, answer="It was.")),
        Subject(OLD, [said(1, "vague")]),
        Subject(OLD, (), [Edit({"answer": "a"}, {"answer": "b"})]),
        Subject(OLD, (), (), [replace(OLD, number=2)]),
    ],
    ids=["text", "feedback", "edit", "others"],
)
def test_whatever_is_known_makes_another_request(other: Subject) -> None:
    first = regenerate.briefed(REQUEST, Subject(OLD), None)
    assert REQUEST.key() != first.key() != regenerate.briefed(REQUEST, other, None).key()
    assert regenerate.briefed(REQUEST, Subject(OLD), "Be brief.").key() != first.key()
