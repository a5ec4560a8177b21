"""Bodies for the stand-in, one for each provider."""

from typing import Any

import httpx

PASSAGE = "Granite is an igneous rock. It forms from magma that cools slowly. Basalt cools quickly at the surface."
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "entries": {
            "type": "array",
            "maxItems": 2,
            "items": {"type": "object", "properties": {"question": {"type": "string"}, "answer": {"type": "string"}}},
        }
    },
}
PROMPT = f"Ask.\n<passage 0a0a0a0a0a0a>\n{PASSAGE}\n</passage 0a0a0a0a0a0a>"
KEY = {"x-goog-api-key": "k"}
BEARER = {"authorization": "Bearer k"}
GEMINI = "/v1beta/models/gemini-3.5-flash:generateContent"
GROK = "/v1/chat/completions"
QUICK = "grok-4.20-0309-non-reasoning"


def gemini_body(prompt: str = PROMPT, **config: Any) -> dict[str, Any]:
    return {"contents": [{"role": "user", "parts": [{"text": prompt}]}], "generationConfig": config}


def grok_body(**changes: Any) -> dict[str, Any]:
    return {"model": "grok-4.3", "messages": [{"role": "user", "content": PROMPT}], **changes}


def ollama_body(prompt: str = PROMPT, **changes: Any) -> dict[str, Any]:
    return {"model": "llama3.2", "stream": False, "messages": [{"role": "user", "content": prompt}], **changes}


def gemini_text(answer: httpx.Response) -> str:
    text: str = answer.json()["candidates"][0]["content"]["parts"][-1]["text"]
    return text
