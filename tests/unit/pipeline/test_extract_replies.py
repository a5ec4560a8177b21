"""From a model's text to claims and verdicts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunksmith.errors import ReplyUnreadable
from chunksmith.pipeline.extract_replies import claims_schema, read_claims, read_verdicts, verdicts_schema

ITEM = '{"category": "c2", "text": "rye", "confidence": 0.8}'


@pytest.mark.parametrize(
    "text",
    [
        f'{{"items": [{ITEM}]}}',
        f'{{"entries": [{ITEM}]}}',
        f"[{ITEM}]",
        ITEM,
        f'Here you are:\n```json\n{{"items": [{ITEM}]}}\n```\nDone.',
        f'<think>c9 {{"items": []}}</think>{{"items": [{ITEM}]}}',
        f'{{"items": [{ITEM}, ]',
        '{"items": [{"category": "2", "text": "rye", "confidence": "0.8"}]}',
        '{"items": [{"category": 2, "text": " rye ", "confidence": 80}]}',
    ],
    ids=["plain", "entries", "list", "single", "fenced", "thinking", "broken", "texts", "percent"],
)
async def test_a_claim_is_read_however_it_is_wrapped(text: str) -> None:
    (claim,) = (await read_claims(text)).items
    assert (claim.category, claim.text, claim.confidence) == (2, "rye", 0.8)


async def test_what_has_not_the_shape_is_dropped_and_counted() -> None:
    claims = await read_claims(f'{{"items": [{ITEM}, {{"category": "dogs", "text": "rye", "confidence": 1}}, 7]}}')
    assert (len(claims.items), claims.dropped) == (1, 2)


async def test_contexts_are_numbers_of_categories() -> None:
    claims = await read_claims('{"contexts": ["c4", "7", "dogs", null], "items": []}')
    assert (claims.contexts, claims.items) == (frozenset({4, 7}), ())


@pytest.mark.parametrize("text", ["", "nothing to see", "{}", '{"items": "none"}', '{"items": [{"text": "rye"}]}'])
async def test_a_reply_without_any_usable_item_is_unreadable(text: str) -> None:
    with pytest.raises(ReplyUnreadable):
        await read_claims(text)


async def test_verdicts_are_kept_by_item_and_only_for_items_that_were_shown() -> None:
    text = '{"verdicts": [{"item": 1, "valid": true, "confidence": 1}, {"item": 5, "valid": true, "confidence": 1}]}'
    verdicts = await read_verdicts(text, 2)
    assert [(n, one.valid) for n, one in verdicts.items()] == [(1, True)]


async def test_no_verdict_at_all_is_unreadable() -> None:
    with pytest.raises(ReplyUnreadable):
        await read_verdicts('{"verdicts": []}', 2)


@pytest.mark.parametrize(("text", "whole"), [(f'{{"items": [{ITEM}, {ITEM}, {{"category": "c', 2), (f"[{ITEM}", 0)])
async def test_of_a_reply_that_was_cut_off_the_last_item_does_not_count(text: str, whole: int) -> None:
    if whole:
        assert len((await read_claims(text, cut=True)).items) == whole
    else:
        with pytest.raises(ReplyUnreadable, match="cut off"):
            await read_claims(text, cut=True)


@given(st.text(max_size=300))
async def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        await read_claims(text)
    except ReplyUnreadable:
        return


def test_categories_are_offered_by_short_ids() -> None:
    schema = claims_schema([3, 12], [1], 5)
    assert schema["properties"]["items"]["items"]["properties"]["category"]["enum"] == ["c3", "c12"]
    assert schema["properties"]["contexts"]["items"]["enum"] == ["c1"]
    assert "contexts" not in claims_schema([3], [], 5)["properties"]


def test_as_many_verdicts_are_asked_for_as_there_are_items() -> None:
    verdicts = verdicts_schema(4)["properties"]["verdicts"]
    assert (verdicts["minItems"], verdicts["maxItems"]) == (4, 4)
