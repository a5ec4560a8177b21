"""The request for a page, and what its reply becomes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunksmith.domain.calls import Attachment, ChatReply, ChatRequest, ModelRef, Stage, Usage
from chunksmith.domain.reading import PagePart, joined
from chunksmith.errors import ReplyUnreadable
from chunksmith.pipeline.read_pages import read_page, request_for

MODEL = ModelRef("gemini", "gemini-3.5-flash-lite")
PAGE = Attachment("application/pdf", b"%PDF-1.7 one")


async def read(answer: object) -> str:
    async def ask(request: ChatRequest, stage: Stage) -> ChatReply:
        return ChatReply(json.dumps(answer), "stop", Usage(), MODEL.model)

    return await read_page(ask, MODEL, PAGE)


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("# Title\n\nText.", "# Title\n\nText."),
        ("```markdown\n# Title\n```", "# Title"),
        ("```\ncode\n```\n\nText.", "```\ncode\n```\n\nText."),
        ("", ""),
        ("a\ud800b\x00", "a\ufffdb\ufffd"),
    ],
    ids=["plain", "fenced-as-a-whole", "begins-with-code", "blank", "not-storable"],
)
async def test_the_text_of_a_page(markdown: str, text: str) -> None:
    assert await read({"markdown": markdown}) == text


@pytest.mark.parametrize("answer", [{"text": "x"}, {"markdown": 5}, {"markdown": "x" * 200_001}])
async def test_a_reply_without_text_is_unreadable(answer: object) -> None:
    with pytest.raises(ReplyUnreadable):
        await read(answer)


def test_the_key_of_a_request_covers_its_page() -> None:
    other = Attachment("application/pdf", b"%PDF-1.7 two")
    picture = Attachment("image/jpeg", PAGE.data)
    keys = [request_for(MODEL, page).key() for page in (PAGE, PAGE, other, picture)]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3


def test_the_bytes_of_a_page_are_not_shown() -> None:
    assert "%PDF" not in repr(request_for(MODEL, PAGE))


@given(st.lists(st.text(alphabet="ab \n漢", max_size=12)))
def test_each_part_stands_at_its_offsets(texts: list[str]) -> None:
    parts = [PagePart(page, page, "read", text) for page, text in enumerate(texts, start=1)]
    text, spans = joined(parts)
    assert [(span.page, text[span.start : span.end]) for span in spans] == [
        (part.page, part.text) for part in parts if part.text
    ]
