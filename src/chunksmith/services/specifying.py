"""What a generation request means: everything that can be refused is refused here, before anything is started."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from chunksmith.domain.calls import NEEDS_KEY, ModelRef, ProviderAccount
from chunksmith.domain.corpus import ProcessOptions, Project, project_folder
from chunksmith.domain.corpus_ports import ChunkSource, Documents
from chunksmith.domain.curation import SPLIT_RATIOS, SPLITS
from chunksmith.domain.generation import GenerationSpec, Mode, parse_model
from chunksmith.domain.paging import Window
from chunksmith.errors import (
    Fault,
    InvalidRequest,
    NoSourceMaterial,
    NotFound,
)
from chunksmith.gateway.pricing import PriceBook
from chunksmith.pipeline.splits import LEAST_CLUSTERS
from chunksmith.services.comparing import Comparisons
from chunksmith.services.feedback import FewShot
from chunksmith.services.generation_checks import (
    CHUNKING_FIELDS,
    MODEL_FIELDS,
    Draft,
    check_filter,
    check_format,
    check_judge,
    check_overridden,
    check_reading,
    check_splits,
    check_unused_fields,
    check_versioning,
    folder_of,
    no_chunks,
    parse_usd,
    reads_documents,
    what_is_missing,
)
from chunksmith.services.processing import options_of
from chunksmith.services.projects import ProjectService
from chunksmith.services.prompts import PromptService
from chunksmith.services.sources import Chosen, Source, Sources
from chunksmith.settings import ChunkingSettings

FILTER_THRESHOLD = 0.7
PENDING_PAGE = 1000
TAKEN_AS_GIVEN = (
    "data_source generation_mode format_type concurrency batch_size analyze_quality quality_filter "
    "enable_versioning dataset_name datasets_per_chunk max_calls reuse seed temperature max_tokens audience purpose "
    "domain complexity_level few_shot deduplicate contamination_action run_benchmarks benchmark_suite "
    "include_evaluation_sets fill_gaps"
).split()
CUSTOM_PROMPT = "custom"  # what is recorded as the name of a custom_prompt
COMPARED = ("deduplicate_against", "contamination_against")
FOR_MODELS_ONLY = ("temperature", "max_tokens", "audience", "purpose", "domain", "complexity_level")


@dataclass(frozen=True, slots=True)
class GenerationDefaults:
    """From the settings. ``models`` are the providers' default models, ``model`` is used where none is named."""

    model: str
    models: Mapping[str, str]
    chunking: ChunkingSettings


class Specified(NamedTuple):
    """``inputs`` are frozen beside the job; ``source`` is open."""

    project: Project
    spec: GenerationSpec
    inputs: Mapping[str, str]
    source: Source


class _Looked(NamedTuple):
    """What a request was found to mean; ``project`` is None where it is not known."""

    project: Project | None
    chosen: Chosen
    models: dict[str, ModelRef]
    processing: ProcessOptions
    folder: str
    content: str
    max_cost_nano: int | None
    examples: tuple[dict[str, Any], ...]
    compared: dict[str, Any]


