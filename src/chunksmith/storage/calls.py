"""The ledger: every model call and every raw reply. A call is kept before it is sent, its reply before it is read."""

import asyncio
import json
import sqlite3
import zlib
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import NamedTuple

import aiosqlite

from chunksmith.domain.calls import ChatReply, ModelRef, Stage
from chunksmith.domain.clock import parse_time
from chunksmith.domain.ledger import CallFailure, CallRecord, NewCall, PastCall, StoredReply, WritingCall
from chunksmith.storage.database import Adding, Database, Row, Statement

_INTENT = """
INSERT INTO calls (id, request_key, job, position, stage, attempt, state, provider, model, sent_at, estimate_nano,
    estimated_tokens)
VALUES (?, ?, ?, ?, ?, ?, 'intent', ?, ?, ?, ?, ?)
"""
_WITHDRAW = "DELETE FROM calls WHERE id = ? AND state = 'intent'"
_COUNT_CALL = Adding("UPDATE job_counters SET calls = calls + ? WHERE job = ?")
_REPLY = "INSERT INTO replies (call_id, raw) VALUES (?, ?)"
_ANSWERED = """
UPDATE calls SET state = 'answered', ended_at = ?, finish = ?, usable = ?, input_tokens = ?, output_tokens = ?,
    cached_tokens = ?, thinking_tokens = ?, cost_nano = ?, error_kind = ?, error_detail = ? WHERE id = ?
"""
_COUNT_ANSWER = Adding("""
UPDATE job_counters SET input_tokens = input_tokens + ?, output_tokens = output_tokens + ?,
    cached_tokens = cached_tokens + ?, thinking_tokens = thinking_tokens + ?, cost_nano = cost_nano + ?,
    spent_nano = spent_nano + ?, unpriced_calls = unpriced_calls + ? WHERE job = ?
""")
_FAILED = """
UPDATE calls SET state = ?, ended_at = ?, error_kind = ?, error_detail = ?, http_status = ?, unsent = ? WHERE id = ?
"""
_COUNT_UNSENT = Adding("UPDATE job_counters SET calls = calls + ?, unsent_calls = unsent_calls + ? WHERE job = ?")
_COUNT_UNKNOWN = Adding("""
UPDATE job_counters SET unknown_calls = unknown_calls + ?, spent_nano = spent_nano + ? WHERE job = ?
""")
_TOLD_UNTIL = """
INSERT INTO provider_waits (provider, until) SELECT provider, ? FROM calls WHERE id = ?
ON CONFLICT (provider) DO UPDATE SET until = max(until, excluded.until)
"""
_LIFT_WAIT = "DELETE FROM provider_waits WHERE provider = ?"
_WAITS = "SELECT provider, until FROM provider_waits WHERE until > ?"
_COUNT_REUSED = Adding("UPDATE job_counters SET reused_calls = reused_calls + ? WHERE job = ?")
# Without the replies themselves: of many calls that asked for the same, one reply is read.
_FIND = """
SELECT id, request_key, job, position FROM calls WHERE usable = 1 AND request_key IN ({marks}) ORDER BY id
"""
# Whatever was answered, of which a reply is still there.
_NEWEST = """
SELECT kept.id AS id, replies.raw AS raw FROM (
    SELECT id, job, position FROM calls WHERE usable = 1 AND request_key = :key
    UNION ALL
    SELECT id, job, position FROM calls WHERE usable = 0 AND state = 'answered' AND request_key = :key) AS kept
JOIN replies ON replies.call_id = kept.id
WHERE :job IS NULL OR (kept.job = :job AND kept.position = :position)
ORDER BY kept.id DESC LIMIT 1
"""
_RAW = "SELECT call_id, raw FROM replies WHERE call_id IN (SELECT value FROM json_each(?))"
_ABANDONED = """
SELECT id, job, ifnull(estimate_nano, 0) AS estimate FROM calls WHERE state = 'intent' AND (? IS NULL OR job = ?)
    AND id NOT IN (SELECT value FROM json_each(?))
"""
# What is not known to have been used counts as expected, as it does while the server runs.
_RECENT = """
SELECT provider, max(sent_at) AS sent_at, count(*) AS calls,
    total(coalesce(input_tokens + output_tokens, estimated_tokens, 0)) AS tokens
FROM calls WHERE sent_at > :since AND sent_at <= :until
GROUP BY provider, substr(sent_at, 1, length('2026-01-31T00:00:00'))
HAVING unixepoch(max(sent_at)) IS NOT NULL
ORDER BY max(sent_at)
"""
_PAST = """
SELECT calls.stage, calls.output_tokens, calls.sent_at, calls.ended_at FROM calls JOIN jobs ON jobs.id = calls.job
WHERE calls.state = 'answered' AND calls.stage IN (?, 'repair')
    AND calls.provider = ? AND calls.model = ? AND calls.id > ?
    AND json_extract(jobs.spec, '$.generation_mode') = ? AND json_extract(jobs.spec, '$.datasets_per_chunk') = ?
ORDER BY calls.id DESC LIMIT ?
"""
# Replies of jobs that have not ended may still be needed, by whatever they are chosen.
_PRUNABLE = """
SELECT calls.id AS id FROM calls JOIN replies ON replies.call_id = calls.id LEFT JOIN jobs ON jobs.id = calls.job
WHERE calls.id > ? AND (? IS NULL OR calls.sent_at < ?) AND (? IS NULL OR calls.job = ?)
    AND (jobs.id IS NULL OR jobs.state IN ('completed', 'failed', 'cancelled'))
ORDER BY calls.id LIMIT ?
"""
_SIZES = """
SELECT count(*), ifnull(sum(length(raw)), 0) FROM replies WHERE call_id IN (SELECT value FROM json_each(?))
"""
# What is skipped is counted along the index: neither the rows nor their replies are looked at.
_OF_JOB = """
SELECT calls.*, replies.call_id IS NOT NULL AS has_reply FROM calls LEFT JOIN replies ON replies.call_id = calls.id
WHERE calls.id IN (
    SELECT id FROM calls INDEXED BY calls_of_job WHERE job = ? AND id > ? ORDER BY id LIMIT ? OFFSET ?)
ORDER BY calls.id
"""
# A job that writes entries anew has what it asks with under ``writing``.
_WRITING = """
SELECT calls.*, replies.call_id IS NOT NULL AS has_reply, jobs.job_id,
    ifnull(json_extract(jobs.spec, '$.writing.prompt_name'), json_extract(jobs.spec, '$.prompt_name')) AS prompt_name,
    ifnull(json_extract(jobs.spec, '$.writing.temperature'), json_extract(jobs.spec, '$.temperature')) AS temperature,
    ifnull(json_extract(jobs.spec, '$.writing.max_tokens'), json_extract(jobs.spec, '$.max_tokens')) AS max_tokens,
    ifnull(json_extract(jobs.spec, '$.writing.seed'), json_extract(jobs.spec, '$.seed')) AS seed
FROM calls LEFT JOIN replies ON replies.call_id = calls.id LEFT JOIN jobs ON jobs.id = calls.job WHERE calls.id = ?
"""
_SETTINGS = ("prompt_name", "temperature", "max_tokens", "seed")
# SQLite's limit of bound parameters is far above; a longer list makes the statement slow to prepare.
LOOKUP_MAX = 128
# How far back what is looked for among the newest calls may lie.
RECENT_CALLS = 100_000
PRUNE_SLICE = 2000
# A window of 8 KiB, which no reply of that size reaches beyond.
_SHORT_REPLY, _SHORT_WINDOW_BITS, _SHORT_MEMORY = 8192, 13, 5


