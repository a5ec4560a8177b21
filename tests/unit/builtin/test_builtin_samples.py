"""Yield and quality on the shipped samples, read by the real parsers and cut into chunks of about 120 words."""

import re
from functools import cache
from pathlib import Path

import pytest

import chunksmith
from chunksmith.domain.calls import Task
from chunksmith.domain.sentences import spans
from chunksmith.ingest.parsers import parse_file
from chunksmith.providers.builtin.generator import Item, generate
from chunksmith.providers.builtin.grammar.passage import sentences
from measure_builtin import MeasureOptions, table

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = Path(chunksmith.__file__).parent / "samples"
ENGLISH = ("compost.docx", "honeybees.html", "lighthouses.md", "sourdough.txt", "tides.pdf")
FOREIGN = ("kartoffel.de.md", "ryokucha.ja.md")
WH = re.compile(r"(?:^|, )(?:what|who|when|where|why|how|under what condition|until when)\b", re.IGNORECASE)
LEANING = re.compile(
    r"\b(?:this|these|those|(?:above|below)(?! the)|the following|he|she|we|our|here|figure|section)\b", re.I
)
FURNITURE = re.compile(r"(?i:Back to top|Contact|public domain|Page \d)|TIDES AND THE SHORE|\.\.\.|weight =|Fl\(3\)")


@cache
def text_of(name: str) -> str:
    return parse_file(SAMPLES / name, name).text


@cache
def chunks(name: str) -> tuple[str, ...]:
    """Whole sentences of the document, about 120 words to a chunk; a short end joins nothing and is left out."""
    text, found, start, count = text_of(name), [], -1, 0
    for span in spans(text):
        start = span.start if start < 0 else start
        count += len(text[span.start : span.end].split())
        if count >= 120:
            found.append(text[start : span.end])
            start, count = -1, 0
    return tuple(found)


@cache
def entries(name: str) -> tuple[tuple[str, Item], ...]:
    return tuple((chunk, item) for chunk in chunks(name) for item in generate(Task("default", chunk, 4)))


def is_prose(chunk: str) -> bool:
    words = sum(len(sentence.text.split()) for sentence in sentences(chunk))
    return words >= 2 / 3 * len(chunk.split())


@pytest.mark.parametrize("name", ENGLISH)
def test_every_prose_chunk_gives_two_open_questions(name: str) -> None:
    prose = [chunk for chunk in chunks(name) if is_prose(chunk)]
    yields = [sum(item["kind"] != "cloze" for item in generate(Task("default", chunk, 4))) for chunk in prose]
    assert prose
    assert sum(count >= 2 for count in yields) / len(yields) >= 0.9


@pytest.mark.parametrize("name", ENGLISH)
def test_answers_are_verbatim_spans_of_the_quote(name: str) -> None:
    for chunk, item in entries(name):
        assert str(item["answer"]) in str(item["quote"])
        assert str(item["quote"]) in chunk


@pytest.mark.parametrize("name", ENGLISH)
def test_questions_are_well_formed_and_lean_on_nothing(name: str) -> None:
    asked = [str(item["question"]) for _, item in entries(name) if item["kind"] != "cloze"]
    assert [question for question in asked if not (WH.search(question) and question.endswith("?"))] == []
    assert [question for question in asked if LEANING.search(question)] == []


@pytest.mark.parametrize("name", ENGLISH)
def test_questions_of_a_document_differ(name: str) -> None:
    asked = [str(item["question"]).lower() for _, item in entries(name)]
    assert len(asked) == len(set(asked))


@pytest.mark.parametrize("name", ENGLISH)
def test_page_furniture_does_not_reach_an_entry(name: str) -> None:
    assert [item for _, item in entries(name) if FURNITURE.search(f"{item['question']} {item['answer']}")] == []


@pytest.mark.parametrize("name", FOREIGN)
def test_other_languages_give_cloze_items(name: str) -> None:
    items = generate(Task("default", text_of(name), 5))
    assert len(items) == 5
    assert {item["kind"] for item in items} == {"cloze"}
    assert all("_____" in str(item["question"]) and str(item["answer"]) in text_of(name) for item in items)


@pytest.mark.parametrize(
    ("name", "opening"), [("kartoffel.de.md", "Ergänzen Sie die Lücke"), ("ryokucha.ja.md", "空欄を埋めてください")]
)
def test_other_languages_are_addressed_in_their_own(name: str, opening: str) -> None:
    assert all(str(item["question"]).startswith(opening) for item in generate(Task("default", text_of(name), 3)))


@pytest.mark.parametrize("name", [*ENGLISH, *FOREIGN])
def test_summaries_are_sentences_of_the_document_in_its_order(name: str) -> None:
    text = text_of(name)
    [summary] = generate(Task("summarization", text, 1))
    places = [text.index(point) for point in summary["key_points"]]  # type: ignore[attr-defined]
    assert places == sorted(places)
    assert str(summary["quote"]) in text
    assert all(text[span.start : span.end] in text for span in spans(str(summary["summary"])))


@pytest.mark.parametrize("name", ENGLISH)
def test_instructions_can_be_followed_alone(name: str) -> None:
    items = generate(Task("instruction following", text_of(name), 6))
    assert len(items) == 6
    opening = re.compile(r"(?:State|Explain|Summarize)\b|.*, (?:state|explain)\b")
    assert [item for item in items if not opening.match(str(item["instruction"]))] == []


def test_every_figure_on_the_samples_is_the_documented_one() -> None:
    """``docs/builtin.md`` prints the table of ``scripts/measure_builtin.py``; the times differ, the counts must not."""
    printed = (
        (ROOT / "docs" / "builtin.md").read_text(encoding="utf-8").partition("measure_builtin.py`:\n\n```text\n")[2]
    )
    documented = [_without_time(line) for line in printed.partition("\n```")[0].splitlines()]
    assert documented == [_without_time(line) for line in table(SAMPLES, MeasureOptions())]


def _without_time(line: str) -> str:
    return line if line.startswith(("kinds:", "open ")) else line.rsplit(maxsplit=1)[0].rstrip()
