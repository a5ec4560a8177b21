"""How a page of entries is found at any depth: by an index, from where the page begins."""

from dataclasses import replace
from typing import Any, NamedTuple, get_args

from chunksmith.domain.datasets import DIFFICULTIES, MatchKind
from chunksmith.domain.entry_query import UNASSIGNED, EntryQuery, Sort
from chunksmith.storage import any_case
from chunksmith.storage.datasets import entry_range

NOT_INDEXED = "NOT INDEXED"
# Reasons to leave entries out; the indexes begin with them, and with none of them.
_LEFT_OUT = ("duplicate", "contaminated")
# What a list by id is filtered by along its index.
_HELD_BY_ID = ("filter_quality", "quality_below")
MATCHES: tuple[MatchKind, ...] = get_args(MatchKind)
# The weakest match among the quotes of an entry, as a place in MATCHES; the last of them without any quote.
_PLACES = " ".join(f"WHEN '{match}' THEN {place}" for place, match in enumerate(MATCHES))
_WEAKEST = f"""ifnull((SELECT max(CASE json_extract(quote.value, '$[3]') {_PLACES} END)
    FROM json_each(entries.evidence) AS quote), {len(MATCHES) - 1})"""
# What an entry list is sorted by, as an expression that an index has, and whether its natural order is descending.
_SORTS: dict[Sort, tuple[str, bool]] = {
    "id": ("id", False),
    "quality": ("quality", True),
    "category": ("category", False),
    "difficulty": ("difficulty", False),
}


def where(dataset: int, query: EntryQuery, *, counted: bool = False) -> tuple[str, list[Any]]:
    """All but the place in the list, except where ids are what is sorted by."""
    clauses = ["deleted_at IS NULL"]
    parameters: list[Any] = []
    if index(query, counted=counted) != NOT_INDEXED:
        clauses.append("dataset = ?")
        parameters.append(dataset)
    else:
        clauses.append("id BETWEEN ? AND ?")
        parameters += _id_bounds(dataset, query)
    more, values = filters(query)
    return "WHERE " + " AND ".join([*clauses, *more]), [*parameters, *values]


def filters(query: EntryQuery) -> tuple[list[str], list[Any]]:
    """What the query asks of an entry by itself, on a table that is called ``entries``."""
    clauses: list[str] = []
    parameters: list[Any] = []
    if query.filter_quality is not None:
        clauses.append("quality >= ?")
        parameters.append(query.filter_quality)
    if query.quality_below is not None:
        clauses.append("quality < ?")
        parameters.append(query.quality_below)
    if query.min_groundedness is not None:
        clauses.append("json_extract(quality_parts, '$.groundedness') >= ?")
        parameters.append(query.min_groundedness)
    if query.evidence is not None:
        clauses.append(f"{_WEAKEST} = ?")
        parameters.append(MATCHES.index(query.evidence))
    for column in ("category", "split"):
        value = getattr(query, column)
        if column == "split" and value == UNASSIGNED:
            clauses.append("split IS NULL")
        elif value is not None:
            clauses.append(f"{column} = ?")
            parameters.append(value)
    _add_marks(clauses, parameters, query)
    if query.difficulty is not None:
        clauses.append("difficulty = ?")
        parameters.append(DIFFICULTIES.index(query.difficulty) + 1)
    if query.q:
        searched = ("question", "answer", "instruction", "input", "output", "summary")
        held, values = any_case.condition(query.q)
        found = [held.format(column=column) for column in searched]
        found.append(f"EXISTS (SELECT 1 FROM json_each(entries.key_points) WHERE {held.format(column='value')})")
        clauses.append(f"({' OR '.join(found)})")
        parameters += values * len(found)
    return clauses, parameters


def _add_marks(clauses: list[str], parameters: list[Any], query: EntryQuery) -> None:
    """What is left out counts as rejected, whatever people said of it."""
    if query.left_out == "any":
        clauses.append("left_out IS NOT NULL")
    elif query.left_out is not None:
        clauses.append("left_out = ?")
        parameters.append(query.left_out)
    elif query.status != "rejected":
        clauses.append("left_out IS NULL")
    if query.status == "rejected":
        clauses.append("(status = 'rejected' OR left_out IS NOT NULL)")
    elif query.status is not None:
        clauses.append("status = ? AND left_out IS NULL")
        parameters.append(query.status)
    for column, wanted in (("duplicate_of", query.duplicate), ("contamination", query.contaminated)):
        if wanted is not None:
            clauses.append(f"{column} IS {'NOT ' if wanted else ''}NULL")


def _id_bounds(dataset: int, query: EntryQuery) -> tuple[int, int]:
    """One pair of bounds, the position taken in: of two lower bounds SQLite starts from the first that is written."""
    first, last = entry_range(dataset)
    if query.after is None:
        return first, last
    place = first | query.after.number
    return (first, place - 1) if _descending(query) else (place + 1, last)


