"""Shapes of what the steps after generation report: duplicates, contamination, splits."""

from typing import Any, get_args

from chunksmith.domain.curation import ContaminationAction, Deduplicate
from chunksmith.domain.datasets import Dataset
from chunksmith.web import fields
from chunksmith.web.schemas.figures import ReportOut
from chunksmith.web.schemas.scores import Score


class ComparedOut(ReportOut):
    compared = fields.Integer(metadata={"description": "Entries that were looked at."})
    against = fields.Dict(
        values=fields.Integer(), metadata={"description": "Entries found in each dataset or reference set."}
    )
    missing = fields.List(fields.String(), metadata={"description": "Those that are no longer there."})


class DuplicatesReportOut(ComparedOut):
    action = fields.String(one_of=get_args(Deduplicate))
    duplicates = fields.Integer(metadata={"description": "`exact` and `near`."})
    exact = fields.Integer()
    near = fields.Integer()
    within = fields.Integer(metadata={"description": "That repeat an entry of the dataset itself."})
    least_likeness = Score()


class ContaminationRuleOut(fields.AnswerSchema):
    run_words = fields.Integer()
    long_run_words = fields.Integer(metadata={"description": "One such run in common is enough."})
    least_share = Score(metadata={"description": "Of its runs; so many in common are enough."})


class ContaminationReportOut(ComparedOut):
    action = fields.String(one_of=get_args(ContaminationAction))
    contaminated = fields.Integer()
    rule = fields.Nested(ContaminationRuleOut)


class RatiosOut(fields.AnswerSchema):
    train = Score()
    validation = Score()
    test = Score()


class HeldOutOut(fields.AnswerSchema):
    validation = fields.Integer()
    test = fields.Integer()


class SplitSizesOut(HeldOutOut):
    train = fields.Integer()


class BoilerplateOut(fields.AnswerSchema):
    runs = fields.Integer(metadata={"description": "That were set aside."})
    entries = fields.Nested(HeldOutOut, metadata={"description": "That have some."})
    examples = fields.List(fields.String())
    least_groups = fields.Integer(metadata={"description": "Sources that have a run, from which it is boilerplate."})


class SharedRunsOut(fields.AnswerSchema):
    words = fields.Integer(metadata={"description": "Of a run."})
    entries = fields.Nested(HeldOutOut, metadata={"description": "That share a run with one for training."})
    one_in = fields.Integer(metadata={"description": "Of so many runs one was looked at."})
    boilerplate = fields.Nested(BoilerplateOut)


class LeakageOut(fields.AnswerSchema):
    near_duplicates_between_splits = fields.Integer()
    least_likeness = Score()
    boilerplate_runs = fields.Integer()
    shared_runs = fields.Nested(SharedRunsOut)


class SplitsReportOut(ReportOut):
    ratios = fields.Nested(RatiosOut)
    seed = fields.Integer()
    sizes = fields.Nested(SplitSizesOut)
    grouped_by = fields.String(one_of=("document", "chunk"))
    groups = fields.Integer()
    clusters = fields.Integer(metadata={"description": "Groups that stay together, being alike, count once."})
    largest_cluster = fields.Integer(metadata={"description": "In entries."})
    warnings = fields.List(fields.String())
    leakage = fields.Nested(LeakageOut)


class CurationOut(fields.AnswerSchema):
    """Of the steps that ran."""

    duplicates = fields.Nested(DuplicatesReportOut, metadata={"optional": True})
    contamination = fields.Nested(ContaminationReportOut, metadata={"optional": True})
    splits = fields.Nested(SplitsReportOut, metadata={"optional": True})


def curation_out(dataset: Dataset) -> dict[str, Any]:
    return {step: report | {"stale": dataset.is_stale(report)} for step, report in dataset.curation.items()}
