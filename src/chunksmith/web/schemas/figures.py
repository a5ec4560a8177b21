"""Shapes of the figures of a dataset as a whole. The formulas in words: docs/quality.md."""

from typing import Any

from chunksmith.domain.datasets import Dataset
from chunksmith.quality.dataset_scores import HISTOGRAM_BINS
from chunksmith.web import fields
from chunksmith.web.schemas.scores import ComponentsOut, Score


class AsOfOut(fields.AnswerSchema):
    scored_at = fields.Timestamp(metadata={"optional": True})
    revision = fields.Integer(metadata={"optional": True, "description": "Of what the entries say."})


class ReportOut(AsOfOut):
    stale = fields.Boolean(
        allow_none=True, metadata={"description": "Whether entries changed since; null where that is not known."}
    )


class DistributionOut(fields.AnswerSchema):
    high = fields.Integer()
    medium = fields.Integer()
    low = fields.Integer()


class DiversityOut(fields.AnswerSchema):
    """What it is made of; null where it could not be measured."""

    unique = Score()
    phrasing = Score(allow_none=True)
    vocabulary = Score(allow_none=True)
    questions = Score(allow_none=True)
    categories = Score(allow_none=True)


class BalanceOut(fields.AnswerSchema):
    """What bias is made of, 1: no imbalance found; null where it could not be measured."""

    category = Score(allow_none=True)
    source = Score(allow_none=True)
    representation = Score(allow_none=True)
    sentiment = Score(allow_none=True)


class DifficultiesOut(fields.AnswerSchema):
    beginner = fields.Integer()
    intermediate = fields.Integer()
    advanced = fields.Integer()


class MeanReadabilityOut(fields.AnswerSchema):
    entries = fields.Integer(metadata={"description": "Whose answers are English."})
    flesch = fields.Number(metadata={"optional": True})
    coleman_liau = fields.Number(metadata={"optional": True})


class GroupOut(fields.AnswerSchema):
    entries = fields.Integer(metadata={"description": "That name people of it."})
    tone = fields.Number(
        least=-1, most=1, allow_none=True, metadata={"description": "-1: only blame, 1: only praise; null: too little."}
    )


class MeasuresOut(fields.AnswerSchema):
    distinct_1 = Score(allow_none=True)
    distinct_2 = Score(allow_none=True)
    distinct_3 = Score(allow_none=True)
    mtld = fields.Number(allow_none=True)
    near_duplicate_rate = Score()
    category_entropy = fields.Number(allow_none=True, metadata={"description": "In bits."})
    question_kinds = fields.Dict(values=fields.Integer(), metadata={"description": "Distinct texts by kind."})
    difficulty = fields.Nested(DifficultiesOut)
    readability = fields.Nested(MeanReadabilityOut)
    groups = fields.Dict(
        values=fields.Dict(values=fields.Nested(GroupOut)),
        metadata={"description": "Of people, by axis and name; those that are named."},
    )


class JudgedOut(fields.AnswerSchema):
    entries = fields.Integer(metadata={"description": "That a model judged."})
    mean_score = Score(allow_none=True)


class FigureCountsOut(fields.AnswerSchema):
    entries = fields.Integer()
    scored = fields.Integer()
    duplicates = fields.Integer()
    duplicates_are_estimated = fields.Boolean()
    near_duplicates = fields.Integer()
    with_missing_evidence = fields.Integer()
    without_category = fields.Integer()


class FiguresOut(fields.AnswerSchema):
    overall_score = Score(allow_none=True)
    mean_score = Score(allow_none=True)
    average_score = Score(allow_none=True, metadata={"description": "The same as `mean_score`."})
    diversity_score = Score()
    bias_score = Score(metadata={"description": "1: no imbalance found."})
    distribution = fields.Nested(DistributionOut)
    histogram = fields.List(
        fields.Integer(),
        least=HISTOGRAM_BINS,
        most=HISTOGRAM_BINS,
        metadata={"description": "Entries by score, in equal steps from 0 to 1."},
    )
    components = fields.Nested(ComponentsOut, metadata={"description": "Their means."})
    diversity = fields.Nested(DiversityOut)
    bias = fields.Nested(BalanceOut)
    measures = fields.Nested(MeasuresOut)
    judge = fields.Nested(JudgedOut)
    counts = fields.Nested(FigureCountsOut)
    left_out = fields.List(fields.String(), metadata={"description": "What could not be measured, and why."})
    issues = fields.List(fields.String(), metadata={"description": "What stands out, in words."})


class VersionQualityOut(FiguresOut, AsOfOut):
    """Without `scored_at` and `revision` where they were computed for the version."""


class QualitySummaryOut(FiguresOut, ReportOut):
    pass


def quality_out(dataset: Dataset) -> dict[str, Any] | None:
    return dataset.quality | {"stale": dataset.is_stale(dataset.quality)} if dataset.quality is not None else None


def distribution_out(dataset: Dataset) -> dict[str, int]:
    return {"high": dataset.high_count, "medium": dataset.medium_count, "low": dataset.low_count}


def average_score(dataset: Dataset) -> float | None:
    return round(dataset.quality_sum / dataset.scored_count, 4) if dataset.scored_count else None
