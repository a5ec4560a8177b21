"""Shapes of starting a generation."""

from collections.abc import Mapping
from typing import Any, get_args

from marshmallow import ValidationError, validates_schema

from chunksmith.domain.benchmarks import SUITES
from chunksmith.domain.calls import PROVIDERS
from chunksmith.domain.corpus import CHUNK_STRATEGIES
from chunksmith.domain.curation import MOST_COMPARED, ContaminationAction, Deduplicate
from chunksmith.domain.feedback import MAX_EXAMPLES
from chunksmith.domain.generation import DATA_SOURCES, MAX_PER_CHUNK, MODES
from chunksmith.domain.jobs import MAX_CONCURRENCY
from chunksmith.gateway.budget import usd
from chunksmith.services.estimating import Estimate
from chunksmith.services.generation_checks import faults_of
from chunksmith.web import fields

_MODEL = f"One of {', '.join(PROVIDERS)}, or `<provider>/<model name>`."


def _model(description: str) -> fields.String:
    return fields.String(
        most=200, filled=True, allow_none=True, load_default=None, metadata={"description": f"{description} {_MODEL}"}
    )


def _text(description: str, most: int = 500) -> fields.String:
    return fields.String(
        most=most, filled=True, allow_none=True, load_default=None, metadata={"description": description}
    )


def _compared(description: str) -> fields.List:
    return fields.List(
        fields.String(most=200, filled=True),
        most=MOST_COMPARED,
        load_default=[],
        metadata={"description": f"Ids of datasets and of reference sets (`POST /references`). {description}"},
    )


class SplitRatios(fields.StrictSchema):
    train = fields.Number(required=True, least=0, most=1)
    validation = fields.Number(required=True, least=0, most=1)
    test = fields.Number(required=True, least=0, most=1)


