"""A stand-in for Gemini, Grok and Ollama on one address: ``python scripts/fake_llm.py --port 0 --latency-ms 50``.

Prints one JSON line with the address when it is ready. Base addresses: Gemini and Ollama that one, Grok with ``/v1``.
``GET /__stats`` tells what was seen; ``POST /__control`` with a JSON object changes any option while it runs.
"""

import argparse
import asyncio
import contextlib
import json
import signal
from typing import Any

import uvloop

from fakellm.options import CONTENT_FAULTS, LATENCIES, WIRE_FAULTS
from fakellm.server import FakeLLM

__all__ = ["FakeLLM"]


def main() -> None:
    uvloop.run(_serve(_arguments()))


async def _serve(chosen: argparse.Namespace) -> None:
    options: dict[str, Any] = {name: value for name, value in vars(chosen).items() if name not in {"host", "port"}}
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with FakeLLM(chosen.host, chosen.port, **options) as fake:
        with contextlib.suppress(BrokenPipeError):
            print(json.dumps({"url": fake.url}), flush=True)
        await stop.wait()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--latency-spread-ms", type=float, default=0.0)
    parser.add_argument("--latency", choices=LATENCIES, default="fixed")
    parser.add_argument(
        "--fast", action="store_true", help="one constant reply of about 600 bytes, nothing is validated"
    )
    parser.add_argument(
        "--no-record", dest="record", action="store_false", help="count, but do not keep bodies' hashes"
    )
    parser.add_argument("--chunked", action="store_true", help="answers in chunked transfer encoding")
    parser.add_argument("--rpm", type=int, help="requests per minute and provider that are let through")
    parser.add_argument("--tpm", type=int, help="prompt tokens per minute and provider that are let through")
    parser.add_argument("--window-s", type=float, default=60.0, help="what a minute is, for the two limits")
    parser.add_argument("--max-concurrency", type=int)
    parser.add_argument("--retry-after-s", type=float, default=1.0)
    parser.add_argument("--gemini-thoughts", type=int, default=0, help="thinking tokens of every Gemini reply")
    parser.add_argument("--ollama-thoughts", type=int, default=32, help="of every Ollama reply of a model that thinks")
    parser.add_argument("--grok-reasoning", type=int, default=0, help="reasoning tokens of every Grok reply")
    parser.add_argument("--no-grok-ticks", dest="grok_ticks", action="store_false")
    parser.add_argument("--ollama-truncates", action="store_true", help="cut long prompts also when told not to")
    parser.add_argument(
        "--fault",
        dest="rates",
        action="append",
        default=[],
        metavar="NAME=RATE",
        help=f"one of {', '.join(sorted(WIRE_FAULTS | CONTENT_FAULTS))}; may be given several times",
    )
    chosen = parser.parse_args()
    chosen.rates = {name: float(rate) for name, _, rate in (item.partition("=") for item in chosen.rates)}
    return chosen


if __name__ == "__main__":
    main()
