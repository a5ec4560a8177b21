"""What every kind of job works with: the gateway and its prices, the reading of documents, the material."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from chunksmith.domain.benchmarks import Suite
from chunksmith.domain.calls import ProviderAccount
from chunksmith.domain.generation import MODES
from chunksmith.domain.ports import ChatModel, Clock
from chunksmith.gateway.gateway import Gateway
from chunksmith.gateway.pricing import PriceBook, Rates
from chunksmith.pipeline.benchmarks.suites import suite_in
from chunksmith.pipeline.generate import Defaults
from chunksmith.quality.entry_scores import PARTS, QualityWeights
from chunksmith.services.comparing import Comparisons
from chunksmith.services.metrics import Metrics
from chunksmith.services.model_reading import ModelReading
from chunksmith.services.processing import DocumentProcessing
from chunksmith.services.projects import ProjectService
from chunksmith.services.prompts import PromptService
from chunksmith.services.purging import Purging
from chunksmith.services.references import ReferenceService
from chunksmith.services.settling import Settling
from chunksmith.services.sources import Sources
from chunksmith.services.specifying import GenerationDefaults
from chunksmith.services.taxonomies import TaxonomyService
from chunksmith.settings import Settings, shipped
from chunksmith.storage.files import inside
from chunksmith.wiring.stores import Rows


@dataclass
class Core:
    settings: Settings
    root: Path
    accounts: Mapping[str, ProviderAccount]
    models: Mapping[str, ChatModel]
    clock: Clock

    def __post_init__(self) -> None:
        settings, clock = self.settings, self.clock
        rows = self.rows = Rows(self.root, settings.ledger)
        self.prices = PriceBook({name: _rates(price) for name, price in settings.prices.items()}, clock)
        self.gateway = Gateway(
            self.models,
            self.accounts,
            rows.calls,
            self.prices,
            clock,
            attempts=settings.generation.attempts,
            give_up_after_s=settings.generation.give_up_after_s,
            rng=random.Random(),  # noqa: S311 - spreads retries, guards nothing
        )
        self.metrics = Metrics(self.gateway.admissions, rows.jobs, clock)
        self.gateway.sender.observe = self.metrics.call_ended
        self.weights = QualityWeights(*(getattr(settings.quality, f"weight_{part}") for part in PARTS))
        self.writing = Defaults(self.weights, settings.generation.temperature, settings.generation.max_tokens)
        self.defaults = GenerationDefaults(
            settings.default_model(),
            {name: account.model for name, account in self.accounts.items()},
            settings.chunking,
        )
        self.purging = Purging(rows.purge, rows.imports, rows.documents, rows.files, clock)
        reading = ModelReading(self.gateway, rows.reading, settings.parsing, clock)
        self.processing = DocumentProcessing(rows.documents, rows.files, settings.parsing, clock, reading)
        self.projects = ProjectService(rows.projects, self.purging, clock)
        self.prompts = PromptService(rows.prompts, builtin_prompts, clock)
        self.taxonomies = TaxonomyService(rows.taxonomies, self.projects, clock)
        self.comparisons = Comparisons(rows.references, rows.datasets, rows.curation)
        self.references = ReferenceService(rows.references, settings.uploads.max_import_line_bytes, clock)
        self.settling = Settling(rows.versions, rows.frozen, settings.exports.license, clock)
        self.sources = Sources(self.projects, self.taxonomies, rows.extraction_material, rows.chunks, rows.coverage)

    def suite(self, name: str) -> Suite:
        return suite_in(shipped("benchmarks"), name)

    def place(self, relative: str) -> Path:
        """Errors: InvalidRequest for a path that leads out of the data directory, by a link for example."""
        path = inside(self.root, relative)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


def builtin_prompts() -> dict[str, str]:
    """The built-in prompt of each mode, from config/prompts."""
    return {mode: shipped(f"prompts/{mode.replace(' ', '-')}.md").read_text(encoding="utf-8") for mode in MODES}


def _rates(price: object) -> Rates:
    values = {name: getattr(price, name) for name in ("input", "output", "cached")}
    fallback = values["cached"] if values["cached"] is not None else values["input"]
    return Rates(Decimal(str(values["input"])), Decimal(str(values["output"])), Decimal(str(fallback)))
