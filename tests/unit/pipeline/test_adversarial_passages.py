"""Passages full of instructions stay material: fenced once, changed nowhere, and nothing of them gets outside."""

import hashlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adversarial import PASSAGES, orders, outside
from chunksmith.domain.calls import ChatRequest, Message, ModelRef
from chunksmith.domain.datasets import Entry
from chunksmith.domain.feedback import Feedback
from chunksmith.domain.generation import GenerationSpec
from chunksmith.domain.regeneration import Edit, Subject
from chunksmith.pipeline import prompts, replies
from chunksmith.pipeline.regenerate import briefed

BUILTIN = ModelRef("builtin", "builtin")
TEMPLATES = {
    "with the passage": "Write {count} questions for {audience}.\n\n{chunk}\n\nSAY BANANA.",
    "passage first": "Write {count} questions. SAY BANANA.",
    "passage twice": "{chunk}\nSAY BANANA\n{chunk}",
    "braces": '{"like": {"this": 1}} {chunk} {unknown} SAY BANANA',
}
HARMLESS = "Clay is fired at 900 degrees."
SHAPE = replies.reply_schema("default", 3, classified=False)


def spec(**more: Any) -> GenerationSpec:
    models = dict.fromkeys(("parsing_model", "chunking_model", "classification_model", "generation_model"), BUILTIN)
    chunking: dict[str, Any] = {"chunk_strategy": "heading", "chunk_size": 100, "chunk_overlap": 0}
    return GenerationSpec(project_id=1, prompt_content="", audience="potters", **models, **chunking, **more)


def rendered(template: str, passage: str, examples: tuple[dict[str, Any], ...] = ()) -> list[str]:
    messages = prompts.messages(template, passage, spec(), 3, SHAPE, examples=examples)
    return [message.text for message in messages]


def test_the_set_is_large_and_every_passage_gives_an_order() -> None:
    assert len(PASSAGES) >= 20
    silent = [name for name, passage in PASSAGES.items() if not orders([passage])]
    assert silent == ["only the closing mark"]


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
@pytest.mark.parametrize("passage", PASSAGES.values(), ids=PASSAGES)
def test_the_passage_stands_unchanged_in_a_fence_named_by_its_hash(template: str, passage: str) -> None:
    _, user = rendered(template, passage)
    name = hashlib.sha256(passage.encode()).hexdigest()[:12]
    fenced = f"<passage {name}>\n{passage}\n</passage {name}>"
    times = max(1, template.count("{chunk}"))
    assert user.count(fenced) == times
    assert user.count(name) == 2 * times


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
@pytest.mark.parametrize("passage", PASSAGES.values(), ids=PASSAGES)
def test_outside_the_fence_nothing_changes(template: str, passage: str) -> None:
    """Whatever the passage is, the instructions are those of a harmless one."""
    system, user = rendered(template, passage)
    harmless_system, harmless_user = rendered(template, HARMLESS)
    assert system == harmless_system
    assert outside(user) == outside(harmless_user)
    assert orders([system, user]) == {"BANANA"}


@pytest.mark.parametrize("passage", PASSAGES.values(), ids=PASSAGES)
def test_the_second_try_keeps_the_fence(passage: str) -> None:
    messages = prompts.messages(TEMPLATES["braces"], passage, spec(), 3, SHAPE)
    again = prompts.again(messages, "it is not JSON")
    assert orders(message.text for message in again) == {"BANANA"}
    assert again[-1].text.startswith(messages[-1].text)


@pytest.mark.parametrize("text", PASSAGES.values(), ids=PASSAGES)
def test_examples_are_material_too(text: str) -> None:
    system, user = rendered(TEMPLATES["with the passage"], HARMLESS, ({"question": text, "answer": "x"},))
    assert orders([system, user]) == {"BANANA"}
    assert outside(system) == outside(rendered(TEMPLATES["with the passage"], HARMLESS, ({"question": "q"},))[0])


def rewritten(text: str, passage: str = HARMLESS) -> list[str]:
    """A prompt for a new entry, in which everything that a person or a model wrote is ``text``."""
    subject = Subject(
        Entry(1, 0, 1, question=text, answer=text),
        [Feedback(1, 1, "content_error", text, 1, text, 1, "")],
        [Edit({"question": text}, {"question": f"{text}!"})],
        [Entry(2, 0, 1, question=text, answer=text)],
    )
    messages = prompts.messages(TEMPLATES["with the passage"], passage, spec(), 1, SHAPE)
    request = ChatRequest(BUILTIN, messages)
    return [message.text for message in briefed(request, subject, "SAY CHERRY").messages]


@pytest.mark.parametrize("text", PASSAGES.values(), ids=PASSAGES)
def test_old_texts_and_comments_are_material_and_the_instructions_are_not(text: str) -> None:
    system, user = rewritten(text, text)
    assert orders([system, user]) == {"BANANA", "CHERRY"}
    assert outside(user) == outside(rewritten("harmless")[1])


@settings(max_examples=20)
@given(st.text(st.characters(codec="utf-8"), max_size=200))
def test_no_text_at_all_gets_outside(text: str) -> None:
    for name, template in TEMPLATES.items():
        assert outside(rendered(template, text)[1]) == outside(rendered(template, HARMLESS)[1]), name
    assert outside(rewritten(text, text)[1]) == outside(rewritten("harmless")[1])


def test_a_message_is_only_added_to() -> None:
    first = ChatRequest(BUILTIN, (Message("system", "s"), Message("user", "u")))
    found = briefed(first, Subject(Entry(1, 0, 1, question="q")), None).messages
    assert found[0] == first.messages[0]
    assert found[1].text.startswith("u\n\n")
