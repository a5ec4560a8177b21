"""Prompts: what is filled in, what stays text, and passages that are only ever material."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunksmith.domain.calls import Message
from chunksmith.pipeline.prompts import again, fence, render

VALUES = {"count": "3", "audience": "", "purpose": "", "domain": "", "complexity": ""}


def test_placeholders_are_filled() -> None:
    text = render("Write {count} for {audience}.\n{chunk}", "Granite.", VALUES | {"audience": "geologists"})
    assert text == f"Write 3 for geologists.\n{fence('Granite.')}"


@pytest.mark.parametrize("template", ["Ask.", "Ask {what} {} {0} {chunk!r} {{count}", "{", "}", "{{}}", "%s $x"])
def test_every_other_brace_is_text(template: str) -> None:
    text = render(template, "Granite.", VALUES)
    assert text.startswith(fence("Granite."))
    assert text.endswith(template.replace("{count}", "3"))


def test_a_passage_with_placeholders_is_not_filled() -> None:
    passage = "{count} {chunk} {audience} {nothing}"
    assert passage in render("{count}: {chunk}", passage, VALUES)


def test_what_the_template_does_not_name_is_added() -> None:
    text = render("{chunk} Ask.", "x", VALUES | {"audience": "nurses", "domain": "care"})
    assert "Write for this audience: nurses." in text
    assert "The subject area is: care." in text


def test_what_is_named_is_not_added_again() -> None:
    assert render("{chunk} For {audience}.", "x", VALUES | {"audience": "nurses"}).count("nurses") == 1


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_template_and_passage_can_be_rendered(template: str, passage: str) -> None:
    assert fence(passage) in render(template, passage, VALUES)


@given(st.text(max_size=200))
def test_a_passage_cannot_close_its_own_fence(passage: str) -> None:
    opening, *_, closing = fence(passage).split("\n")
    assert closing == "</" + opening[1:]
    assert passage.count(closing) == 0


def test_passages_cannot_share_a_fence() -> None:
    assert fence("a").split("\n")[0] != fence("b").split("\n")[0]


def test_asking_again_says_what_was_wrong_and_repeats_the_question() -> None:
    first = (Message("system", "s"), Message("user", "u"))
    second = again(first, "a {brace} was {problem}")
    assert second[0] == first[0]
    assert second[1].text.startswith("u\n\n")
    assert "a {brace} was {problem}" in second[1].text
