"""What a dataset was made with. The meaning of each setting stands with the request, in ``GenerateIn``."""

from typing import Any, get_args

from chunksmith.domain.benchmarks import SUITES
from chunksmith.domain.corpus import CHUNK_STRATEGIES
from chunksmith.domain.curation import SPLITS, ContaminationAction, Deduplicate
from chunksmith.domain.generation import DATA_SOURCES, MODES
from chunksmith.web import fields
from chunksmith.web.schemas.scores import Score

GIVEN = {"optional": True}  # a field that is there when it was given


class DatasetSettingsOut(fields.AnswerSchema):
    project_id = fields.Integer()
    data_source = fields.String(one_of=DATA_SOURCES)
    taxonomy_name = fields.String(metadata=GIVEN)
    taxonomy_id = fields.String(metadata=GIVEN)
    extraction_file_id = fields.String(metadata=GIVEN)
    selected_categories = fields.List(fields.String(), metadata=GIVEN)
    only_validated = fields.Boolean()
    prompt_name = fields.String(metadata={"description": "`custom`: a `custom_prompt`."})
    prompt_hash = fields.String(metadata={"description": "SHA-256 of the template."})
    generation_mode = fields.String(one_of=MODES)
    format_type = fields.String()
    batch_size = fields.Integer()
    output_dir = fields.String()
    analyze_quality = fields.Boolean()
    quality_threshold = Score()
    quality_filter = fields.Boolean()
    enable_versioning = fields.Boolean()
    dataset_name = fields.String(metadata=GIVEN)
    parsing_model = fields.String()
    chunking_model = fields.String()
    classification_model = fields.String()
    generation_model = fields.String()
    judge_model = fields.String(metadata=GIVEN)
    datasets_per_chunk = fields.Integer()
    document_ids = fields.List(fields.Integer(), metadata=GIVEN)
    has_documents = fields.Boolean(metadata=GIVEN)
    chunk_strategy = fields.String(one_of=CHUNK_STRATEGIES)
    chunk_size = fields.Integer()
    chunk_overlap = fields.Integer()
    chunk_delimiter = fields.String(metadata=GIVEN)
    reuse = fields.Boolean()
    seed = fields.Integer(metadata=GIVEN)
    temperature = fields.Number(metadata=GIVEN)
    max_tokens = fields.Integer(metadata=GIVEN)
    audience = fields.String(metadata=GIVEN)
    purpose = fields.String(metadata=GIVEN)
    domain = fields.String(metadata=GIVEN)
    complexity_level = fields.String(metadata=GIVEN)
    few_shot = fields.Integer()
    run_benchmarks = fields.Boolean(metadata=GIVEN)
    benchmark_suite = fields.String(one_of=SUITES, metadata=GIVEN)
    deduplicate = fields.String(one_of=get_args(Deduplicate))
    deduplicate_against = fields.List(fields.String())
    contamination_against = fields.List(fields.String())
    contamination_action = fields.String(one_of=get_args(ContaminationAction))
    include_evaluation_sets = fields.Boolean()
    split_ratios = fields.List(
        Score(), least=len(SPLITS), most=len(SPLITS), metadata={"description": f"Of {', '.join(SPLITS)}."}
    )
    split_seed = fields.Integer()
    fill_gaps = fields.Boolean()
    fill_gaps_of = fields.String(metadata=GIVEN)
    for_evaluation = fields.Boolean(metadata={"description": "Asked for by `/datasets/generate-evaluation`."})


class SettingValue(fields.AnyValue):
    """Of any of the settings; null where it was not given."""

    def __init__(self) -> None:
        kinds: list[dict[str, Any]] = [{"type": kind} for kind in ("string", "number", "boolean", "null")]
        several = {"type": "array", "items": {"type": ["string", "number"]}}
        super().__init__(allow_none=True, metadata={"anyOf": [*kinds, several]})


class SettingChangeOut(fields.AnswerSchema):
    before = SettingValue()
    after = SettingValue()