class GenerateIn(fields.StrictSchema):
    project_id = fields.Identifier(required=True, metadata={"description": "Integer id or UUID of the project."})
    data_source = fields.String(
        one_of=DATA_SOURCES, load_default="Chunks Only", metadata={"description": "What a unit of work is made of."}
    )
    extraction_file_id = fields.String(
        most=200,
        allow_none=True,
        load_default=None,
        metadata={"description": "A completed extraction job, for *Extract*; null pools all of the project."},
    )
    selected_categories = fields.List(
        fields.String(most=500),
        most=10_000,
        allow_none=True,
        load_default=None,
        metadata={
            "description": "Names or ids of categories: branches to write for with *Taxonomy*, what was extracted "
            "with *Extract*; nothing to filter with *Chunks Only*."
        },
    )
    prompt_name = fields.String(
        most=200,
        filled=True,
        load_default="default",
        metadata={"description": "A stored prompt, or `default`: the built-in prompt of the mode."},
    )
    custom_prompt = _text("Takes the place of `prompt_name`, and is recorded as `custom`.", 100_000)
    generation_mode = fields.String(
        one_of=MODES,
        load_default="default",
        metadata={
            "description": "What an entry is. `default` and `question and answer` have the same columns and differ by "
            "their built-in prompts; `builtin`, which reads no prompts, gives the same entries for both."
        },
    )
    format_type = fields.String(
        most=50, filled=True, load_default="jsonl", metadata={"description": "One of `GET /formats`."}
    )
    concurrency = fields.Integer(
        least=1, most=MAX_CONCURRENCY, load_default=1, metadata={"description": "Calls of this job in flight at most."}
    )
    batch_size = fields.Integer(
        least=0, most=1_000_000, load_default=50, metadata={"description": "Chunks per output file; 0: one file."}
    )
    include_evaluation_sets = fields.Boolean(
        load_default=False,
        metadata={
            "description": "Every entry gets a `split`. Whole documents (chunks, where there is one document) and "
            "what is nearly alike stay in one split; with fewer than three of them all is train."
        },
    )
    split_ratios = fields.Nested(
        SplitRatios,
        allow_none=True,
        load_default=None,
        metadata={"description": "They add up to 1; null: 0.7, 0.15, 0.15."},
    )
    split_seed = fields.Integer(
        allow_none=True, load_default=None, metadata={"description": "Another seed, other splits; null is 0."}
    )
    taxonomy_project = fields.IdentifierOrName(
        allow_none=True,
        load_default=None,
        metadata={"description": "Whose taxonomy, for *Taxonomy*: id, UUID or name of a project; null is this one."},
    )
    taxonomy_name = _text("Exact name of the taxonomy, for *Taxonomy*; null is the newest.")
    output_dir = fields.String(
        most=200,
        filled=True,
        load_default=".",
        metadata={"description": "A folder under the project's dataset folder; `.` is that folder."},
    )
    analyze_quality = fields.Boolean(
        load_default=True, metadata={"description": "Score every entry and the dataset; see the quality page."}
    )
    quality_threshold = fields.Number(
        least=0,
        most=1,
        allow_none=True,
        load_default=None,
        metadata={
            "description": "The job fails when the dataset's overall score is below; null: no gate. With "
            "`quality_filter` entries below are dropped instead, and null is 0.7."
        },
    )
    quality_filter = fields.Boolean(load_default=False)
    enable_versioning = fields.Boolean(
        load_default=False,
        metadata={
            "description": "What the job makes becomes a version of `dataset_name` in the project: 1.0.0, and the next "
            "minor one for each further run. A job that fails its gate makes none."
        },
    )
    dataset_name = _text("The dataset's name; needed with `enable_versioning`.", 200)
    run_benchmarks = fields.Boolean(
        load_default=False,
        metadata={
            "description": "Afterwards `generation_model` is measured on `benchmark_suite`, on this job's ceilings; "
            "what cannot be run is told in the result (`benchmarks`) and does not fail the job."
        },
    )
    benchmark_suite = fields.String(
        one_of=SUITES,
        load_default="glue",
        metadata={"description": "`dataset`: the entries just made, the split `test` where there are splits."},
    )
    parsing_model = _model("Parses documents that wait to be read.")
    chunking_model = _model("Cuts documents that wait to be cut.")
    classification_model = _model("Gives each entry its category and difficulty; null is `generation_model`.")
    judge_model = _model(
        "Judges each entry on the criteria of its score, with grades and reasons; null: no judge. Whether it counts is "
        "a setting, `quality.weight_judge`.",
    )
    generation_model = _model("Writes the entries; null is `classification_model`, null both the server's default.")
    datasets_per_chunk = fields.Integer(
        least=1, most=MAX_PER_CHUNK, load_default=3, metadata={"description": "Entries per chunk at most, in one call."}
    )
    only_validated = fields.Boolean(
        load_default=False, metadata={"description": "With *Extract* only what a second model, or a person, validated."}
    )
    max_cost_usd = fields.Amount(
        allow_none=True, load_default=None, metadata={"description": "No call starts that could cross it."}
    )
    max_calls = fields.Integer(least=1, allow_none=True, load_default=None)
    reuse = fields.Boolean(
        load_default=True, metadata={"description": "Answer equal requests from the ledger instead of paying again."}
    )
    seed = fields.Integer(least=0, most=2**31 - 1, allow_none=True, load_default=None)
    temperature = fields.Number(least=0, most=2, allow_none=True, load_default=None)
    max_tokens = fields.Integer(
        least=16,
        most=65_536,
        allow_none=True,
        load_default=None,
        metadata={"description": "Of one visible reply; one that is cut off is asked for again with twice as many."},
    )
    audience = _text("Who the dataset is for; into the prompt.")
    purpose = _text("What the dataset is for; into the prompt.")
    domain = _text("The subject area; into the prompt.")
    complexity_level = _text("The complexity to aim at; into the prompt.")
    few_shot = fields.Integer(
        least=0,
        most=MAX_EXAMPLES,
        load_default=0,
        metadata={"description": "Entries of this mode that reviewers approved, shown to the model as examples."},
    )
    deduplicate = fields.String(
        one_of=get_args(Deduplicate),
        load_default="mark",
        metadata={
            "description": "Entries that repeat one before them, exactly or nearly: `mark` them with `duplicate_of`, "
            "`drop` them from lists, counts and downloads as well, or leave them alone (`off`)."
        },
    )
    deduplicate_against = _compared("Entries that repeat something there are duplicates too.")
    contamination_against = _compared("Entries that share long runs of words with it are marked as contaminated.")
    contamination_action = fields.String(
        one_of=get_args(ContaminationAction),
        load_default="mark",
        metadata={"description": "`drop`: contaminated entries are left out of lists, counts and downloads."},
    )
    fill_gaps = fields.Boolean(
        load_default=False,
        metadata={"description": "Only chunks on which no accepted entry of the project's datasets rests."},
    )
    fill_gaps_of = fields.String(
        most=200,
        filled=True,
        allow_none=True,
        load_default=None,
        metadata={"description": "With `fill_gaps`: a dataset of the project; only what this one leaves uncovered."},
    )
    document_ids = fields.documents("Only these documents of the project; null: all.")
    chunk_strategy = fields.String(one_of=CHUNK_STRATEGIES, allow_none=True, load_default=None)
    chunk_size = fields.Integer(least=1, most=1_000_000, allow_none=True, load_default=None)
    chunk_overlap = fields.Integer(least=0, most=1_000_000, allow_none=True, load_default=None)
    chunk_delimiter = fields.String(
        least=1,
        most=1000,
        allow_none=True,
        load_default=None,
        metadata={"description": "Literal text, for the strategy `delimiter`; null: a blank line."},
    )

    @validates_schema(skip_on_field_errors=False)
    def _means_something(self, data: Mapping[str, Any], **_: Any) -> None:
        """The service's own rules, asked here too, so that all faults are told at once."""
        found = faults_of(data)
        if found:
            raise ValidationError({fault.pointer.removeprefix("/"): [fault.detail] for fault in found})


