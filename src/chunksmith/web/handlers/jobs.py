"""Jobs of all kinds: lists, status, control, outcomes, the ledger."""

from typing import Any

from aiohttp import web

from chunksmith.domain.paging import Window
from chunksmith.errors import Conflict, Fault, NotFound
from chunksmith.services.generation_checks import parse_usd
from chunksmith.web.answers import json_response
from chunksmith.web.fields import CursorQuery
from chunksmith.web.keys import JOBS, LEDGER, PROJECTS
from chunksmith.web.parsing import body_of, query_of
from chunksmith.web.routing import Answer, Handler, Route
from chunksmith.web.schemas import jobs as shapes

BASE = "/api/v1/jobs"


async def list_jobs(request: web.Request) -> web.StreamResponse:
    query = query_of(request)
    project = await request.app[PROJECTS].resolve(query["project_id"]) if query["project_id"] is not None else None
    window = window_of(query)
    jobs, total = await request.app[JOBS].page(
        window, state=query["status"], project=project.id if project is not None else None, kind=query["kind"]
    )
    return json_response({"jobs": [shapes.job_item_out(job) for job in jobs], **counted(window, total)})


async def get_job(request: web.Request) -> web.StreamResponse:
    return json_response(shapes.status_out(await request.app[JOBS].status(request.match_info["job_id"])))


async def get_job_status(request: web.Request) -> web.StreamResponse:
    return await get_job(request)


async def cancel_job(request: web.Request) -> web.StreamResponse:
    return json_response(shapes.status_out(await request.app[JOBS].cancel(request.match_info["job_id"])))


async def pause_job(request: web.Request) -> web.StreamResponse:
    return json_response(shapes.status_out(await request.app[JOBS].pause(request.match_info["job_id"])))


async def resume_job(request: web.Request) -> web.StreamResponse:
    return json_response(shapes.status_out(await request.app[JOBS].resume(request.match_info["job_id"])))


async def retry_job(request: web.Request) -> web.StreamResponse:
    given = body_of(request)
    status = await request.app[JOBS].retry(
        request.match_info["job_id"], given.get("statuses", ["failed"]), reparse=given.get("reparse", False)
    )
    return json_response(shapes.status_out(status))


async def change_job(request: web.Request) -> web.StreamResponse:
    given = body_of(request)
    changes: dict[str, int | None] = {name: given[name] for name in ("concurrency", "max_calls") if name in given}
    if "max_cost_usd" in given:
        text = given["max_cost_usd"]
        changes["max_cost_nano"] = parse_usd(text) if text is not None else None
    status = await request.app[JOBS].set_limits(request.match_info["job_id"], changes)
    return json_response(shapes.status_out(status))


async def list_outcomes(request: web.Request) -> web.StreamResponse:
    query = query_of(request)
    window = window_of(query)
    job_id = request.match_info["job_id"]
    kind = (await request.app[JOBS].status(job_id)).job.kind
    found = await request.app[JOBS].outcomes(job_id, query["status"], window)
    listed = [shapes.outcome_out(one, kind) for one in found.items]
    return json_response({"outcomes": listed, **counted(window, found.total), "next_cursor": found.next_cursor})


async def list_calls(request: web.Request) -> web.StreamResponse:
    window = window_of(query_of(request))
    found = await request.app[JOBS].calls(request.match_info["job_id"], window)
    listed = [shapes.call_out(call) for call in found.items]
    return json_response({"calls": listed, **counted(window, found.total), "next_cursor": found.next_cursor})


async def prune_ledger(request: web.Request) -> web.StreamResponse:
    given = body_of(request)
    pruned = await request.app[LEDGER].prune(given["older_than_days"], given["job_id"], dry_run=given["dry_run"])
    return json_response({"replies": pruned.replies, "size_bytes": pruned.size_bytes, "dry_run": given["dry_run"]})


