"""Rows of extractions and what they stand for; what both the store and the material of datasets read."""

import json
from collections.abc import Sequence
from typing import Any

from chunksmith.domain.extraction import (
    Categories,
    ExtractedItem,
    ExtractionCategory,
    ExtractionSpec,
    ExtractionSummary,
    FoundItem,
)
from chunksmith.storage.database import Database, Row

SUMMARY = """
SELECT j.*, e.origin, c.entries, c.units_total,
    c.accepted + c.rejected + c.duplicate + c.invalid + c.refused + c.failed AS units_down
FROM extractions AS e JOIN jobs AS j ON j.id = e.job JOIN job_counters AS c ON c.job = e.job
WHERE e.deleted_at IS NULL AND e.project_id IN (SELECT id FROM visible_projects)
"""
BY_NAME = SUMMARY + " AND j.job_id = ?"
_CATEGORIES = "SELECT * FROM extraction_categories WHERE job = ? ORDER BY number"
_CATEGORIES_ABOVE = """
WITH RECURSIVE wanted (number) AS (
    SELECT value FROM json_each(?2)
    UNION SELECT c.parent FROM wanted AS w JOIN extraction_categories AS c ON c.job = ?1 AND c.number = w.number
    WHERE c.parent IS NOT NULL)
SELECT c.* FROM wanted AS w JOIN extraction_categories AS c ON c.job = ?1 AND c.number = w.number ORDER BY c.number
"""


async def categories_of(database: Database, job: int) -> Categories:
    return Categories(_category(row) for row in await database.read(_CATEGORIES, (job,)))


async def items_of(database: Database, rows: Sequence[Row]) -> list[ExtractedItem]:
    """With their categories' names; only the categories that are needed are read."""
    numbers: dict[int, set[int]] = {}
    for row in rows:
        numbers.setdefault(row["job"], set()).add(row["category"])
    known: dict[int, Categories] = {}
    for job, wanted in numbers.items():
        found = await database.read(_CATEGORIES_ABOVE, (job, json.dumps(sorted(wanted))))
        known[job] = Categories(_category(row) for row in found)
    return [_item(row, known[row["job"]]) for row in rows]


def _category(row: Row) -> ExtractionCategory:
    return ExtractionCategory(
        number=row["number"],
        parent=row["parent"],
        last=row["last"],
        category_id=row["category_id"],
        name=row["name"],
        description=row["description"],
        offered=bool(row["offered"]),
        items=row["items"],
        validated=row["validated"],
    )


def _item(row: Row, categories: Categories) -> ExtractedItem:
    category = categories[row["category"]]
    return ExtractedItem(
        job=row["job"],
        position=row["position"],
        ordinal=row["ordinal"],
        chunk_id=row["chunk_id"],
        document_id=row["document_id"],
        document_name=row["document_name"],
        category_id=category.category_id,
        category=category.name,
        category_path=categories.path(category.number),
        found=FoundItem(
            category=category.number,
            text=row["text"],
            start=row["start_char"],
            end=row["end_char"],
            match=row["match"],
            occurrences=row["occurrences"],
            confidence=row["confidence"],
            validated=bool(row["validated"]) if row["validated"] is not None else None,
            validation_confidence=row["validation_confidence"],
        ),
    )


def summary_of(row: Row) -> ExtractionSummary:
    return ExtractionSummary(
        id=row["id"],
        job_id=row["job_id"],
        project_id=row["project_id"],
        origin=row["origin"],
        spec=ExtractionSpec.model_validate_json(row["spec"]),
        state=row["state"],
        reason=row["reason"],
        error=row["error_detail"],
        entities=row["entries"],
        units_total=row["units_total"],
        units_down=row["units_down"],
        created_at=row["created_at"],
        started_at=row["started_at"],
        completed_at=row["completed_at"],
    )


def item_row(job: int, position: int, ordinal: int, chunk: int, item: FoundItem) -> tuple[Any, ...]:
    place = (job, position, ordinal, chunk, item.category)
    text = (item.text, item.start, item.end, item.match, item.occurrences)
    validated = int(item.validated) if item.validated is not None else None
    return (*place, *text, item.confidence, validated, item.validation_confidence)


def category_row(job: int, one: ExtractionCategory) -> tuple[Any, ...]:
    return (job, one.number, one.parent, one.last, one.category_id, one.name, one.description, int(one.offered))