def index(query: EntryQuery, *, counted: bool = False) -> str:
    """Which index to read. Without statistics SQLite guesses by the number of columns, and then sorts a whole dataset.

    A list by id with a filter that no index by id has goes through the rows, in order, until its page is full.
    """
    if query.sort != "id" and not counted:
        return f"INDEXED BY entries_by_{query.sort}"
    if query.category is not None:
        return "INDEXED BY entries_by_category"
    if counted and (query.filter_quality is not None or query.quality_below is not None):
        return "INDEXED BY entries_by_quality"
    if query.difficulty is not None:
        return "INDEXED BY entries_by_difficulty"
    held = replace(query, sort="id", order=None, left_out=None, after=None, **dict.fromkeys(_HELD_BY_ID))
    return "INDEXED BY entries_of_dataset" if held == EntryQuery() else NOT_INDEXED


def _descending(query: EntryQuery) -> bool:
    natural = _SORTS[query.sort][1]
    return natural if query.order is None else query.order == "desc"


def order(query: EntryQuery, prefix: str = "", *, backwards: bool = False) -> str:
    """Ties by id, ascending; null (not scored, no category) sorts as the smallest value. Turned round: all of that."""
    expression, _ = _SORTS[query.sort]
    direction = "DESC" if _descending(query) != backwards else "ASC"
    if expression == "id":
        return f"ORDER BY {prefix}id {direction}"
    return f"ORDER BY {prefix}{expression} {direction}, {prefix}id {'DESC' if backwards else 'ASC'}"


def places(dataset: int, query: EntryQuery, *, backwards: bool = False) -> tuple[str, list[Any]]:
    """Ids of all that a list has after its position, in its order, with what they are sorted by; and the parameters.

    Turned round, from the end of the list on. What comes after a position lies in up to three ranges of the index, and
    what is left out in ranges of its own. SQLite merges them as it goes.
    """
    column, _ = _SORTS[query.sort]
    columns = "id" if column == "id" else f"id, {column}"
    parts: list[str] = []
    values: list[Any] = []
    for part in ranges(dataset, query):
        clause, parameters = where(dataset, part.query)
        for group in _groups(query):
            parts.append(f"SELECT {columns} FROM entries {index(query)} {clause}{part.clause}{group}")
            values += [*parameters, *part.values]
    if not parts:  # the filter lets through nothing that comes after the position
        return f"SELECT {columns} FROM entries WHERE 0", []
    return f"{' UNION ALL '.join(parts)} {order(query, backwards=backwards)}", values


def _groups(query: EntryQuery) -> list[str]:
    """Clauses that part a list so that each part is of one reason to leave out, or of none: indexes begin with it."""
    if index(query) == NOT_INDEXED:
        return [""]
    left_out = [f" AND left_out = '{reason}'" for reason in _LEFT_OUT]
    if query.left_out == "any":
        return left_out
    return [" AND left_out IS NULL", *left_out] if query.left_out is None and query.status == "rejected" else [""]


class Range(NamedTuple):
    """Rows that ``query`` finds and that lie where ``clause`` says."""

    query: EntryQuery
    clause: str
    values: list[Any]


def ranges(dataset: int, query: EntryQuery) -> list[Range]:
    """Where rows after the query's position lie, as clauses that an index can start from; everywhere without one."""
    if query.after is None:
        return [Range(query, "", [])]
    column, _ = _SORTS[query.sort]
    sign = "<" if _descending(query) else ">"
    value, entry_id = query.after.value, entry_range(dataset)[0] | query.after.number
    if column == "id":
        return [Range(query, "", []) if index(query) == NOT_INDEXED else Range(query, f" AND id {sign} ?", [entry_id])]
    found = _alike(query, column, value, entry_id)
    if getattr(query, column, None) is not None:  # the filter lets nothing else through
        return found
    if value is not None:
        found.append(Range(query, f" AND {column} {sign} ?", [value]))
    # Null is smallest: last when descending, and first when ascending.
    if sign == "<" and value is not None and not _has_bounds(query, column):
        found.append(Range(query, f" AND {column} IS NULL", []))
    if sign == ">" and value is None:
        found.append(Range(query, f" AND {column} IS NOT NULL", []))
    return found


def _alike(query: EntryQuery, column: str, value: float | str | int | None, entry_id: int) -> list[Range]:
    """Later rows with the same value. SQLite would rather use bounds than an equation: those are checked here."""
    if _has_bounds(query, column):
        low, high = query.filter_quality, query.quality_below
        if (
            not isinstance(value, int | float)
            or (low is not None and value < low)
            or (high is not None and value >= high)
        ):
            return []
        query = replace(query, filter_quality=None, quality_below=None)
    if value is None:
        return [Range(query, f" AND {column} IS NULL AND id > ?", [entry_id])]
    return [Range(query, f" AND {column} = ? AND id > ?", [value, entry_id])]


def _has_bounds(query: EntryQuery, column: str) -> bool:
    return column == "quality" and (query.filter_quality is not None or query.quality_below is not None)
