"""Pages and pictures on each provider's wire."""

import base64
import json
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from chunksmith.domain.calls import Attachment, ChatRequest, ModelRef, ProviderAccount
from chunksmith.domain.ports import ChatModel
from chunksmith.errors import ProviderError
from chunksmith.pipeline.read_pages import request_for
from chunksmith.providers.gemini import GeminiModel
from chunksmith.providers.grok import GrokModel
from chunksmith.providers.ollama import OllamaModel
from fake_llm import FakeLLM

Account = Callable[..., ProviderAccount]
ADAPTERS: dict[str, Callable[[ProviderAccount], ChatModel]] = {
    "gemini": GeminiModel,
    "grok": GrokModel,
    "ollama": OllamaModel,
}
MODELS = {"gemini": "gemini-3.5-flash-lite", "grok": "grok-4.3", "ollama": "qwen2.5vl"}
PDF = Attachment("application/pdf", b"%PDF-1.7 a page")


def jpeg() -> Attachment:
    stream = BytesIO()
    Image.new("L", (8, 8), 255).save(stream, "JPEG")
    return Attachment("image/jpeg", stream.getvalue())


def page_request(provider: str, page: Attachment, model: str | None = None) -> ChatRequest:
    return request_for(ModelRef(provider, model or MODELS[provider]), page)


async def exchange(provider: str, account: ProviderAccount, request: ChatRequest) -> str:
    model = ADAPTERS[provider](account)
    try:
        return model.decode(request, await model.send(request)).text
    finally:
        await model.close()


async def body_sent(fake: FakeLLM, account: Account, provider: str, page: Attachment) -> dict[str, Any]:
    await exchange(provider, account(provider), page_request(provider, page))
    body: dict[str, Any] = json.loads(fake.stats.seen[-1].body)
    return body


@pytest.mark.parametrize(
    ("provider", "page"), [("gemini", PDF), ("gemini", jpeg()), ("grok", jpeg()), ("ollama", jpeg())]
)
async def test_the_reply_is_about_the_page(account: Account, provider: str, page: Attachment) -> None:
    text = await exchange(provider, account(provider), page_request(provider, page))
    assert json.loads(text)["markdown"].startswith("# Page ")


async def test_gemini_gets_inline_data_before_the_words(fake: FakeLLM, account: Account) -> None:
    body = await body_sent(fake, account, "gemini", PDF)
    (content,) = body["contents"]
    data = base64.b64encode(PDF.data).decode()
    assert content["parts"][0] == {"inlineData": {"mimeType": "application/pdf", "data": data}}
    assert "text" in content["parts"][1]


async def test_grok_gets_a_data_url_before_the_words(fake: FakeLLM, account: Account) -> None:
    page = jpeg()
    body = await body_sent(fake, account, "grok", page)
    shown, words = body["messages"][-1]["content"]
    assert shown["image_url"]["url"] == f"data:image/jpeg;base64,{base64.b64encode(page.data).decode()}"
    assert (shown["type"], words["type"]) == ("image_url", "text")


async def test_ollama_gets_pictures_beside_the_words(fake: FakeLLM, account: Account) -> None:
    page = jpeg()
    body = await body_sent(fake, account, "ollama", page)
    assert body["messages"][-1]["images"] == [base64.b64encode(page.data).decode()]
    assert isinstance(body["messages"][-1]["content"], str)
    assert body["options"]["num_predict"] + 4096 <= body["options"]["num_ctx"]


@pytest.mark.parametrize("provider", ["grok", "ollama"])
async def test_a_pdf_is_not_sent_where_it_is_not_read(fake: FakeLLM, account: Account, provider: str) -> None:
    with pytest.raises(ProviderError) as caught:
        await exchange(provider, account(provider), page_request(provider, PDF))
    assert (caught.value.kind, caught.value.sent, fake.stats.chats) == ("bad_request", False, 0)


async def test_an_ollama_model_that_cannot_see_is_a_permanent_fault(account: Account) -> None:
    with pytest.raises(ProviderError) as caught:
        await exchange("ollama", account("ollama"), page_request("ollama", jpeg(), "llama3.2"))
    assert caught.value.kind == "bad_request"
    assert "choose one with vision" in caught.value.detail


@pytest.mark.parametrize("provider", ADAPTERS)
async def test_a_picture_that_is_none_is_refused(account: Account, provider: str) -> None:
    with pytest.raises(ProviderError) as caught:
        await exchange(provider, account(provider), page_request(provider, Attachment("image/jpeg", b"no picture")))
    assert caught.value.status == 400
