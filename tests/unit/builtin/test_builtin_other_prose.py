"""Prose of other kinds than manuals, without headings: an encyclopedia, history, law, medicine, news, a story."""

import re
from functools import cache
from pathlib import Path

import pytest

from chunksmith.domain.calls import Task
from chunksmith.providers.builtin.generator import Item, generate

DATA = Path(__file__).resolve().parents[2] / "data" / "builtin"
KINDS = ("encyclopedic", "history", "legal", "medical", "narrative", "news")
LEANING = re.compile(r"\b(?:this|these|he|she|his|her|we|our|here|there|latter|former)\b", re.I)
QUOTED_CONTEXT = re.compile(r".*[.] (?=[A-Z])", re.S)


@cache
def entries(kind: str) -> tuple[Item, ...]:
    text = (DATA / f"{kind}.txt").read_text(encoding="utf-8")
    return tuple(item for passage in text.split("\n\n") for item in generate(Task("default", passage, 3)))


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_prose_gives_entries(kind: str) -> None:
    assert len(entries(kind)) >= 3


@pytest.mark.parametrize("kind", KINDS)
def test_answers_are_verbatim(kind: str) -> None:
    text = (DATA / f"{kind}.txt").read_text(encoding="utf-8")
    assert [item for item in entries(kind) if str(item["answer"]) not in text or str(item["quote"]) not in text] == []


@pytest.mark.parametrize("kind", KINDS)
def test_questions_lean_on_nothing_but_the_context_they_print(kind: str) -> None:
    alone = [
        str(item["question"])
        for item in entries(kind)
        if item["kind"] != "cloze" and not QUOTED_CONTEXT.match(str(item["question"]))
    ]
    assert [question for question in alone if LEANING.search(question)] == []


def test_half_of_the_entries_or_more_are_open_questions() -> None:
    found = [item for kind in KINDS for item in entries(kind)]
    assert sum(item["kind"] != "cloze" for item in found) >= len(found) / 2