def window_of(query: dict[str, object]) -> Window:
    page, per_page, cursor = query["page"], query["per_page"], query.get("cursor")
    assert isinstance(page, int) and isinstance(per_page, int)  # noqa: S101, PT018 - the schema has seen to it
    return Window(page, per_page, cursor if isinstance(cursor, str) else None)


def counted(window: Window, total: int) -> dict[str, int]:
    return {"total": total, "page": window.page, "per_page": window.per_page}


def _control(name: str, handler: Handler, summary: str) -> Route:
    answer = {200: Answer("The job as it is now.", shapes.JobOut)}
    return Route("POST", f"{BASE}/{{job_id}}/{name}", handler, summary, "Jobs", answer, errors=(Conflict,))


async def _also_wrong(request: web.Request, values: dict[str, Any]) -> list[Fault]:
    return await request.app[JOBS].faults(request.match_info["job_id"], has_ceiling=values["max_cost_usd"] is not None)


async def _also_wrong_retry(request: web.Request, _: dict[str, Any]) -> list[Fault]:
    return await request.app[JOBS].faults(request.match_info["job_id"], has_ceiling=False)


async def _also_wrong_prune(request: web.Request, values: dict[str, Any]) -> list[Fault]:
    return await request.app[LEDGER].faults(values["job_id"])


ROUTES = [
    Route(
        "GET",
        BASE,
        list_jobs,
        "List jobs, newest first",
        "Jobs",
        {200: Answer("A page of jobs.", shapes.JobsOut)},
        query=shapes.JobsQuery,
        errors=(NotFound,),
    ),
    Route("GET", f"{BASE}/{{job_id}}", get_job, "One job", "Jobs", {200: Answer("The job.", shapes.JobOut)}),
    Route(
        "GET",
        f"{BASE}/status/{{job_id}}",
        get_job_status,
        "One job, at its older address",
        "Jobs",
        {200: Answer("The job.", shapes.JobOut)},
    ),
    _control("cancel", cancel_job, "Cancel a job; what is there stays"),
    _control("pause", pause_job, "Pause a job; calls in flight finish first"),
    _control("resume", resume_job, "Go on with a paused job; a provider that wanted a long rest is asked again"),
    Route(
        "POST",
        f"{BASE}/{{job_id}}/retry",
        retry_job,
        "Do failed units again, under the same job id",
        "Jobs",
        {200: Answer("The job as it is now.", shapes.JobOut)},
        body=shapes.RetryIn,
        body_optional=True,
        also=_also_wrong_retry,
        errors=(Conflict,),
    ),
    Route(
        "PATCH",
        f"{BASE}/{{job_id}}",
        change_job,
        "Change a job's limits, also while it runs",
        "Jobs",
        {200: Answer("The job as it is now.", shapes.JobOut)},
        body=shapes.JobChangeIn,
        also=_also_wrong,
        errors=(Conflict,),
    ),
    Route(
        "GET",
        f"{BASE}/{{job_id}}/outcomes",
        list_outcomes,
        "How each unit ended, and why",
        "Jobs",
        {200: Answer("A page of units. `next_cursor` is fast at any depth.", shapes.UnitOutcomesOut)},
        query=shapes.OutcomesQuery,
    ),
    Route(
        "GET",
        f"{BASE}/{{job_id}}/calls",
        list_calls,
        "The ledger: every model call of the job",
        "Jobs",
        {200: Answer("A page of calls. `next_cursor` is fast at any depth.", shapes.CallsOut)},
        query=CursorQuery,
    ),
    Route(
        "POST",
        "/api/v1/ledger/prune",
        prune_ledger,
        "Remove raw replies by age or by job",
        "Jobs",
        {200: Answer("What was removed, or would be.", shapes.PrunedOut)},
        "The calls stay listed with tokens and costs, but their replies cannot be reused or parsed again.",
        body=shapes.PruneIn,
        also=_also_wrong_prune,
        errors=(Conflict, NotFound),
    ),
]
