"""Shapes of an entry's score: its components, what they saw, and what a model that judged the entry said."""

from typing import Any

from chunksmith.pipeline.judging import GRADES
from chunksmith.web import fields


class Score(fields.Number):
    """0 to 1, higher is better."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(least=0, most=1, **kwargs)


def _component(description: str = "") -> Score:
    return Score(metadata={"optional": True, **({"description": description} if description else {})})


class ComponentsOut(fields.AnswerSchema):
    """Those that apply."""

    groundedness = _component("Not without a passage.")
    well_formed = _component()
    self_contained = _component()
    answers_question = _component("Not in modes without a question.")
    not_trivial = _component()
    unique = _component()
    judge = _component("Where a model judged.")


class ReadabilityOut(fields.AnswerSchema):
    flesch = fields.Number(metadata={"description": "100 very easy, 0 very hard, and beyond."})
    coleman_liau = fields.Number(metadata={"description": "Years of school in the United States."})


class QualityNotesOut(fields.AnswerSchema):
    evidence_missing = fields.List(
        fields.String(), metadata={"description": "Numbers, names and key terms that the passage does not have."}
    )
    denies_passage = fields.Boolean()
    faults = fields.List(fields.String(), metadata={"description": "Of form, in words."})
    readability = fields.Nested(
        ReadabilityOut, allow_none=True, metadata={"description": "null where the text is not English, or too short."}
    )


class GradeOut(fields.AnswerSchema):
    grade = fields.Integer(least=GRADES[0], most=GRADES[1])
    reason = fields.String()


class CriteriaOut(fields.AnswerSchema):
    groundedness = fields.Nested(GradeOut)
    well_formed = fields.Nested(GradeOut)
    self_contained = fields.Nested(GradeOut)
    answers_question = fields.Nested(GradeOut)
    not_trivial = fields.Nested(GradeOut)
    unique = fields.Nested(GradeOut)


class JudgeOut(fields.AnswerSchema):
    model = fields.String()
    score = Score(metadata={"description": "The mean grade."})
    criteria = fields.Nested(CriteriaOut)
