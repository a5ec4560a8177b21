"""What can be set, from the command line, from a test or while it runs."""

from dataclasses import dataclass, field, fields
from typing import Any, get_args

from fakellm.messages import ContentFault, WireFault

WIRE_FAULTS = frozenset(get_args(WireFault))
CONTENT_FAULTS = frozenset(get_args(ContentFault))
LATENCIES = ("fixed", "uniform", "lognormal")


@dataclass
class Options:
    """All of it may change while the server runs (``POST /__control``).

    ``rates``: fault to probability. Wire faults are drawn by the order of requests, content faults by what is asked,
    so that the same question has the same reply. ``script``: number of a chat request, from 1, to fault ("" is none);
    ``script`` wins over ``rates``, and a marker ``FAULT:name`` or ``FAULT:name*2`` (twice for that body) in the prompt
    wins over both. Limits hold for each provider by itself; a request above one is refused and counted.
    ``gemini_thoughts``, ``grok_reasoning``, ``ollama_thoughts``: tokens of thinking of every reply of a model that can
    think, where the request does not forbid it.
    ``hold_from``: number of the chat request, from 1, from which on replies wait for ``let_go``; None lets all go.
    ``more_models``: names that Gemini and Grok know beside those they offer.
    ``known``: text that stands in a prompt to the right reply and a wrong one; a share of ``accuracy`` of the prompts,
    by what is asked, gets the right one.
    """

    seed: int = 0
    latency_ms: float = 0.0
    latency_spread_ms: float = 0.0
    latency: str = "fixed"
    hold_from: int | None = None
    fast: bool = False
    chunked: bool = False
    record: bool = True
    rates: dict[str, float] = field(default_factory=dict)
    script: dict[int, str] = field(default_factory=dict)
    retry_after_s: float = 1.0
    rpm: int | None = None
    tpm: int | None = None
    window_s: float = 60.0
    max_concurrency: int | None = None
    keys: list[str] = field(default_factory=list)
    more_models: list[str] = field(default_factory=list)
    gemini_thoughts: int = 0
    ollama_thoughts: int = 32
    gemini_input_limit: int = 1_048_576
    grok_ticks: bool = True
    grok_reasoning: int = 0
    ollama_models: list[str] = field(
        default_factory=lambda: ["llama3.2:latest", "qwen3:latest", "gpt-oss:latest", "qwen2.5vl:latest"]
    )
    ollama_truncates: bool = False
    ollama_window: int | None = None
    drip_ms: float = 20.0
    known: dict[str, tuple[str, str]] = field(default_factory=dict)
    accuracy: float = 1.0

    def update(self, changes: dict[str, Any]) -> None:
        """Errors: ValueError naming what does not exist."""
        known = {item.name for item in fields(self)}
        unknown = sorted(set(changes) - known)
        faults = {*changes.get("rates", {}), *filter(None, changes.get("script", {}).values())}
        unknown += sorted(faults - WIRE_FAULTS - CONTENT_FAULTS)
        if changes.get("latency", "fixed") not in LATENCIES:
            unknown.append(str(changes["latency"]))
        if unknown:
            raise ValueError(f"unknown: {', '.join(unknown)}")
        for name, value in changes.items():
            setattr(self, name, {int(n): fault for n, fault in value.items()} if name == "script" else value)

    def accepts_key(self, key: str) -> bool:
        """Any key but one that begins with ``wrong``, unless keys are named."""
        return key in self.keys if self.keys else not key.startswith("wrong")