class CallStore:
    def __init__(self, database: Database, compress_level: int) -> None:
        self._database = database
        self._next_id = 0
        self._compress_level = compress_level
        self._lookups: list[_Lookup] = []
        self._looking: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Before the first call: ids go on where they ended."""
        row = await self._database.read_one("SELECT ifnull(max(id), 0) + 1 AS id FROM calls")
        assert row is not None  # noqa: S101 - an aggregate always gives a row
        self._next_id = row["id"]

    def reserve(self, count: int) -> int:
        """The first of so many ids that no call gets."""
        first = self._next_id
        self._next_id += count
        return first

    def intend(self, call: NewCall) -> "asyncio.Future[int]":
        """The call's id. Durable when the future is done: only then may the request leave."""
        call_id = self._next_id
        self._next_id += 1
        unit = (call_id, call.key, call.job, call.position, call.stage, call.attempt)
        request = (call.model.provider, call.model.model, call.sent_at, call.estimate_nano, call.estimated_tokens)
        statements: list[Statement] = [(_INTENT, unit + request)]
        if call.job is not None:
            statements.append((_COUNT_CALL, (1, call.job)))
        return self._database.apply(statements, call_id)

    def answered(
        self, call_id: int, job: int | None, raw: bytes, reply: ChatReply | None, at: str, failure: CallFailure | None
    ) -> "asyncio.Future[None]":
        """Keep the raw reply. ``reply`` is None when the body was not what the provider answers with (``failure``)."""
        usage = reply.usage if reply is not None else None
        cost = usage.cost_nano_usd if usage is not None else None
        tokens = (
            (usage.input_tokens, usage.output_tokens, usage.cached_tokens, usage.thinking_tokens)
            if usage is not None
            else (None, None, None, None)
        )
        usable = reply is not None and reply.finish in ("stop", "length", "refused")
        error = (failure.kind, failure.detail) if failure is not None else (None, None)
        finish = reply.finish if reply is not None else None
        statements: list[Statement] = [
            (_REPLY, (call_id, _Packed(raw, self._compress_level))),
            (_ANSWERED, (at, finish, int(usable), *tokens, cost, *error, call_id)),
        ]
        if job is not None:
            counted = [value or 0 for value in tokens]
            estimate = failure.estimate_nano if failure is not None else 0
            spent = cost if cost is not None else estimate
            statements.append((_COUNT_ANSWER, (*counted, cost or 0, spent or 0, int(cost is None), job)))
        return self._database.apply(statements)

    def failed(self, call_id: int, job: int | None, at: str, failure: CallFailure) -> "asyncio.Future[None]":
        """No reply. When it may have been billed all the same, the estimate counts as spent; when it never left, it is
        no call any more."""
        state = "unknown" if failure.maybe_billed else "failed"
        row = (state, at, failure.kind, failure.detail, failure.http_status, int(failure.unsent), call_id)
        statements: list[Statement] = [(_FAILED, row)]
        if job is not None and failure.unsent:
            statements.append((_COUNT_UNSENT, (-1, 1, job)))
        if job is not None and failure.maybe_billed:
            statements.append((_COUNT_UNKNOWN, (1, failure.estimate_nano or 0, job)))
        if failure.told_until is not None:
            statements.append((_TOLD_UNTIL, (failure.told_until, call_id)))
        return self._database.apply(statements)

    def lift_wait(self, provider: str) -> "asyncio.Future[None]":
        """The provider need not be left alone any longer."""
        return self._database.apply([(_LIFT_WAIT, (provider,))])

    def withdraw(self, call_id: int, job: int | None) -> "asyncio.Future[None]":
        """An intent that nothing was sent for: there was no call."""
        statements: list[Statement] = [(_WITHDRAW, (call_id,))]
        if job is not None:
            statements.append((_COUNT_CALL, (-1, job)))
        return self._database.apply(statements)

    async def count_reused(self, job: int) -> None:
        await self._database.apply([(_COUNT_REUSED, (1, job))])

    async def find(self, key: bytes, only_job: tuple[int, int] | None = None) -> StoredReply | None:
        """The newest usable reply to this request; with ``only_job``, of that job's unit only.

        Many callers at once share one query.
        """
        lookup = _Lookup(key, only_job)
        self._lookups.append(lookup)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_up(), name="ledger-lookup")
        return await lookup.found

    async def newest(self, key: bytes, only_job: tuple[int, int] | None = None) -> StoredReply | None:
        """The newest reply to this request, also one that nobody could use; with ``only_job`` as in ``find``."""
        job, position = only_job or (None, None)
        row = await self._database.read_one(_NEWEST, {"key": key, "job": job, "position": position})
        return StoredReply(row["id"], zlib.decompress(row["raw"])) if row is not None else None

    async def _look_up(self) -> None:
        while self._lookups:
            batch, self._lookups = self._lookups[:LOOKUP_MAX], self._lookups[LOOKUP_MAX:]
            try:
                keys = sorted({lookup.key for lookup in batch})
                sql = _FIND.format(marks=", ".join("?" * len(keys)))
                rows = await self._database.read(sql, keys)
                chosen = [lookup.choose(rows) for lookup in batch]
                ids = json.dumps(sorted({call for call in chosen if call is not None}))
                found = await self._database.read(_RAW, (ids,)) if ids != "[]" else []
            except Exception as exc:  # noqa: BLE001 - each waiting caller gets it
                for lookup in batch:
                    lookup.fail(exc)
                continue
            raws = {row["call_id"]: row["raw"] for row in found}
            for lookup, call in zip(batch, chosen, strict=True):
                lookup.settle(call, raws.get(call))

    async def abandon_open(self, at: str, job: int | None = None, but: Collection[int] = ()) -> int:
        """At start: calls that were in flight when the process ended. Returns how many.

        With ``job``, those of this job alone, ``but`` for those that are still in flight. Whether they were answered
        cannot be known, so their estimated cost counts as spent.
        """
        why = "the process ended first" if job is None else "nobody waited for it any more"
        parameters = (job, job, json.dumps(sorted(but)))

        async def abandon(connection: aiosqlite.Connection) -> int:
            rows = list(await connection.execute_fetchall(_ABANDONED, parameters))
            unknown = [("unknown", at, "interrupted", why, None, 0, row["id"]) for row in rows]
            await connection.executemany(_FAILED, unknown)
            counted = [(1, row["estimate"], row["job"]) for row in rows if row["job"] is not None]
            await connection.executemany(_COUNT_UNKNOWN, counted)
            return len(rows)

        return await self._database.transact(abandon)

    async def recent(self, since: str, until: str) -> list[Row]:
        """Calls sent after ``since`` and up to ``until``, for limits per minute that outlive a restart.

        Shapes: a row for each provider and second; ``sent_at`` is when the last of them was sent.
        """
        return await self._database.read(_RECENT, {"since": since, "until": until})

    async def waits(self, now: str) -> dict[str, str]:
        """By provider, until when it asked to be left alone, where that is still to come."""
        return {row["provider"]: row["until"] for row in await self._database.read(_WAITS, (now,))}

    async def past(
        self, model: ModelRef, mode: str, per_chunk: int, limit: int, stage: Stage = "generate"
    ) -> list[PastCall]:
        """The newest answered calls of the same kind."""
        parameters = (stage, model.provider, model.model, self._next_id - RECENT_CALLS, mode, per_chunk, limit)
        return [
            PastCall(row["stage"], row["output_tokens"], parse_time(row["ended_at"]) - parse_time(row["sent_at"]))
            for row in await self._database.read(_PAST, parameters)
        ]

    async def of_job(self, job: int, after: int, limit: int, offset: int) -> list[CallRecord]:
        rows = await self._database.read(_OF_JOB, (job, after, limit, offset))
        return [_record(row) for row in rows]

    async def writing_call(self, call_id: int) -> WritingCall | None:
        row = await self._database.read_one(_WRITING, (call_id,))
        if row is None:
            return None
        known = {name: row[name] for name in _SETTINGS} if row["job_id"] is not None else None
        return WritingCall(_record(row), row["job_id"], known)

    async def prunable(self, before: str | None, job: int | None) -> tuple[int, int]:
        """How many raw replies would go, and how many bytes."""
        sql = f"SELECT count(*) AS n, ifnull(sum(length(raw)), 0) AS size FROM replies WHERE call_id IN ({_PRUNABLE})"
        (row,) = await self._database.read(sql, (0, before, before, job, job, -1))
        return row["n"], row["size"]

    async def prune_slice(self, before: str | None, job: int | None, after: int) -> tuple[int, int, int]:
        """Remove some raw replies of calls after ``after``; their calls stay, and can no longer answer.

        Gives how many, how many bytes, and the last call. None at all: there are no more.
        """

        async def prune(connection: aiosqlite.Connection) -> tuple[int, int, int]:
            rows = list(await connection.execute_fetchall(_PRUNABLE, (after, before, before, job, job, PRUNE_SLICE)))
            ids = json.dumps([row["id"] for row in rows])
            sizes = await connection.execute_fetchall(_SIZES, (ids,))
            count, size = next(iter(sizes))
            await connection.execute("UPDATE calls SET usable = 0 WHERE id IN (SELECT value FROM json_each(?))", (ids,))
            await connection.execute("DELETE FROM replies WHERE call_id IN (SELECT value FROM json_each(?))", (ids,))
            return count, size, rows[-1]["id"] if rows else after

        return await self._database.transact(prune)

    async def raw(self, call_id: int) -> bytes | None:
        row = await self._database.read_one("SELECT raw FROM replies WHERE call_id = ?", (call_id,))
        return zlib.decompress(row["raw"]) if row is not None else None


