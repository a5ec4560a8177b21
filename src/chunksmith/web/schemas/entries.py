"""Shapes of entries, and of what chooses them."""

from typing import Any, get_args

from marshmallow import INCLUDE

from chunksmith.domain.corpus import chunk_name
from chunksmith.domain.curation import LEFT_OUT, SPLITS
from chunksmith.domain.datasets import DIFFICULTIES, Dataset, Entry, MatchKind
from chunksmith.domain.entry_query import SORTS, EntryQuery
from chunksmith.services.datasets import EntryDetail
from chunksmith.web import fields
from chunksmith.web.schemas.figures import DistributionOut
from chunksmith.web.schemas.provenance import ProvenanceOut, provenance_out
from chunksmith.web.schemas.scores import ComponentsOut, JudgeOut, QualityNotesOut, Score

ENTRY_STATUSES = ("accepted", "rejected", "edited", "regenerated")
MARKS = ("left_out", "duplicate", "contaminated")
ALWAYS_SHOWN = ("question", "answer")
MATCHES: tuple[MatchKind, ...] = get_args(MatchKind)


def _left_out() -> fields.String:
    description = (
        "Only entries that are left out, for this reason. Without it, and without the status `rejected`, nothing that "
        "is left out is given."
    )
    return fields.String(one_of=(*LEFT_OUT, "any"), load_default=None, metadata={"description": description})


def _marked(what: str) -> fields.Boolean:
    return fields.Boolean(
        load_default=None, metadata={"description": f"true: only entries that {what}; false: only the others."}
    )


class EvidenceOut(fields.AnswerSchema):
    quote = fields.String()
    start = fields.Integer(allow_none=True, metadata={"description": "Character offset into the stored chunk text."})
    end = fields.Integer(allow_none=True)
    match = fields.String(one_of=MATCHES)


class ContaminationOut(fields.AnswerSchema):
    source = fields.String(metadata={"description": "The text of other data: `dataset_…/entry_3`, `reference_1/12`."})
    share = fields.Number(
        least=0, most=1, metadata={"description": "Of its runs of words, that are in the other text too."}
    )
    words = fields.Integer(least=0, metadata={"description": "In a row, that both have."})


class StoredMetadataOut(fields.AnswerSchema):
    """What an editor added, and who wrote a text that was regenerated."""

    class Meta:
        unknown = INCLUDE

    model = fields.String(metadata={"optional": True})
    provider = fields.String(metadata={"optional": True})
    prompt_hash = fields.String(metadata={"optional": True})


class EntryMetadataOut(StoredMetadataOut):
    """With whatever an editor added."""

    model = fields.String()
    provider = fields.String()
    prompt_hash = fields.String(metadata={"description": "SHA-256 of the template."})
    chunk_id = fields.String()
    document_id = fields.Integer(allow_none=True)
    document_name = fields.String(allow_none=True)
    taxonomy_path = fields.List(
        fields.String(),
        allow_none=True,
        metadata={"description": "Names from level 1 down to the category; null where it is in no taxonomy."},
    )
    taxonomy_level = fields.Integer(allow_none=True)
    category_id = fields.String(allow_none=True, metadata={"description": "Of the category in its taxonomy."})
    generated_at = fields.Timestamp()
    quality = fields.Nested(
        ComponentsOut, allow_none=True, metadata={"description": "Components of the score; null when not scored."}
    )
    quality_notes = fields.Nested(
        QualityNotesOut, allow_none=True, metadata={"description": "What the score saw; null when not scored."}
    )
    judge = fields.Nested(
        JudgeOut, allow_none=True, metadata={"description": "What a model that judged it said; null without one."}
    )
    repaired = fields.Boolean(metadata={"description": "The model's reply had to be repaired to be read."})


class TextsOut(fields.AnswerSchema):
    """Those that the mode has."""

    question = fields.String(metadata={"optional": True})
    answer = fields.String(metadata={"optional": True})
    instruction = fields.String(metadata={"optional": True})
    input = fields.String(metadata={"optional": True})
    output = fields.String(metadata={"optional": True})
    summary = fields.String(metadata={"optional": True})
    key_points = fields.List(fields.String(), metadata={"optional": True})


