"""What a generation job is asked to do."""

from dataclasses import dataclass
from typing import Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, model_validator

from chunksmith.domain.calls import PROVIDERS, ModelRef, model_name
from chunksmith.domain.corpus import ChunkStrategy, ProcessOptions
from chunksmith.domain.curation import SPLIT_RATIOS, ContaminationAction, Deduplicate
from chunksmith.errors import InvalidRequest

Mode = Literal["default", "instruction following", "question and answer", "question", "answer", "summarization"]
MODES: tuple[Mode, ...] = get_args(Mode)
DataSource = Literal["Chunks Only", "Taxonomy", "Extract"]
DATA_SOURCES: tuple[DataSource, ...] = get_args(DataSource)
PLACEHOLDERS = ("chunk", "taxonomy", "entities", "count", "audience", "purpose", "domain", "complexity")
MAX_PER_CHUNK = 50


@dataclass(frozen=True, slots=True)
class ModeShape:
    """Which text fields a mode's entries have, in the order of the export columns.

    ``columns`` are the training columns; ``required`` must have text for an entry to be well-formed;
    ``grounded`` must be covered by the passage.
    """

    columns: tuple[str, ...]
    required: tuple[str, ...]
    grounded: str


SHAPES: dict[Mode, ModeShape] = {
    "default": ModeShape(("question", "answer"), ("question", "answer"), "answer"),
    "question and answer": ModeShape(("question", "answer"), ("question", "answer"), "answer"),
    "instruction following": ModeShape(("instruction", "input", "output"), ("instruction", "output"), "output"),
    "question": ModeShape(("question",), ("question",), "question"),
    "answer": ModeShape(("answer",), ("answer",), "answer"),
    "summarization": ModeShape(("summary", "key_points"), ("summary",), "summary"),
}


class GenerationSpec(BaseModel):
    """One request for a dataset, frozen when the job is submitted. Fields as in the API; models are resolved.

    Units: ``concurrency`` calls in flight; ``batch_size`` chunks per file, 0 = one file; ``quality_threshold`` 0…1.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    project_id: int
    data_source: DataSource = "Chunks Only"
    taxonomy_name: str | None = None  # of the taxonomy that is frozen beside the job
    taxonomy_id: str | None = None  # its UUID
    extraction_file_id: str | None = None
    extraction_jobs: tuple[int, ...] = ()  # rows of the extractions that are pooled
    extraction_categories: dict[int, tuple[int, ...]] | None = None  # numbers that are chosen, by extraction
    selected_categories: tuple[str, ...] | None = None
    only_validated: bool = False
    prompt_name: str = "default"  # "custom" for a custom_prompt
    prompt_content: str  # the text of custom_prompt, or of prompt_name at the time of submission
    generation_mode: Mode = "default"
    format_type: str = "jsonl"
    concurrency: int = 1
    batch_size: int = 50
    output_dir: str = "."
    analyze_quality: bool = True
    quality_threshold: float = 0.0
    quality_filter: bool = False
    enable_versioning: bool = False
    dataset_name: str | None = None
    parsing_model: ModelRef
    chunking_model: ModelRef
    classification_model: ModelRef
    generation_model: ModelRef
    judge_model: ModelRef | None = None
    datasets_per_chunk: int = 3
    document_ids: tuple[int, ...] | None = None
    chunk_strategy: ChunkStrategy
    chunk_size: int
    chunk_overlap: int
    chunk_delimiter: str | None = None
    max_cost_nano: int | None = None
    max_calls: int | None = None
    reuse: bool = True
    seed: int | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    audience: str | None = None
    purpose: str | None = None
    domain: str | None = None
    complexity_level: str | None = None
    few_shot: int = 0
    run_benchmarks: bool = False
    benchmark_suite: str = "glue"
    examples: tuple[dict[str, Any], ...] = ()  # approved entries as they were at submission: their texts, and chunk_id
    deduplicate: Deduplicate = "mark"
    deduplicate_against: tuple[str, ...] = ()  # datasets and reference sets
    contamination_against: tuple[str, ...] = ()
    contamination_action: ContaminationAction = "mark"
    include_evaluation_sets: bool = False
    split_ratios: tuple[float, float, float] = SPLIT_RATIOS  # train, validation, test
    split_seed: int = 0
    fill_gaps: bool = False  # only chunks on which no accepted entry rests
    fill_gaps_of: str | None = None  # of this dataset; None: of any of the project
    for_evaluation: bool = False  # the prompt asks for all kinds of questions
    warnings: tuple[str, ...] = ()  # what was accepted but cannot apply

    @model_validator(mode="after")
    def _rules_across_fields(self) -> Self:
        if self.quality_filter and not self.analyze_quality:
            raise InvalidRequest.field("/quality_filter", "needs analyze_quality: true, there is no score without it")
        return self

    @property
    def second_classifier(self) -> ModelRef | None:
        """The model that labels what another one wrote; None where the writer does, or the rules."""
        model = self.classification_model
        return model if model.provider != "builtin" and model != self.generation_model else None

    @property
    def judge(self) -> ModelRef | None:
        """The model that judges the entries; None without one, and for rules, which have judged them already."""
        return self.judge_model if self.judge_model is not None and self.judge_model.provider != "builtin" else None

    def examples_for(self, chunk_id: int) -> list[dict[str, Any]]:
        """Texts of the newest of those that are about other passages."""
        others = [one for one in self.examples if one.get("chunk_id") != chunk_id][: self.few_shot]
        return [{name: text for name, text in one.items() if name != "chunk_id"} for one in others]

    def process_options(self) -> ProcessOptions:
        """For documents that have to be read first."""
        return ProcessOptions(
            parsing_model=str(self.parsing_model),
            chunking_model=str(self.chunking_model),
            chunk_strategy=self.chunk_strategy,
            chunk_size=self.chunk_size,
            chunk_overlap=self.chunk_overlap,
            chunk_delimiter=self.chunk_delimiter,
        )

    def summary(self) -> dict[str, Any]:
        """The settings as they are shown with the dataset and written into exports."""
        shown = self.model_dump(
            exclude_none=True,
            exclude={"prompt_content", "concurrency", "max_calls", "max_cost_nano", "warnings", "examples"}
            | {"extraction_jobs", "extraction_categories"}
            | (set() if self.run_benchmarks else {"run_benchmarks", "benchmark_suite"}),
        )
        for name in ("parsing_model", "chunking_model", "classification_model", "generation_model"):
            shown[name] = str(getattr(self, name))
        if self.judge_model is not None:
            shown["judge_model"] = str(self.judge_model)
        return shown


def parse_model(text: str, defaults: dict[str, str], pointer: str) -> ModelRef:
    """``grok`` or ``grok/grok-4.3``. A model's own name may contain slashes and colons.

    Errors: InvalidRequest naming the providers.
    """
    provider, slash, named = text.strip().partition("/")
    model = model_name(provider, named)
    if provider not in PROVIDERS or (provider == "builtin" and model not in ("", "builtin")):
        raise InvalidRequest.field(
            pointer, f"unknown model {text!r}; known: {', '.join(PROVIDERS)}, <provider>/<model>"
        )
    if (slash and not model) or any(char.isspace() or not char.isprintable() for char in model):
        raise InvalidRequest.field(
            pointer, f"{text!r} names no model of {provider}: send {provider}, or {provider}/<model>"
        )
    return ModelRef(provider, model or model_name(provider, defaults.get(provider, provider)))
