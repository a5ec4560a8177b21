"""Shapes of quality: reports on datasets, and analyses of rows."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, validates_schema

from chunksmith.domain.datasets import DIFFICULTIES, TEXT_FIELDS, Entry
from chunksmith.domain.generation import MODES
from chunksmith.domain.versions import Version
from chunksmith.quality.entry_scores import PARTS
from chunksmith.services.analyzing import MOST_ROWS, PASSED_FROM, Analysis, AnalysisConfig
from chunksmith.services.quality_reports import QualityReport
from chunksmith.web import fields
from chunksmith.web.schemas.curation import CurationOut, curation_out
from chunksmith.web.schemas.figures import (
    DistributionOut,
    FiguresOut,
    QualitySummaryOut,
    average_score,
    distribution_out,
    quality_out,
)
from chunksmith.web.schemas.scores import Score


class RunOut(fields.AnswerSchema):
    dataset_id = fields.String()
    created_at = fields.Timestamp()
    entries = fields.Integer()
    overall_score = Score(allow_none=True)
    diversity_score = Score(allow_none=True)
    bias_score = Score(allow_none=True)


class TrendOut(RunOut):
    stale = fields.Boolean(allow_none=True, metadata={"description": "Whether entries changed since it was scored."})


class VersionScoresOut(RunOut):
    version = fields.String()


class AgreementOut(fields.AnswerSchema):
    entries = fields.Integer(
        metadata={"description": "That a judge scored and a reviewer rated, approved or rejected."}
    )
    same = fields.Number(
        allow_none=True, metadata={"description": "Share in which both say good (grade 3 and up) or bad."}
    )
    kappa = fields.Number(
        allow_none=True, metadata={"description": "Cohen's, of good against bad: 0 is chance, 1 all."}
    )
    spearman = fields.Number(allow_none=True, metadata={"description": "Correlation of the grades' ranks, -1 to 1."})
    note = fields.String(allow_none=True, metadata={"description": "Why not to rely on it."})


class DatasetQualityOut(fields.AnswerSchema):
    dataset_id = fields.String()
    quality_summary = fields.Nested(
        QualitySummaryOut, allow_none=True, metadata={"description": "null until it was analyzed."}
    )
    average_score = Score(allow_none=True)
    distribution = fields.Nested(DistributionOut)
    curation = fields.Nested(
        CurationOut, metadata={"description": "Duplicates, contamination, splits and what leaks between them."}
    )
    flagged = fields.String(allow_none=True)
    trend = fields.List(
        fields.Nested(TrendOut),
        metadata={"description": "The runs of its `dataset_name` up to this one, oldest first, at most 50."},
    )
    versions = fields.List(
        fields.Nested(VersionScoresOut),
        metadata={"description": "The newest versions of its `dataset_name`, oldest first, at most 50."},
    )
    agreement = fields.Nested(AgreementOut, metadata={"description": "Of the judge with reviewers."})


class WeightsIn(fields.StrictSchema):
    groundedness = fields.Number(least=0)
    well_formed = fields.Number(least=0)
    self_contained = fields.Number(least=0)
    answers_question = fields.Number(least=0)
    not_trivial = fields.Number(least=0)
    unique = fields.Number(least=0)
    judge = fields.Number(least=0)


class AnalysisConfigIn(fields.StrictSchema):
    threshold = fields.Number(
        least=0,
        most=1,
        load_default=PASSED_FROM,
        metadata={"description": "`passed` says whether the overall score reaches it."},
    )
    weights = fields.Nested(
        WeightsIn,
        load_default=dict,
        metadata={"description": "Of parts of an entry's score, that differ from the settings."},
    )
    generation_mode = fields.String(
        one_of=MODES,
        allow_none=True,
        load_default=None,
        metadata={"description": "Which fields the rows should have; null: as the fields of each row suggest."},
    )


# Rows are checked by the service, which tells the faults of the first rows that have some.
_TEXT: dict[str, Any] = {"type": ["string", "null"]}
ROW: dict[str, Any] = {
    **dict.fromkeys(TEXT_FIELDS, _TEXT),
    "key_points": {"type": ["array", "null"], "items": {"type": "string"}},
    "context": {**_TEXT, "description": "The passage that the row should rest on."},
    "category": _TEXT,
    "difficulty": {"description": f"{', '.join(DIFFICULTIES)}; anything else counts as none."},
    "document_name": _TEXT,
}


class AnalyzeIn(fields.StrictSchema):
    dataset = fields.List(
        fields.Dict(metadata={"properties": ROW}),
        least=1,
        most=MOST_ROWS,
        metadata={"description": "Rows, with at least one text. Other fields are left alone."},
    )
    dataset_id = fields.String(most=200, filled=True, metadata={"description": "A stored dataset, in place of rows."})
    config = fields.Nested(AnalysisConfigIn, allow_none=True, load_default=None)
    per_row = fields.Boolean(
        load_default=False,
        metadata={"description": "Also the scores of each row; of a stored dataset up to 10,000 entries."},
    )

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def _one_of_both(self, _: Mapping[str, Any], sent: Any, **__: Any) -> None:
        if isinstance(sent, Mapping) and ("dataset" in sent) == ("dataset_id" in sent):
            raise ValidationError({"dataset": ["send either dataset, the rows, or dataset_id"]})


class AnalysisSummaryOut(fields.AnswerSchema):
    overall_score = Score(allow_none=True)
    average_score = Score(allow_none=True)
    diversity_score = Score()
    bias_score = Score()
    distribution = fields.Nested(DistributionOut)
    threshold = Score()
    passed = fields.Boolean()
    issues = fields.List(fields.String())
    left_out = fields.List(fields.String(), metadata={"description": "What could not be measured, and why."})


class RowScoreOut(fields.AnswerSchema):
    id = fields.String()
    quality_score = Score(allow_none=True)
    groundedness = Score(allow_none=True, metadata={"description": "null without a passage."})
    well_formed = Score(allow_none=True)
    self_contained = Score(allow_none=True)
    answers_question = Score(allow_none=True)
    not_trivial = Score(allow_none=True)
    unique = Score(allow_none=True)
    judge = Score(allow_none=True, metadata={"description": "null where no model judged it."})
    evidence_missing = fields.List(fields.String())
    denies_passage = fields.Boolean()
    faults = fields.List(fields.String())


class AnalyzeOut(fields.AnswerSchema):
    dataset_size = fields.Integer()
    results = fields.Nested(FiguresOut)
    summary = fields.Nested(AnalysisSummaryOut)
    rows = fields.List(
        fields.Nested(RowScoreOut),
        metadata={"optional": True, "description": "With `per_row`, in the order of the rows."},
    )


def report_out(report: QualityReport) -> dict[str, Any]:
    dataset = report.dataset
    return {
        "dataset_id": dataset.dataset_id,
        "quality_summary": quality_out(dataset),
        "average_score": average_score(dataset),
        "distribution": distribution_out(dataset),
        "curation": curation_out(dataset),
        "flagged": dataset.flagged,
        "trend": [run._asdict() for run in report.trend],
        "versions": [_version_scores(version) for version in report.versions],
        "agreement": report.agreement._asdict(),
    }


def config_in(values: Mapping[str, Any] | None) -> AnalysisConfig:
    if values is None:
        return AnalysisConfig()
    return AnalysisConfig(values["threshold"], values["weights"], values["generation_mode"])


def analysis_out(analysis: Analysis) -> dict[str, Any]:
    figures = analysis.figures
    named = ("overall_score", "average_score", "diversity_score", "bias_score", "distribution", "issues", "left_out")
    answer = {
        "dataset_size": figures["counts"]["entries"],
        "results": dict(figures),
        "summary": {
            **{name: figures[name] for name in named},
            "threshold": analysis.threshold,
            "passed": analysis.passed,
        },
    }
    if analysis.rows is not None:
        answer["rows"] = [_row_out(entry) for entry in analysis.rows]
    return answer


def _row_out(entry: Entry) -> dict[str, Any]:
    parts, notes = entry.quality_parts or {}, entry.quality_notes or {}
    return {
        "id": entry.public_id,
        "quality_score": entry.quality,
        **{name: parts.get(name) for name in PARTS},
        "evidence_missing": notes.get("evidence_missing", []),
        "denies_passage": notes.get("denies_passage", False),
        "faults": notes.get("faults", []),
    }


def _version_scores(version: Version) -> dict[str, Any]:
    quality = version.quality or {}
    return {
        "version": str(version.number),
        "dataset_id": version.dataset_id,
        "created_at": version.created_at,
        "entries": version.entries_count,
        **{name: quality.get(name) for name in ("overall_score", "diversity_score", "bias_score")},
    }