class EntryOut(TextsOut):
    id = fields.String()
    question = fields.String(allow_none=True)
    answer = fields.String(allow_none=True)
    category = fields.String(allow_none=True)
    quality_score = Score(allow_none=True)
    difficulty = fields.String(allow_none=True, one_of=DIFFICULTIES)
    source_chunk = fields.String()
    split = fields.String(allow_none=True, one_of=SPLITS)
    status = fields.String(one_of=ENTRY_STATUSES)
    duplicate_of = fields.String(
        allow_none=True,
        metadata={
            "description": "The first text that it repeats: `entry_3`, `dataset_…/entry_3`, or `reference_1/12` (line)."
        },
    )
    left_out = fields.String(
        allow_none=True,
        one_of=LEFT_OUT,
        metadata={"description": "Why it is in no list, count or download unless it is asked for; it is `rejected`."},
    )
    contamination = fields.Nested(
        ContaminationOut, allow_none=True, metadata={"description": "What it has in common with other data."}
    )
    evidence = fields.List(fields.Nested(EvidenceOut))
    metadata = fields.Nested(EntryMetadataOut)


class FormerEntryOut(TextsOut):
    category = fields.String(allow_none=True)
    category_id = fields.String(allow_none=True, metadata={"optional": True})
    taxonomy_path = fields.List(fields.String(), allow_none=True, metadata={"optional": True})
    difficulty = fields.String(allow_none=True, one_of=DIFFICULTIES)
    quality_score = Score(allow_none=True)
    metadata = fields.Nested(StoredMetadataOut)
    status = fields.String(one_of=ENTRY_STATUSES)
    evidence = fields.List(fields.String(), metadata={"optional": True, "description": "The quotes."})
    call_id = fields.Integer(
        allow_none=True, metadata={"optional": True, "description": "The ledger's call that wrote it."}
    )


class ComparedEntryOut(TextsOut):
    """What is compared of an entry."""

    id = fields.String()
    category = fields.String(allow_none=True)
    difficulty = fields.String(allow_none=True, one_of=DIFFICULTIES)
    quality_score = Score(allow_none=True)
    split = fields.String(allow_none=True, one_of=SPLITS)
    status = fields.String(one_of=ENTRY_STATUSES)
    evidence = fields.List(fields.Nested(EvidenceOut))
    duplicate_of = fields.String(allow_none=True)
    contamination = fields.Nested(ContaminationOut, allow_none=True)
    metadata = fields.Nested(StoredMetadataOut)


class RevisionOut(fields.AnswerSchema):
    revision = fields.Integer()
    entry = fields.Nested(FormerEntryOut, metadata={"description": "The fields as they were."})
    change = fields.String()
    editor = fields.String(allow_none=True)
    feedback = fields.String(allow_none=True)
    replaced_at = fields.Timestamp()


class EntryDetailOut(EntryOut):
    revision = fields.Integer()
    history = fields.List(fields.Nested(RevisionOut))
    provenance = fields.Nested(ProvenanceOut)


class PageQualityOut(fields.AnswerSchema):
    average_score = Score(allow_none=True)
    distribution = fields.Nested(DistributionOut)


class EntryFilters(fields.QuerySchema):
    """Which entries are meant."""

    filter_quality = fields.Number(
        least=0, most=1, load_default=None, metadata={"description": "Only entries that score at least this."}
    )
    min_groundedness = fields.Number(
        least=0, most=1, load_default=None, metadata={"description": "Only entries grounded at least this well."}
    )
    evidence = fields.String(
        one_of=MATCHES,
        load_default=None,
        metadata={
            "description": "Only entries whose weakest quote was found in this way; `none` also finds those without "
            "any quote."
        },
    )
    category = fields.String(most=500, load_default=None, metadata={"description": "Only this category."})
    split = fields.String(one_of=SPLITS, load_default=None, metadata={"description": "Only this split."})
    status = fields.String(
        one_of=ENTRY_STATUSES, load_default=None, metadata={"description": "Only entries in this state."}
    )
    difficulty = fields.String(
        one_of=DIFFICULTIES, load_default=None, metadata={"description": "Only this difficulty."}
    )
    q = fields.String(
        least=1, most=200, load_default=None, metadata={"description": "Text that the entry contains, in any case."}
    )
    left_out = _left_out()
    duplicate = _marked("repeat another one")
    contaminated = _marked("are contaminated")


