"""Entries put back as they were in a frozen state, in slices, each of which may be the last before a crash."""

import json
from dataclasses import replace
from typing import Any

import aiosqlite

from chunksmith.domain.datasets import Entry
from chunksmith.storage.datasets import entry_range
from chunksmith.storage.entries import (
    CHANGE_CONTENT,
    COLUMNS,
    COUNT_ENTRY,
    KEEP_FORMER,
    SELECT,
    counts_of,
    entry_of,
    former_row,
    row_of,
)
from chunksmith.storage.rows import first

# Entries read and changed in one transaction.
RESTORED = 500
_KEPT = ", ".join(f"f.{name}" for name in COLUMNS if name not in ("id", "dataset"))
# Whatever became what it is after the state, deleted or not.
_LATER = """
SELECT id FROM entries INDEXED BY entries_since
WHERE id > ? AND id <= ? AND since > 1 AND since > ? ORDER BY id LIMIT ?
"""
_NOW = f"{SELECT} WHERE entries.id IN (SELECT value FROM json_each(?)) AND entries.deleted_at IS {{gone}}"
_THEN = f"""
SELECT f.entry AS id, {_KEPT}, NULL AS document_id, NULL AS document_name FROM former_entries AS f
WHERE f.entry IN (SELECT value FROM json_each(?1)) AND f.first_state <= ?2 AND f.last_state >= ?2
"""
_PUT_BACK = f"UPDATE entries SET {', '.join(f'{name} = ?' for name in COLUMNS[1:])}, deleted_at = NULL WHERE id = ?"
_HIDE = "UPDATE entries SET deleted_at = ? WHERE id = ?"
# What puts back is no change of what the rollback says; what others changed meanwhile is.
_KEEP_MARK = "UPDATE datasets SET changed = ?, updated_at = ? WHERE id = ?"


async def restore_entries(
    connection: aiosqlite.Connection, dataset: int, state: int, after: int, change: str, editor: str | None, at: str
) -> int | None:
    """Some entries after the row id ``after``; gives how far it has come, None at the end.

    Former texts stay in the history. An entry that was not there in the state is deleted, one that was deleted since
    comes back; its revision goes on counting.
    """
    last = entry_range(dataset)[1]
    ids = [row["id"] for row in await connection.execute_fetchall(_LATER, (after, last, state, RESTORED))]
    if not ids:
        return None
    mark = await first(connection, "SELECT changed FROM datasets WHERE id = ?", dataset)
    listed = json.dumps(ids)
    now = {e.number: e for e in map(entry_of, await connection.execute_fetchall(_NOW.format(gone="NULL"), (listed,)))}
    gone = await connection.execute_fetchall(_NOW.format(gone="NOT NULL"), (listed,))
    revisions = {e.number: e.revision for e in [*map(entry_of, gone), *now.values()]}
    then = {e.number: e for e in map(entry_of, await connection.execute_fetchall(_THEN, (listed, state)))}
    changed = [number for number in revisions if _differ(now.get(number), then.get(number))]
    former = [former_row(dataset, now[n], change, editor, None, at) for n in changed if n in now]
    await connection.executemany(KEEP_FORMER, former)
    hidden = [(at, entry_range(dataset)[0] | n) for n in changed if n not in then]
    await connection.executemany(_HIDE, hidden)
    rows = [_put_back(dataset, then[n], revisions[n] + 1) for n in changed if n in then]
    await connection.executemany(_PUT_BACK, rows)
    was = counts_of([now[n] for n in changed if n in now])
    became = counts_of([then[n] for n in changed if n in then])
    await connection.execute(COUNT_ENTRY, (*(b - w for w, b in zip(was, became, strict=True)), dataset))
    await connection.execute(CHANGE_CONTENT, (len(changed), dataset))
    await connection.execute(_KEEP_MARK, (mark["changed"] if mark is not None else 0, at, dataset))
    return int(ids[-1])


def _differ(now: Entry | None, then: Entry | None) -> bool:
    if now is None or then is None:
        return now is not then
    apart: dict[str, Any] = {"revision": 0, "document_id": None, "document_name": None}
    return replace(now, **apart) != replace(then, **apart)


def _put_back(dataset: int, entry: Entry, revision: int) -> tuple[Any, ...]:
    row = row_of(dataset, replace(entry, revision=revision))
    return (*row[1:], row[0])
