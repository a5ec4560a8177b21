"""Shapes of taxonomies."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError

from chunksmith.domain.jobs import MAX_CONCURRENCY, Job
from chunksmith.domain.taxonomy import (
    LONGEST_DESCRIPTION,
    LONGEST_NAME,
    MAX_DEPTH,
    MAX_NODES,
    ORIGINS,
    Node,
    Taxonomy,
    TaxonomySummary,
    Tree,
)
from chunksmith.domain.taxonomy_drafts import Draft, read_tree
from chunksmith.domain.taxonomy_jobs import (
    DEFAULT_DEPTH,
    DEFAULT_EXTENSION_SAMPLE,
    DEFAULT_LIMITS,
    DEFAULT_SAMPLE,
    DEFAULT_SPECIFICITY,
    MOST_PER_PARENT,
    MOST_SAMPLED,
    SPECIFICITIES,
    TAXONOMY_MODES,
)
from chunksmith.errors import Fault, InvalidRequest
from chunksmith.web import fields
from chunksmith.web.schemas.jobs import STATES

_NAME = {"description": "Unique in its project."}
_PROJECT = {"description": "Integer id or UUID of the project."}
_NODE_ID = {
    "description": "A UUID that outlives edits. Left out, a node keeps the id that was at its path of names, else it "
    "gets a new one."
}


class NodeIn(fields.StrictSchema):
    """A category. Names of siblings differ; at most 8 levels below the root."""

    id = fields.String(allow_none=True, metadata={**_NODE_ID, "format": "uuid"})
    name = fields.String(required=True, least=1, most=LONGEST_NAME, filled=True)
    description = fields.String(most=LONGEST_DESCRIPTION, allow_none=True)
    children = fields.List(fields.Nested(lambda: NodeIn()), allow_none=True)


class TreeField(fields.Nested):
    """Documented as ``NodeIn``; read by the domain in one pass, which knows the rules that hold across nodes, too."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(NodeIn, **kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, partial: Any = None, **kwargs: Any
    ) -> Draft:
        try:
            return read_tree(value, "")
        except InvalidRequest as exc:
            raise ValidationError(_nested(exc.faults)) from exc


def _nested(faults: tuple[Fault, ...]) -> dict[str, Any]:
    """As marshmallow has messages: by field, an object's own under ``_schema``."""
    root: dict[str, Any] = {}
    for fault in faults:
        here = root
        for step in fault.pointer.split("/")[1:]:
            here = here.setdefault(step.replace("~1", "/").replace("~0", "~"), {})
        here.setdefault("_schema", []).append(fault.detail)
    return root


class TaxonomyIn(fields.StrictSchema):
    name = fields.String(required=True, least=1, most=LONGEST_NAME, filled=True, metadata=_NAME)
    project_id = fields.Identifier(metadata={"description": "Integer id or UUID; here or in the query."})
    description = fields.String(most=LONGEST_DESCRIPTION, load_default="")
    taxonomy = TreeField(required=True, metadata={"description": f"The root; at most {MAX_NODES} categories below."})


class TaxonomyChange(fields.ChangeSchema):
    """Only the named fields change."""

    name = fields.String(least=1, most=LONGEST_NAME, filled=True, metadata=_NAME)
    description = fields.String(most=LONGEST_DESCRIPTION)
    project_id = fields.Identifier(
        metadata={"description": "That of the taxonomy, as its export has it: a taxonomy stays where it is."}
    )
    taxonomy = TreeField(
        data_key="taxonomy", attribute="draft", metadata={"description": "The whole tree, in place of the old one."}
    )


class CreateQuery(fields.QuerySchema):
    project_id = fields.Identifier(
        load_default=None, metadata={"description": "Takes the place of the body's, for bodies that were exported."}
    )


class TaxonomiesQuery(fields.PageQuery):
    project_id = fields.Identifier(required=True, metadata=_PROJECT)
    name = fields.String(most=LONGEST_NAME, load_default=None, metadata={"description": "Only the one of this name."})


class ExportQuery(fields.QuerySchema):
    format = fields.String(
        one_of=("json", "yaml"), load_default="json", metadata={"description": "Both can be sent back as they are."}
    )


class NodeOut(fields.AnswerSchema):
    id = fields.String(metadata={"description": "Outlives edits."})
    name = fields.String()
    description = fields.String()
    children = fields.List(fields.Nested(lambda: NodeOut()))