class GenerateEvaluationIn(GenerateIn):
    """Splits are the default here, so that a ``false`` is known to be somebody's wish."""

    include_evaluation_sets = fields.Boolean(
        load_default=True, metadata={"description": "Always true here; `false` is named in `warnings`."}
    )


class GenerateOut(fields.AnswerSchema):
    job_id = fields.String()
    message = fields.String()
    status = fields.String()
    estimated_duration = fields.String()
    dataset_id = fields.String(
        allow_none=True, metadata={"description": "Null when an idempotency key is repeated whose dataset was deleted."}
    )
    warnings = fields.List(fields.String(), metadata={"description": "What was accepted but cannot apply."})


class BetweenOut(fields.AnswerSchema):
    low = fields.Number()
    high = fields.Number()


class CostBetweenOut(fields.AnswerSchema):
    low = fields.Usd()
    high = fields.Usd()


class EstimateOut(fields.AnswerSchema):
    chunks = fields.Nested(BetweenOut)
    calls = fields.Nested(BetweenOut)
    input_tokens = fields.Nested(BetweenOut)
    output_tokens = fields.Nested(BetweenOut)
    cost_usd = fields.Nested(
        CostBetweenOut,
        allow_none=True,
        metadata={"description": "null: a price is unknown, or how many pages a model has to read."},
    )
    duration_s = fields.Nested(BetweenOut)
    rests_on = fields.List(fields.String(), metadata={"description": "Where the numbers come from."})
    warnings = fields.List(fields.String())


def estimate_out(estimate: Estimate) -> dict[str, Any]:
    counted = ("chunks", "calls", "input_tokens", "output_tokens", "duration_s")
    cost = estimate.cost_nano
    return {
        **{name: getattr(estimate, name)._asdict() for name in counted},
        "cost_usd": {"low": usd(int(cost.low)), "high": usd(int(cost.high))} if cost is not None else None,
        "rests_on": list(estimate.rests_on),
        "warnings": list(estimate.warnings),
    }
