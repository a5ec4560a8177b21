"""Shapes of versions."""

from typing import Any

from chunksmith.domain.datasets import Entry
from chunksmith.domain.versions import NUMBER_PATTERN, ORIGINS, VERSION_TYPES, Version
from chunksmith.services.version_comparing import Change, Comparison, overall, shown
from chunksmith.services.versions import Manifest
from chunksmith.web import fields
from chunksmith.web.schemas.dataset_settings import DatasetSettingsOut, SettingChangeOut
from chunksmith.web.schemas.entries import ComparedEntryOut
from chunksmith.web.schemas.figures import VersionQualityOut

NAME_CHARS = 200


def _name(**kwargs: Any) -> fields.String:
    text = {"description": "The `dataset_name` of the runs."}
    return fields.String(least=1, most=NAME_CHARS, metadata=text, **kwargs)


def _project() -> fields.Identifier:
    return fields.Identifier(required=True, metadata={"description": "Integer id or UUID of the project."})


def _number(description: str, **kwargs: Any) -> fields.String:
    return fields.String(
        least=5, most=32, metadata={"description": description, "pattern": NUMBER_PATTERN}, required=True, **kwargs
    )


class VersionsQuery(fields.PageQuery):
    project_id = _project()
    dataset_name = _name(load_default=None)


class LatestQuery(fields.QuerySchema):
    project_id = _project()
    dataset_name = _name(required=True)


class ManifestQuery(fields.CursorQuery):
    project_id = _project()
    dataset_name = _name(required=True)
    version = _number("Such as `1.2.0`.")


class _LineIn(fields.StrictSchema):
    project_id = _project()
    dataset_name = _name(required=True)


class VersionCompareIn(_LineIn):
    version1 = _number("The one before.")
    version2 = _number("The one after.")
    per_page = fields.Integer(
        least=1, most=1000, load_default=100, metadata={"description": "Changes in the answer, at most."}
    )
    cursor = fields.String(
        least=1,
        most=200,
        allow_none=True,
        load_default=None,
        metadata={"description": "`next_cursor` of the answer before."},
    )


class RollbackIn(_LineIn):
    target_version = _number("What the entries are to be again.")
    description = fields.String(most=2000, load_default="")


class IncrementIn(_LineIn):
    version_type = fields.String(one_of=VERSION_TYPES, load_default="patch")
    description = fields.String(most=2000, load_default="", metadata={"description": "What changed."})


class VersionOut(fields.AnswerSchema):
    version = fields.String()
    dataset_name = fields.String()
    project_id = fields.Integer()
    dataset_id = fields.String(metadata={"description": "The dataset whose state it is."})
    job_id = fields.String(allow_none=True, metadata={"description": "The job whose result it is."})
    origin = fields.String(
        one_of=ORIGINS,
        metadata={
            "description": "`run`, `retry` of failed units, `increment`, `rollback`, or `before_rollback`: frozen by "
            "itself so that a rollback loses nothing."
        },
    )
    target_version = fields.String(allow_none=True, metadata={"description": "Of a rollback."})
    description = fields.String()
    author = fields.String(allow_none=True, metadata={"description": "Name of the API key."})
    total_entries = fields.Integer()
    quality_summary = fields.Nested(
        VersionQualityOut,
        allow_none=True,
        metadata={"description": "Of its entries; null without scores, and until it is computed."},
    )
    flagged = fields.String(allow_none=True)
    content_sha256 = fields.String(
        allow_none=True, metadata={"description": "Of its manifest's lines; null until it is computed."}
    )
    restoring = fields.Boolean(
        metadata={"description": "The dataset's entries are still being put back; downloads of the version are not."}
    )
    created_at = fields.Timestamp()


class VersionsOut(fields.AnswerSchema):
    versions = fields.List(fields.Nested(VersionOut))
    total = fields.Integer()
    page = fields.Integer()
    per_page = fields.Integer()


class LatestOut(fields.AnswerSchema):
    latest_version = fields.String()
    version = fields.Nested(VersionOut)


class NewVersionOut(fields.AnswerSchema):
    new_version = fields.String()
    version = fields.Nested(VersionOut)


class ChangeOut(fields.AnswerSchema):
    change = fields.String(one_of=("added", "removed", "modified"))
    entry_id = fields.String(metadata={"description": "In `version2`; of what was removed, in `version1`."})
    former_entry_id = fields.String(allow_none=True, metadata={"description": "In `version1`."})
    fields_ = fields.List(
        fields.String(), data_key="fields", attribute="fields", metadata={"description": "Those that differ."}
    )
    before = fields.Nested(ComparedEntryOut, allow_none=True)
    after = fields.Nested(ComparedEntryOut, allow_none=True)


class VersionComparisonOut(fields.AnswerSchema):
    version1 = fields.String()
    version2 = fields.String()
    matched_by = fields.String(
        one_of=("entry", "passage"),
        metadata={
            "description": "`entry`: both are states of one dataset, entries are told by id. `passage`: of two runs, "
            "by passage and what is asked."
        },
    )
    entries_added = fields.Integer()
    entries_removed = fields.Integer()
    entries_modified = fields.Integer()
    total_entries_v1 = fields.Integer()
    total_entries_v2 = fields.Integer()
    quality_score_change = fields.Number(allow_none=True, metadata={"description": "null unless both have a score."})
    categories_added = fields.List(fields.String(), metadata={"description": "At most 1000."})
    categories_removed = fields.List(fields.String(), metadata={"description": "At most 1000."})
    metadata_changes = fields.Dict(
        values=fields.Nested(SettingChangeOut), metadata={"description": "By name of the setting, and `models`."}
    )
    changes = fields.List(fields.Nested(ChangeOut), metadata={"description": "A page of them; see `next_cursor`."})