class Specifier:
    def __init__(
        self,
        projects: ProjectService,
        prompts: PromptService,
        chunks: ChunkSource,
        documents: Documents,
        accounts: Mapping[str, ProviderAccount],
        prices: PriceBook,
        defaults: GenerationDefaults,
        folder_fault: Callable[[str, str], str | None],
        few_shot: FewShot,
        sources: Sources,
        comparisons: Comparisons,
    ) -> None:
        """``folder_fault(folder, below)`` says why files cannot be put there, None when they can."""
        self._projects = projects
        self._prompts = prompts
        self._chunks = chunks
        self._documents = documents
        self._accounts = accounts
        self._prices = prices
        self._defaults = defaults
        self._folder_fault = folder_fault
        self._few_shot = few_shot
        self._sources = sources
        self._comparisons = comparisons

    async def specify(self, values: Mapping[str, Any]) -> Specified:
        """Errors: InvalidRequest with all faults; TaxonomyInvalid; NotFound; ProviderNotConfigured; NoSourceMaterial;
        Conflict for an extraction that is not completed.
        """
        draft = Draft(values=values)
        looked = await self._look(draft)
        draft.settle()
        project, chosen = looked.project, looked.chosen
        assert project is not None  # noqa: S101 - else there was a fault
        spec = self._spec(draft, project, looked)
        source = await self._sources.open(spec, chosen.inputs)
        await self._check_material(project, spec, source)
        return Specified(project, spec, chosen.inputs, source)

    async def faults(self, values: Mapping[str, Any]) -> list[Fault]:
        """All that is wrong with a request; those of its fields that cannot be read are at their defaults."""
        draft = Draft(values=values)
        await self._look(draft)
        return draft.all_faults()

    async def _look(self, draft: Draft) -> _Looked:
        """At everything, whatever else is wrong: the faults gather in the draft."""
        values, project, chosen = draft.values, None, Chosen()
        if values["project_id"] is not None:
            with draft.gathering("project_id"):
                project = await self._projects.resolve(values["project_id"])
        check_unused_fields(draft)
        models = self._choose_models(draft)
        processing = self._processing(draft)
        unread = False
        if project is not None:
            with draft.gathering("taxonomy_name" if values["data_source"] == "Taxonomy" else "extraction_file_id"):
                chosen = await self._sources.choose(values, project)
            with draft.gathering("document_ids"):
                await self._check_documents(draft, project)
            unread = reads_documents(values["data_source"]) and await self._waits_for_reading(
                project, values["document_ids"]
            )
            check_reading(draft, models, processing, unread)
            with draft.gathering("project_id"):
                await self._check_chunks(draft, project, unread)
        self._check_keys(draft, models, unread)
        check_format(draft)
        check_filter(draft)
        check_judge(draft)
        check_splits(draft)
        check_overridden(draft)
        check_versioning(draft)
        if project is not None and values["include_evaluation_sets"]:
            await self._warn_of_few_groups(draft, project, unread)
        content = ""
        with draft.gathering("prompt_name"):
            content = await self._prompt(draft, models["generation_model"])
        return _Looked(
            project,
            chosen,
            models,
            processing,
            self._folder(draft, project),
            content,
            self._ceiling(draft, _paid(models, unread)),
            await self._examples(draft, project, models["generation_model"]),
            await self._compared(draft, project),
        )

    def _spec(self, draft: Draft, project: Project, looked: _Looked) -> GenerationSpec:
        values, processing = draft.values, looked.processing
        threshold = values["quality_threshold"]
        if threshold is None:
            threshold = FILTER_THRESHOLD if values["quality_filter"] else 0.0
        return GenerationSpec(
            project_id=project.id,
            prompt_name=CUSTOM_PROMPT if values["custom_prompt"] is not None else values["prompt_name"],
            prompt_content=looked.content,
            output_dir=looked.folder,
            quality_threshold=threshold,
            document_ids=tuple(values["document_ids"]) if values["document_ids"] is not None else None,
            max_cost_nano=looked.max_cost_nano,
            warnings=tuple(draft.warnings),
            examples=looked.examples,
            chunk_strategy=processing.chunk_strategy,
            chunk_size=processing.chunk_size,
            chunk_overlap=processing.chunk_overlap,
            chunk_delimiter=processing.chunk_delimiter,
            **looked.chosen.fields,
            **looked.compared,
            **_splits(values),
            **looked.models,
            **{name: values[name] for name in TAKEN_AS_GIVEN},
        )

    async def _examples(self, draft: Draft, project: Project | None, model: ModelRef) -> tuple[dict[str, Any], ...]:
        wanted: int = draft.values["few_shot"]
        if project is None:
            return ()
        found = await self._few_shot.examples(project.id, draft.values["generation_mode"], wanted)
        if wanted and model.provider == "builtin":
            draft.warnings.append("few_shot has no effect: builtin works by rules")
        elif len(found) < wanted:
            draft.warnings.append(f"few_shot: {len(found)} of {wanted}, more entries of this mode are not approved")
        return found

    async def _warn_of_few_groups(self, draft: Draft, project: Project, unread: bool) -> None:
        """Where it is known before the entries are there that they cannot be split."""
        chosen = draft.values["document_ids"]
        documents = (
            len(chosen) if chosen is not None else (await self._documents.page(project.id, Window(), None)).total
        )
        groups = documents if documents > 1 else await self._chunks.count_chunks(project.id, chosen)
        if groups < LEAST_CLUSTERS and not (unread and documents < 2):
            what = "documents" if documents > 1 else "chunks"
            draft.warnings.append(f"include_evaluation_sets: all entries will be in train, {groups} {what} are too few")

    async def _compared(self, draft: Draft, project: Project | None) -> dict[str, Any]:
        """What entries will be compared with, and the dataset whose gaps are meant."""
        found: dict[str, Any] = {}
        named = draft.values["fill_gaps_of"]
        if named is not None and project is not None:
            with draft.gathering("fill_gaps_of"):
                found["fill_gaps_of"] = await self._comparisons.of_project(named, project.id)
        for name in COMPARED:
            with draft.gathering(name):
                found[name] = await self._comparisons.resolve(draft.values[name], f"/{name}")
        return found

    def _choose_models(self, draft: Draft) -> dict[str, ModelRef]:
        """Null generation_model is classification_model, and the other way round; null both is the default."""
        given = {name: self._model(draft, name) for name in MODEL_FIELDS}
        default = parse_model(self._defaults.model, dict(self._defaults.models), "/generation_model")
        generation = given["generation_model"] or given["classification_model"] or default
        classification = given["classification_model"] or generation
        builtin = ModelRef("builtin", "builtin")
        return {
            "parsing_model": given["parsing_model"] or builtin,
            "chunking_model": given["chunking_model"] or builtin,
            "classification_model": classification,
            "generation_model": generation,
            **({"judge_model": given["judge_model"]} if given["judge_model"] is not None else {}),
        }

    def _model(self, draft: Draft, name: str) -> ModelRef | None:
        text = draft.values[name]
        if text is None:
            return None
        with draft.gathering(name):
            return parse_model(text, dict(self._defaults.models), f"/{name}")
        return None

    def _check_keys(self, draft: Draft, models: Mapping[str, ModelRef], unread: bool) -> None:
        """Of the models that will be asked: those that read only where something waits to be read."""
        asked = ["generation_model", *(("parsing_model", "chunking_model") if unread else ())]
        if models["classification_model"].provider != models["generation_model"].provider:
            asked.append("classification_model")
        if "judge_model" in models:
            asked.append("judge_model")
        for name in asked:
            if name == "generation_model" and draft.values[name] is None and draft.values["classification_model"]:
                name = "classification_model"  # what was sent
            provider = models[name].provider
            if provider in NEEDS_KEY and self._accounts[provider].api_key is None:
                draft.missing_key(name, provider)

    def _processing(self, draft: Draft) -> ProcessOptions:
        names = ("parsing_model", "chunking_model", *CHUNKING_FIELDS)
        given = {name: draft.values[name] for name in names if draft.values[name] is not None}
        with draft.gathering("chunk_size"):
            return options_of(given, self._defaults.chunking, self._defaults.models)
        return options_of({}, self._defaults.chunking)

    def _folder(self, draft: Draft, project: Project | None) -> str:
        text = folder_of(draft)
        if project is None:
            return text
        fault = self._folder_fault(project_folder(project.id), text)
        if fault is not None and not any(one.pointer == "/output_dir" for one in draft.faults):
            draft.fault("output_dir", fault)
        return text

    async def _waits_for_reading(self, project: Project, chosen: Sequence[int] | None) -> bool:
        """Whether documents that are meant are uploaded but not chunked yet."""
        after = 0
        while ids := await self._documents.pending(project.id, after, PENDING_PAGE):
            if chosen is None or not set(chosen).isdisjoint(ids):
                return True
            after = ids[-1]
        return False

    async def _check_documents(self, draft: Draft, project: Project) -> None:
        chosen = draft.values["document_ids"]
        if chosen is None:
            return
        unknown = await self._documents.unknown(project.id, chosen)
        if unknown:
            raise NotFound("Document" if len(unknown) == 1 else "Documents", ", ".join(map(str, unknown)))

    async def _check_chunks(self, draft: Draft, project: Project, unread: bool) -> None:
        """Errors: NoSourceMaterial, where that is known before it is known what is meant."""
        chosen = draft.values["document_ids"]
        if unread or not reads_documents(draft.values["data_source"]) or draft.tells("document_ids"):
            return
        if not await self._chunks.has_chunks(project.id, chosen):
            failed = await self._documents.failed(project.id, chosen, 1)
            raise NoSourceMaterial(faults=(no_chunks(chosen, failed),))

    async def _prompt(self, draft: Draft, model: ModelRef) -> str:
        """The template's text. Errors: NotFound for an unknown name, also of a prompt that is not used."""
        custom, name = draft.values["custom_prompt"], draft.values["prompt_name"]
        mode: Mode = draft.values["generation_mode"]
        if model.provider == "builtin" and (custom is not None or name != "default"):
            draft.warnings.append("builtin works by rules: it does not read prompts")
        if model.provider == "builtin":
            unread = [one for one in FOR_MODELS_ONLY if draft.values[one] is not None]
            draft.warnings += [f"{one} has no effect: builtin works by rules" for one in unread]
        prompt = await self._prompts.by_name(mode if name == "default" else name)
        if custom is not None:
            if name != "default":
                draft.warnings.append("prompt_name has no effect: custom_prompt takes its place")
            return str(custom)
        if prompt.generation_mode not in (None, mode):
            draft.fault("prompt_name", f"is for the mode {prompt.generation_mode!r}, not {mode!r}")
        return prompt.content

    def _ceiling(self, draft: Draft, models: Sequence[ModelRef]) -> int | None:
        text = draft.values["max_cost_usd"]
        if text is None:
            return None
        try:
            nano = parse_usd(str(text))
        except InvalidRequest as exc:
            draft.faults.extend(exc.faults)
            return None
        unpriced = ", ".join(str(model) for model in models if self._prices.rates(model) is None)
        if unpriced:
            draft.fault("max_cost_usd", f"the price of {unpriced} is unknown; set it in the settings, section prices")
        return nano

    async def _check_material(self, project: Project, spec: GenerationSpec, source: Source) -> None:
        """Errors: NoSourceMaterial."""
        if reads_documents(spec.data_source) and await self._waits_for_reading(project, spec.document_ids):
            return
        if await source.units(0, 1):
            return
        if spec.fill_gaps and await self._chunks.has_chunks(project.id, spec.document_ids):
            raise NoSourceMaterial("No chunks found for project: there is no gap, accepted entries rest on every chunk")
        raise NoSourceMaterial(faults=(what_is_missing(spec),))


def _paid(models: Mapping[str, ModelRef], unread: bool) -> list[ModelRef]:
    """The models whose calls count against a ceiling."""
    writing = dict.fromkeys((models["generation_model"], models["classification_model"]))
    paid = [model for model in writing if model == models["generation_model"] or model.provider != "builtin"]
    judge = models.get("judge_model")
    if judge is not None and judge.provider != "builtin" and judge not in paid:
        paid.append(judge)
    return [*paid, *((models["parsing_model"], models["chunking_model"]) if unread else ())]


def _splits(values: Mapping[str, Any]) -> dict[str, Any]:
    ratios = values["split_ratios"]
    return {
        "split_ratios": tuple(ratios[name] for name in SPLITS) if ratios is not None else SPLIT_RATIOS,
        "split_seed": values["split_seed"] or 0,
        "for_evaluation": values.get("for_evaluation", False),
    }
