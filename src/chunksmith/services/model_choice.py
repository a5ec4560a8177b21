"""Which model a request means, whether it can be asked, and the ceiling of what it may cost."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from chunksmith.domain.calls import NEEDS_KEY, ModelRef, ProviderAccount
from chunksmith.domain.generation import parse_model
from chunksmith.errors import ProviderNotConfigured
from chunksmith.gateway.pricing import PriceBook
from chunksmith.services.gathering import Gathered
from chunksmith.services.generation_checks import parse_usd

BUILTIN = ModelRef("builtin", "builtin")


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """What there is to choose from: ``model`` is used where none is named, ``models`` are the providers' own."""

    model: str
    models: Mapping[str, str]
    accounts: Mapping[str, ProviderAccount]
    prices: PriceBook

    def named(self, text: str | None, name: str, gathered: Gathered) -> ModelRef:
        """The model that the field ``name`` has; ``builtin`` where it has none that can be: the fault is gathered."""
        with gathered.gathering(name):
            model = parse_model(text or self.model, dict(self.models), f"/{name}")
            self.check_key(model, name, gathered)
            return model
        return BUILTIN

    def check_key(self, model: ModelRef, name: str, gathered: Gathered) -> None:
        if model.provider in NEEDS_KEY and self.accounts[model.provider].api_key is None:
            gathered.refuse(name, ProviderNotConfigured(model.provider))

    def ceiling(
        self, amount: Any, models: Iterable[ModelRef], gathered: Gathered, name: str = "max_cost_usd"
    ) -> int | None:
        """In nano-dollars; None where there is none. A ceiling on a model without a known price is a fault."""
        if amount is None:
            return None
        unpriced = [str(model) for model in dict.fromkeys(models) if self.prices.rates(model) is None]
        if unpriced:
            detail = f"the price of {', '.join(unpriced)} is unknown; set it in the settings, section prices"
            gathered.fault(name, detail)
        with gathered.gathering(name):
            return parse_usd(str(amount), f"/{name}")
        return None