class AnalyticsOut(fields.AnswerSchema):
    nodes = fields.Integer(metadata={"description": "Categories; the root is none."})
    depth = fields.Integer(metadata={"description": "Levels below the root."})
    per_level = fields.List(fields.Integer(), metadata={"description": "Categories of level 1, of level 2, …"})
    leaves = fields.Integer(metadata={"description": "Categories without further ones below."})


class ExtendedByOut(fields.AnswerSchema):
    job_id = fields.String()
    task = fields.String(one_of=("extend",))
    model = fields.String()
    depth = fields.Integer()
    category_limits = fields.List(fields.Integer())
    specificity = fields.Integer()
    domain = fields.String(allow_none=True)


class MadeByOut(fields.AnswerSchema):
    """Only `extended_by` where a person wrote what was extended."""

    job_id = fields.String(metadata={"optional": True})
    task = fields.String(one_of=("generate",), metadata={"optional": True})
    model = fields.String(metadata={"optional": True})
    depth = fields.Integer(metadata={"optional": True})
    category_limits = fields.List(fields.Integer(), metadata={"optional": True})
    specificity = fields.Integer(metadata={"optional": True})
    domain = fields.String(allow_none=True, metadata={"optional": True})
    mode = fields.String(one_of=TAXONOMY_MODES, metadata={"optional": True})
    merged_by = fields.String(one_of=("rules", "model"), metadata={"optional": True})
    parts = fields.Integer(metadata={"optional": True, "description": "Batches of passages that were read."})
    extended_by = fields.Nested(ExtendedByOut, metadata={"optional": True})


class MetadataOut(fields.AnswerSchema):
    id = fields.Integer()
    uuid = fields.String()
    project_id = fields.Integer()
    name = fields.String()
    description = fields.String()
    origin = fields.String(one_of=ORIGINS)
    revision = fields.Integer(metadata={"description": "Grows with every change."})
    made_by = fields.Nested(
        MadeByOut,
        allow_none=True,
        metadata={"description": "The job and the settings that made or extended it; else null."},
    )
    created_at = fields.Timestamp()
    updated_at = fields.Timestamp()


class TaxonomyOut(fields.AnswerSchema):
    id = fields.Integer()
    uuid = fields.String()
    name = fields.String()
    taxonomy = fields.Nested(NodeOut, metadata={"description": "The root, with all categories below it."})
    metadata = fields.Nested(MetadataOut)
    analytics = fields.Nested(AnalyticsOut)


class TaxonomyItemOut(MetadataOut):
    nodes = fields.Integer(metadata={"description": "Categories; the root is none."})
    depth = fields.Integer(metadata={"description": "Levels below the root."})


class TaxonomiesOut(fields.AnswerSchema):
    taxonomies = fields.List(fields.Nested(TaxonomyItemOut))
    total = fields.Integer()
    page = fields.Integer()
    per_page = fields.Integer()


class ExportOut(fields.AnswerSchema):
    name = fields.String()
    project_id = fields.Integer()
    description = fields.String()
    taxonomy = fields.Nested(NodeOut)