class EntriesQuery(fields.CursorQuery, EntryFilters):
    sort_by = fields.String(
        one_of=SORTS,
        load_default="id",
        metadata={"description": "Ties by id; what has no value (not scored, no category) counts as the smallest."},
    )
    order = fields.String(
        one_of=("asc", "desc"),
        load_default=None,
        metadata={"description": "Default: best first for quality, else ascending."},
    )


class EntriesOut(fields.AnswerSchema):
    entries = fields.List(fields.Nested(EntryOut))
    total = fields.Integer()
    page = fields.Integer()
    per_page = fields.Integer()
    next_cursor = fields.String(allow_none=True)
    quality_summary = fields.Nested(PageQualityOut, metadata={"description": "Of the whole dataset."})


class EntryChangeIn(fields.StrictSchema):
    least_fields = 1
    question = fields.String(most=20_000, filled=True)
    answer = fields.String(most=20_000, filled=True)
    instruction = fields.String(most=20_000, filled=True)
    input = fields.String(most=20_000)
    output = fields.String(most=20_000, filled=True)
    summary = fields.String(most=20_000, filled=True)
    key_points = fields.List(fields.String(most=2_000, filled=True), most=50)
    category = fields.String(most=500, filled=True, allow_none=True)
    difficulty = fields.String(one_of=DIFFICULTIES, allow_none=True)
    metadata = fields.Dict(metadata={"description": "Put beside what is there."})
    feedback = fields.String(most=10_000, metadata={"description": "Why; kept in the entry's history."})


def query_in(values: dict[str, Any]) -> EntryQuery:
    names = ("filter_quality", "min_groundedness", "evidence", "category", "split", "status", "difficulty", "q", *MARKS)
    return EntryQuery(
        sort=values.get("sort_by", "id"), order=values.get("order"), **{name: values[name] for name in names}
    )


def entry_out(entry: Entry, dataset: Dataset) -> dict[str, Any]:
    provider, model = dataset.model
    texts = {name: value for name, value in entry.texts().items() if name in ALWAYS_SHOWN or value is not None}
    return {
        "id": entry.public_id,
        **texts,
        "category": entry.category,
        "quality_score": entry.quality,
        "difficulty": entry.difficulty,
        "source_chunk": chunk_name(entry.chunk_id),
        "split": entry.split,
        "status": entry.state,
        "duplicate_of": entry.duplicate_of,
        "left_out": entry.left_out,
        "contamination": entry.contamination,
        "evidence": [
            {"quote": item.quote, "start": item.start, "end": item.end, "match": item.match} for item in entry.evidence
        ],
        "metadata": {
            **entry.metadata,
            "model": entry.metadata.get("model", model),
            "provider": entry.metadata.get("provider", provider),
            "prompt_hash": entry.metadata.get("prompt_hash", dataset.settings["prompt_hash"]),
            "chunk_id": chunk_name(entry.chunk_id),
            "document_id": entry.document_id,
            "document_name": entry.document_name,
            "taxonomy_path": list(entry.taxonomy_path) if entry.taxonomy_path is not None else None,
            "taxonomy_level": len(entry.taxonomy_path) if entry.taxonomy_path is not None else None,
            "category_id": entry.category_id,
            "generated_at": entry.generated_at,
            "quality": entry.quality_parts,
            "quality_notes": entry.quality_notes,
            "judge": entry.judge,
            "repaired": entry.repaired,
        },
    }


def detail_out(detail: EntryDetail) -> dict[str, Any]:
    entry, dataset = detail.entry, detail.dataset
    return {
        **entry_out(entry, dataset),
        "revision": entry.revision,
        "history": list(detail.history),
        "provenance": provenance_out(detail),
    }
