"""Shapes of projects."""

from typing import Any

from chunksmith.domain.corpus import ProjectOverview
from chunksmith.web import fields

LONGEST_NAME = 200
LONGEST_DESCRIPTION = 10_000
_NAME = {"description": "Need not be unique."}


class ProjectIn(fields.StrictSchema):
    name = fields.String(required=True, least=1, most=LONGEST_NAME, filled=True, metadata=_NAME)
    description = fields.String(most=LONGEST_DESCRIPTION, load_default="")


class ProjectChange(fields.ChangeSchema):
    """Only the named fields change."""

    name = fields.String(least=1, most=LONGEST_NAME, filled=True, metadata=_NAME)
    description = fields.String(most=LONGEST_DESCRIPTION)


class ProjectsQuery(fields.PageQuery):
    name = fields.String(least=1, most=LONGEST_NAME, metadata={"description": "Only projects of exactly this name."})


class CountsOut(fields.AnswerSchema):
    documents = fields.Integer()
    chunks = fields.Integer()
    datasets = fields.Integer()


class ProjectOut(fields.AnswerSchema):
    id = fields.Integer()
    uuid = fields.String(metadata={"description": "Is accepted wherever the id is."})
    name = fields.String()
    description = fields.String()
    counts = fields.Nested(CountsOut)
    created_at = fields.Timestamp()
    updated_at = fields.Timestamp()


class ProjectsOut(fields.AnswerSchema):
    projects = fields.List(fields.Nested(ProjectOut))
    total = fields.Integer()
    page = fields.Integer()
    per_page = fields.Integer()


def project_out(overview: ProjectOverview) -> dict[str, Any]:
    project, counts = overview.project, overview.counts
    return {
        "id": project.id,
        "uuid": project.uuid,
        "name": project.name,
        "description": project.description,
        "counts": {"documents": counts.documents, "chunks": counts.chunks, "datasets": counts.datasets},
        "created_at": project.created_at,
        "updated_at": project.updated_at,
    }