class VersionCompareOut(fields.AnswerSchema):
    comparison = fields.Nested(VersionComparisonOut)
    summary = fields.String(metadata={"description": "The same in a sentence."})
    next_cursor = fields.String(allow_none=True, metadata={"description": "For more `changes`."})


class PromptUsedOut(fields.AnswerSchema):
    sha256 = fields.String()
    entries = fields.Integer()
    name = fields.String(allow_none=True)
    text = fields.String(allow_none=True, metadata={"description": "null when it is no longer known."})


class ModelUsedOut(fields.AnswerSchema):
    model = fields.String()
    entries = fields.Integer()


class SourceOut(fields.AnswerSchema):
    name = fields.String()
    sha256 = fields.String(allow_none=True)
    entries = fields.Integer()


class EntryDigestOut(fields.AnswerSchema):
    id = fields.String()
    sha256 = fields.String()


class ManifestOut(fields.AnswerSchema):
    version = fields.Nested(VersionOut)
    settings = fields.Nested(DatasetSettingsOut, metadata={"description": "What it was made with."})
    prompts = fields.List(fields.Nested(PromptUsedOut))
    models = fields.List(fields.Nested(ModelUsedOut))
    documents = fields.List(fields.Nested(SourceOut), metadata={"description": "Of many, the first 1000."})
    total_documents = fields.Integer()
    entries = fields.List(
        fields.Nested(EntryDigestOut),
        metadata={"description": "`content_sha256` is the SHA-256 of all, each as `<id> <sha256>` and newline."},
    )
    total_entries = fields.Integer()
    next_cursor = fields.String(allow_none=True)


def version_out(version: Version) -> dict[str, Any]:
    return {
        "version": str(version.number),
        "dataset_name": version.line.name,
        "project_id": version.line.project_id,
        "dataset_id": version.dataset_id,
        "job_id": version.job_id,
        "origin": version.origin,
        "target_version": str(version.target) if version.target is not None else None,
        "description": version.description,
        "author": version.author,
        "total_entries": version.entries_count,
        "quality_summary": version.quality,
        "flagged": version.flagged,
        "content_sha256": version.content_sha256,
        "restoring": version.restoring,
        "created_at": version.created_at,
    }


def compare_out(found: Comparison) -> dict[str, Any]:
    first, second, counts = found.first, found.second, found.counts
    return {
        "comparison": {
            "version1": str(first.number),
            "version2": str(second.number),
            "matched_by": "entry" if first.frozen.dataset == second.frozen.dataset else "passage",
            "entries_added": counts.added,
            "entries_removed": counts.removed,
            "entries_modified": counts.modified,
            "total_entries_v1": first.entries_count,
            "total_entries_v2": second.entries_count,
            "quality_score_change": found.quality_score_change,
            "categories_added": list(counts.categories_added),
            "categories_removed": list(counts.categories_removed),
            "metadata_changes": found.metadata_changes,
            "changes": [_change_out(change) for change in found.changes],
        },
        "summary": _summary(found),
        "next_cursor": found.next_cursor,
    }


def manifest_out(found: Manifest) -> dict[str, Any]:
    facts = found.version.facts or {"prompts": {}, "models": {}, "documents": [], "total_documents": 0}
    known = {prompt.sha256: prompt for prompt in found.prompts}
    prompts = []
    for sha256, entries in facts["prompts"].items():
        prompt = known.get(sha256)
        name, text = (prompt.name, prompt.text) if prompt is not None else (None, None)
        prompts.append({"sha256": sha256, "entries": entries, "name": name, "text": text})
    return {
        "version": version_out(found.version),
        "settings": found.version.settings,
        "prompts": prompts,
        "models": [{"model": model, "entries": entries} for model, entries in facts["models"].items()],
        "documents": facts["documents"],
        "total_documents": facts["total_documents"],
        "entries": [{"id": digest.entry_id, "sha256": digest.sha256} for digest in found.entries],
        "total_entries": found.version.entries_count,
        "next_cursor": found.next_cursor,
    }


def _change_out(change: Change) -> dict[str, Any]:
    before, after = change.before, change.after
    named = after or before
    return {
        "change": change.kind,
        "entry_id": named.public_id if named is not None else "",
        "former_entry_id": before.public_id if before is not None else None,
        "fields": list(change.fields),
        "before": _shown(before),
        "after": _shown(after),
    }


def _shown(entry: Entry | None) -> dict[str, Any] | None:
    return {"id": entry.public_id, **shown(entry)} if entry is not None else None


def _summary(found: Comparison) -> str:
    counts = found.counts
    said = f"{counts.added} added, {counts.removed} removed, {counts.modified} modified"
    before, after = overall(found.first), overall(found.second)
    quality = f"; quality {before:.2f} to {after:.2f}" if before is not None and after is not None else ""
    numbers = f"{found.first.number} to {found.second.number}"
    return f"{numbers}: {said}{quality}"