class Specificity(fields.Integer):
    """1 to 5, or a word."""

    def __init__(self, **kwargs: Any) -> None:
        shape = {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 5}, {"enum": list(SPECIFICITIES)}]}
        super().__init__(least=1, most=5, metadata={**shape, **kwargs.pop("metadata", {})}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        if isinstance(value, str):
            if value not in SPECIFICITIES:
                raise ValidationError(f"must be from 1 to 5, or one of: {', '.join(SPECIFICITIES)}")
            return SPECIFICITIES[value]
        return super()._deserialize(value, attr, data, **kwargs)


class _MakingIn(fields.StrictSchema):
    model = fields.String(
        most=200,
        filled=True,
        allow_none=True,
        load_default=None,
        metadata={"description": "As in a generation; null: the server's default. `builtin` works by rules."},
    )
    category_limits = fields.List(
        fields.Integer(least=1, most=MOST_PER_PARENT),
        least=1,
        most=MAX_DEPTH,
        allow_none=True,
        load_default=None,
        metadata={
            "description": "Categories under one parent at most, level by level; for levels that are left out "
            f"{', '.join(map(str, DEFAULT_LIMITS))}."
        },
    )
    specificity = Specificity(
        load_default=DEFAULT_SPECIFICITY,
        metadata={"description": "1 or `low`: broad areas; 5 or `high`: single concepts."},
    )
    domain = fields.String(
        most=500,
        filled=True,
        allow_none=True,
        load_default=None,
        metadata={"description": "The subject area; into the prompt."},
    )
    sample_size = fields.Integer(
        least=1,
        most=MOST_SAMPLED,
        allow_none=True,
        load_default=None,
        metadata={
            "description": f"Chunks that are looked at, from every document some; null: {DEFAULT_SAMPLE}, "
            f"{DEFAULT_EXTENSION_SAMPLE} to extend. The mode complete looks at all."
        },
    )
    document_ids = fields.documents("Only these documents of the project; null: all.")
    concurrency = fields.Integer(least=1, most=MAX_CONCURRENCY, load_default=1)
    max_calls = fields.Integer(least=1, allow_none=True, load_default=None)
    max_cost_usd = fields.Amount(
        allow_none=True, load_default=None, metadata={"description": "No call starts that could cross it."}
    )
    reuse = fields.Boolean(
        load_default=True, metadata={"description": "Answer equal requests from the ledger instead of paying again."}
    )


class GenerateTaxonomyIn(_MakingIn):
    project_id = fields.Identifier(required=True, metadata=_PROJECT)
    name = fields.String(required=True, least=1, most=LONGEST_NAME, filled=True, metadata=_NAME)
    description = fields.String(most=LONGEST_DESCRIPTION, load_default="")
    mode = fields.String(
        one_of=TAXONOMY_MODES,
        load_default="fast",
        metadata={"description": "`fast`: one call over a sample. `complete`: all chunks in batches, merged."},
    )
    depth = fields.Integer(
        least=1, most=MAX_DEPTH, load_default=DEFAULT_DEPTH, metadata={"description": "Levels at most."}
    )


class ExtendTaxonomyIn(_MakingIn):
    taxonomy_id = fields.Identifier(required=True, metadata={"description": "Integer id or UUID of the taxonomy."})
    levels = fields.Integer(
        least=1, most=MAX_DEPTH, load_default=1, metadata={"description": "Levels that are added at most."}
    )
    selected_categories = fields.List(
        fields.String(least=1, most=500),
        least=1,
        most=MAX_NODES,
        allow_none=True,
        load_default=None,
        metadata={"description": "Names or ids of the categories that are extended; null: all without further ones."},
    )


class MakingOut(fields.AnswerSchema):
    job_id = fields.String()
    message = fields.String()
    status = fields.String(one_of=STATES)
    taxonomy_id = fields.String(metadata={"description": "UUID of what the job makes, once it is there, or extends."})
    warnings = fields.List(fields.String(), metadata={"description": "What was accepted but cannot apply."})


def node_out(node: Node) -> dict[str, Any]:
    return {
        "id": node.id,
        "name": node.name,
        "description": node.description,
        "children": [node_out(child) for child in node.children],
    }


def metadata_out(taxonomy: TaxonomySummary) -> dict[str, Any]:
    return {name: getattr(taxonomy, name) for name in MetadataOut().fields}


def item_out(taxonomy: TaxonomySummary) -> dict[str, Any]:
    return {**metadata_out(taxonomy), "nodes": taxonomy.nodes, "depth": taxonomy.depth}


def taxonomy_out(taxonomy: Taxonomy) -> dict[str, Any]:
    analytics = Tree(taxonomy.tree).analytics
    return {
        "id": taxonomy.id,
        "uuid": taxonomy.uuid,
        "name": taxonomy.name,
        "taxonomy": node_out(taxonomy.tree),
        "metadata": metadata_out(taxonomy),
        "analytics": {
            "nodes": analytics.nodes,
            "depth": analytics.depth,
            "per_level": list(analytics.per_level),
            "leaves": analytics.leaves,
        },
    }


def export_out(taxonomy: Taxonomy) -> dict[str, Any]:
    about = {"name": taxonomy.name, "project_id": taxonomy.project_id, "description": taxonomy.description}
    return {**about, "taxonomy": node_out(taxonomy.tree)}


def making_out(job: Job, message: str) -> dict[str, Any]:
    return {
        "job_id": job.job_id,
        "message": message,
        "status": job.state,
        "taxonomy_id": job.spec["taxonomy_uuid"],
        "warnings": list(job.spec["warnings"]),
    }