def compressed(raw: bytes, level: int) -> bytes:
    """zlib; for a short reply with a window that is not larger than it needs, as that is set up each time."""
    if len(raw) > _SHORT_REPLY:
        return zlib.compress(raw, level)
    stream = zlib.compressobj(level, zlib.DEFLATED, _SHORT_WINDOW_BITS, _SHORT_MEMORY)
    return stream.compress(raw) + stream.flush()


class _Packed(NamedTuple):
    """A reply that is compressed where it is written, in the writer's thread."""

    raw: bytes
    level: int

    def __conform__(self, protocol: type[sqlite3.PrepareProtocol]) -> bytes:
        """What is bound for it. Source: the sqlite3 module, on adapting objects to SQLite's types."""
        return compressed(self.raw, self.level)


@dataclass(slots=True)
class _Lookup:
    key: bytes
    only_job: tuple[int, int] | None
    found: asyncio.Future[StoredReply | None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def choose(self, rows: list[Row]) -> int | None:
        """The newest call that answers this."""
        for row in reversed(rows):
            mine = self.only_job is None or (row["job"], row["position"]) == self.only_job
            if mine and row["request_key"] == self.key:
                return int(row["id"])
        return None

    def settle(self, call: int | None, raw: bytes | None) -> None:
        if not self.found.done():
            found = StoredReply(call, zlib.decompress(raw)) if call is not None and raw is not None else None
            self.found.set_result(found)

    def fail(self, exc: Exception) -> None:
        if not self.found.done():
            self.found.set_exception(exc)


def _record(row: Row) -> CallRecord:
    stage: Stage = row["stage"]
    return CallRecord(
        id=row["id"],
        request_key=row["request_key"].hex(),
        position=row["position"],
        stage=stage,
        attempt=row["attempt"],
        state=row["state"],
        model=ModelRef(row["provider"], row["model"]),
        sent_at=row["sent_at"],
        ended_at=row["ended_at"],
        finish=row["finish"],
        error_kind=row["error_kind"],
        error_detail=row["error_detail"],
        http_status=row["http_status"],
        input_tokens=row["input_tokens"],
        output_tokens=row["output_tokens"],
        cached_tokens=row["cached_tokens"],
        thinking_tokens=row["thinking_tokens"],
        cost_nano=row["cost_nano"],
        estimate_nano=row["estimate_nano"],
        has_reply=bool(row["has_reply"]),
        sent=not row["unsent"],
    )
