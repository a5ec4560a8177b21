"""Tries one provider with your own key: ``GEMINI_API_KEY=... python scripts/check_provider.py gemini``.

Lists the models, sends one small question with a schema, and prints what came back, its tokens and its price. The key
is read from GEMINI_API_KEY or GOOGLE_API_KEY, XAI_API_KEY or OLLAMA_API_KEY, and is never printed. One run costs far
less than a cent. Exit code 0 when the reply fits the schema, 1 when something failed, 2 when the key is missing.
"""

import argparse
import asyncio
import json
import os
import sys
import time

from chunksmith.domain.calls import ChatReply, ChatRequest, Message, ProviderAccount
from chunksmith.domain.generation import parse_model
from chunksmith.domain.ports import ChatModel
from chunksmith.errors import ProviderError
from chunksmith.providers import registry

KEY_VARIABLES = {
    "gemini": ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    "grok": ("XAI_API_KEY",),
    "ollama": ("OLLAMA_API_KEY",),
}
SHOWN_MODELS = 40
SCHEMA = {
    "type": "object",
    "properties": {
        "entries": {
            "type": "array",
            "minItems": 1,
            "maxItems": 2,
            "items": {
                "type": "object",
                "properties": {"question": {"type": "string"}, "answer": {"type": "string"}},
                "required": ["question", "answer"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["entries"],
    "additionalProperties": False,
}
PROMPT = (
    "Write two questions with their answers about this passage.\n<passage 00c0ffee0000>\n"
    "Water boils at 100 degrees Celsius at sea level. At high altitude the pressure is lower, so water boils sooner.\n"
    "</passage 00c0ffee0000>"
)


def main() -> int:
    chosen = _arguments()
    key = next(filter(None, (os.environ.get(name) for name in KEY_VARIABLES[chosen.provider])), None)
    if key is None and chosen.provider != "ollama":
        print(f"no key: set {' or '.join(KEY_VARIABLES[chosen.provider])}", file=sys.stderr)
        return 2
    default = registry.DEFAULT_BASE_URLS[chosen.provider]
    if chosen.provider == "ollama":
        default = os.environ.get("OLLAMA_HOST") or default
    account = ProviderAccount(
        chosen.provider,
        (chosen.base_url or default,),
        chosen.model or registry.DEFAULT_MODELS[chosen.provider],
        api_key=key,
        timeout_s=chosen.timeout_s,
    )
    return asyncio.run(_check(account))


async def _check(account: ProviderAccount) -> int:
    models = registry.build({account.provider: account})
    try:
        await _show_models(models[account.provider])
        return 0 if await _show_reply(models[account.provider], account) else 1
    except ProviderError as error:
        wait = "" if error.retry_after_s is None else f", wait {error.retry_after_s:g} s"
        print(f"failed: {error.kind} (status {error.status}{wait}): {error.detail}", file=sys.stderr)
        return 1
    finally:
        for model in models.values():
            await model.close()


async def _show_models(model: ChatModel) -> None:
    listed, problems, _ = await model.offer()
    print(f"models ({len(listed)}):")
    for item in listed[:SHOWN_MODELS]:
        limit = "" if item.input_token_limit is None else f"  ({item.input_token_limit:,} tokens in)"
        print(f"  {item.name}{limit}")
    for problem in problems:
        print(f"problem: {problem}", file=sys.stderr)


async def _show_reply(model: ChatModel, account: ProviderAccount) -> bool:
    request = ChatRequest(
        parse_model(account.provider, {account.provider: account.model}, "--model"),
        (Message("system", "You write short questions about a passage."), Message("user", PROMPT)),
        reply_schema=SCHEMA,
        max_tokens=512,
    )
    began = time.monotonic()
    raw = await model.send(request)
    took_s = time.monotonic() - began
    reply = model.decode(request, raw)
    fits = _fits(reply)
    print(f"\n{reply.model} answered in {took_s:.2f} s, finish {reply.finish} {reply.detail}".rstrip())
    print(reply.text)
    usage = reply.usage
    print(f"tokens: {usage.input_tokens} in, {usage.output_tokens} out (thinking {usage.thinking_tokens})")
    if usage.cost_nano_usd is not None:
        print(f"price told by the provider: ${usage.cost_nano_usd / 1e9:.7f}")
    print("the reply fits the schema" if fits else "the reply does NOT fit the schema")
    return fits


def _fits(reply: ChatReply) -> bool:
    try:
        entries = json.loads(reply.text)["entries"]
        return reply.finish == "stop" and all(entry["question"] and entry["answer"] for entry in entries)
    except (ValueError, KeyError, TypeError):
        return False


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("provider", choices=sorted(KEY_VARIABLES))
    parser.add_argument("--model", help="default: the one that chunksmith uses")
    parser.add_argument("--base-url", help="default: the provider's own")
    parser.add_argument("--timeout-s", type=float, default=120.0)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
