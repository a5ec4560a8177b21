"""`chunksmith jobs`, `cancel`, `pause`, `resume`, `retry`, `prune`."""

from typing import Annotated

import typer

from chunksmith.cli import render
from chunksmith.cli.client import DEFAULT_SERVER, Api, segment
from chunksmith.cli.jobview import JobView
from chunksmith.cli.options import AsJson, JobId, Key, Server


def jobs(
    state: Annotated[
        str | None,
        typer.Option(help="submitted, running, paused, completed, failed or cancelled.", show_default=False),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Jobs shown at most.")] = 50,
    server: Server = DEFAULT_SERVER,
    api_key: Key = None,
    as_json: AsJson = False,
) -> None:
    """List jobs, the newest first."""
    with Api(server, api_key) as api:
        found = list(api.items("/jobs", "jobs", limit=limit, status=state))
    if as_json:
        render.print_json({"jobs": found})
        return
    rows = [
        (
            job["job_id"],
            f"{job['status']} ({job['reason']})" if job.get("reason") else job["status"],
            job.get("project_id"),
            f"{job['units']['done'] + job['units']['failed']}/{job['units']['total']}",
            job["units"]["failed"],
            job.get("total_entries_so_far"),
            job["created_at"],
            job.get("error") or "",
        )
        for job in found
    ]
    columns = ("job", "state", "project", "units", "failed", "entries", "created", "error")
    render.table(columns, rows, right=("units", "failed", "entries"))


def cancel(job_id: JobId, server: Server = DEFAULT_SERVER, api_key: Key = None, as_json: AsJson = False) -> None:
    """End a job; what it made so far stays."""
    _steer("cancel", job_id, server, api_key, as_json)


def pause(job_id: JobId, server: Server = DEFAULT_SERVER, api_key: Key = None, as_json: AsJson = False) -> None:
    """Let a job rest: calls in flight finish, no more are made."""
    _steer("pause", job_id, server, api_key, as_json)


def resume(
    job_id: JobId,
    max_cost: Annotated[str | None, typer.Option(metavar="USD", help="A new ceiling.", show_default=False)] = None,
    max_calls: Annotated[int | None, typer.Option(help="A new ceiling.", show_default=False)] = None,
    concurrency: Annotated[int | None, typer.Option(help="Calls in flight at most.", show_default=False)] = None,
    server: Server = DEFAULT_SERVER,
    api_key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Let a paused job go on, with other limits where they are given."""
    limits = {"max_cost_usd": max_cost, "max_calls": max_calls, "concurrency": concurrency}
    changes = {name: value for name, value in limits.items() if value is not None}
    if changes:
        with Api(server, api_key) as api:
            api.patch(f"/jobs/{segment(job_id)}", changes)
    _steer("resume", job_id, server, api_key, as_json)


def retry(
    job_id: JobId,
    statuses: Annotated[
        list[str] | None, typer.Option("--status", help="failed (default), invalid or refused; repeatable.")
    ] = None,
    reparse: Annotated[bool, typer.Option("--reparse", help="Read the stored replies again; costs nothing.")] = False,
    server: Server = DEFAULT_SERVER,
    api_key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Do the failed units of a job again, under the same id."""
    with Api(server, api_key) as api:
        document = api.post(f"/jobs/{segment(job_id)}/retry", {"statuses": statuses or ["failed"], "reparse": reparse})
    if as_json:
        render.print_json(document)
    else:
        render.job(JobView.of(document), with_files=False)


def prune(
    older_than_days: Annotated[float | None, typer.Option(help="Replies that are older.", show_default=False)] = None,
    job_id: Annotated[str | None, typer.Option("--job", help="Replies of one job.", show_default=False)] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what would go.")] = False,
    server: Server = DEFAULT_SERVER,
    api_key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Remove raw replies from the ledger; they cannot be reused or read again afterwards."""
    body = {"older_than_days": older_than_days, "job_id": job_id, "dry_run": dry_run}
    with Api(server, api_key) as api:
        document = api.post("/ledger/prune", body)
    if as_json:
        render.print_json(document)
    else:
        verb = "would go" if dry_run else "removed"
        render.say(f"{document['replies']} replies, {document['size_bytes'] / 1e6:.1f} MB {verb}")


def _steer(action: str, job_id: str, server: str, api_key: str | None, as_json: bool) -> None:
    with Api(server, api_key) as api:
        document = api.post(f"/jobs/{segment(job_id)}/{action}")
    if as_json:
        render.print_json(document)
    else:
        render.job(JobView.of(document), with_files=False)
