"""What a call costs. Prices come from the settings, else from the kept price list; what nobody knows is None, not 0."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache

from chunksmith.domain.calls import ModelRef, Usage, model_name
from chunksmith.domain.clock import timestamp
from chunksmith.domain.ports import Clock
from chunksmith.domain.times import day_of

NANO = 1_000_000_000
PER_MILLION = 1_000_000
# Nothing is billed for what runs on the user's own machines.
UNBILLED = frozenset({"builtin", "ollama"})
_LIST_NAMES = {"gemini": "google", "grok": "x-ai"}
# Price lists have steps for long prompts; below this all are in the first.
FIRST_STEP_TOKENS = 100_000
# Models and days: callers name models as they like.
RATES_KEPT = 256


@dataclass(frozen=True, slots=True)
class Rates:
    """USD per million tokens."""

    input: Decimal
    output: Decimal
    cached: Decimal

    def cost_nano(self, input_tokens: int, output_tokens: int, cached_tokens: int = 0) -> int:
        fresh = max(0, input_tokens - cached_tokens)
        usd = fresh * self.input + cached_tokens * self.cached + output_tokens * self.output
        return int((usd * NANO / PER_MILLION).to_integral_value())


class PriceBook:
    """Lists say from which day on a price holds: a call costs what it does on the day, in UTC, on which it was sent.

    ``overrides``: model as ``provider/model`` or ``provider`` → rates, from the settings. ``sent_at`` None: now.
    """

    def __init__(self, overrides: Mapping[str, Rates], clock: Clock) -> None:
        self._overrides = {_own_name(name): rates for name, rates in overrides.items()}
        self._clock = clock
        self._rates_on = lru_cache(RATES_KEPT)(self._look_up)

    def rates(self, model: ModelRef, sent_at: str | None = None) -> Rates | None:
        """Rates for prompts of ordinary length. None when nobody knows."""
        return self._rates_on(model, self._day(sent_at))

    def cost_nano(self, model: ModelRef, usage: Usage, sent_at: str | None = None) -> int | None:
        """The provider's own figure if it gives one, else tokens at list price; None when it cannot be known."""
        if usage.cost_nano_usd is not None:
            return usage.cost_nano_usd
        day = self._day(sent_at)
        rates = self._rates_on(model, day)
        if rates is None or usage.input_tokens is None or usage.output_tokens is None:
            return 0 if rates is not None and not (rates.input or rates.output) else None
        if usage.input_tokens > FIRST_STEP_TOKENS and self._override(model) is None:
            return self._exact(model, day, usage.input_tokens, usage.output_tokens, usage.cached_tokens or 0)
        return rates.cost_nano(usage.input_tokens, usage.output_tokens, usage.cached_tokens or 0)

    def ceiling_nano(
        self, model: ModelRef, input_tokens: int, output_tokens: int, sent_at: str | None = None
    ) -> int | None:
        """The most that a call of this size may cost. None when the price is unknown."""
        return self.cost_nano(model, Usage(input_tokens=input_tokens, output_tokens=output_tokens), sent_at)

    def _day(self, sent_at: str | None) -> str:
        return day_of(sent_at if sent_at is not None else timestamp(self._clock))

    def _override(self, model: ModelRef) -> Rates | None:
        return self._overrides.get(f"{model.provider}/{model.model}") or self._overrides.get(model.provider)

    def _look_up(self, model: ModelRef, day: str) -> Rates | None:
        override = self._override(model)
        if override is not None:
            return override
        if model.provider in UNBILLED:
            return Rates(Decimal(0), Decimal(0), Decimal(0))
        thousand = 1000
        fresh = self._exact(model, day, thousand, 0, 0)
        out = self._exact(model, day, 0, thousand, 0)
        cached = self._exact(model, day, thousand, 0, thousand)
        if fresh is None or out is None or cached is None:
            return None
        scale = Decimal(PER_MILLION) / thousand / NANO
        return Rates(fresh * scale, out * scale, cached * scale)

    def _exact(
        self, model: ModelRef, day: str, input_tokens: int, output_tokens: int, cached_tokens: int
    ) -> int | None:
        import genai_prices  # noqa: PLC0415 - takes 0.4 s, and many never ask for a price

        usage = genai_prices.Usage(
            input_tokens=input_tokens, output_tokens=output_tokens, cache_read_tokens=cached_tokens
        )
        try:
            price = genai_prices.calc_price(
                usage,
                model.model,
                provider_id=_LIST_NAMES[model.provider],
                genai_request_timestamp=datetime.fromisoformat(day).replace(tzinfo=UTC),
            )
        except LookupError:
            return None
        return int((price.total_price * NANO).to_integral_value())


def _own_name(priced: str) -> str:
    provider, slash, model = priced.partition("/")
    return provider + slash + model_name(provider, model)
