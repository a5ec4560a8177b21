"""`chunksmith versions list|compare|increment|rollback`."""

from typing import Annotated, Any

import typer

from chunksmith.cli import projects, render
from chunksmith.cli.client import DEFAULT_SERVER, Api
from chunksmith.cli.options import AsJson, Key, ProjectName, Server

app = typer.Typer(help="Versions of the datasets that share a name.", no_args_is_help=True)

DatasetName = Annotated[str, typer.Argument(metavar="NAME", help="The dataset_name of the runs.", show_default=False)]
Description = Annotated[str, typer.Option("--description", "-m", metavar="TEXT", help="What changed.")]
_TEXTS = ("question", "answer", "instruction", "input", "output", "summary", "key_points")
_COLUMNS = ("version", "name", "entries", "quality", "origin", "created", "description")


@app.command("list")
def list_versions(
    project: ProjectName,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Only of this name.", show_default=False)] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Versions shown at most.")] = 50,
    server: Server = DEFAULT_SERVER,
    api_key: Key = None,
    as_json: AsJson = False,
) -> None:
    """List versions, the newest first."""
    with Api(server, api_key) as api:
        query = {"project_id": projects.get(api, project)["id"], "dataset_name": name}
        found = list(api.items("/datasets/versions", "versions", limit=limit, **query))
    if as_json:
        render.print_json({"versions": found})
        return
    render.table(_COLUMNS, [_row(version) for version in found], right=("entries", "quality"))


@app.command()
def compare(
    project: ProjectName,
    name: DatasetName,
    version1: Annotated[str, typer.Argument(help="The one before.", show_default=False)],
    version2: Annotated[str, typer.Argument(help="The one after.", show_default=False)],
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="Changes shown at most.")] = 20,
    server: Server = DEFAULT_SERVER,
    api_key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Compare two versions entry by entry."""
    with Api(server, api_key) as api:
        body = {"version1": version1, "version2": version2, "per_page": limit}
        found = api.post("/datasets/versions/compare", {**_line(api, project, name), **body})
    if as_json:
        render.print_json(found)
        return
    for change in found["comparison"]["changes"]:
        _show(change)
    render.say(found["summary"])
    if found["next_cursor"] is not None:
        render.note(f"the first {limit} changes are shown; --limit shows more")


@app.command()
def increment(
    project: ProjectName,
    name: DatasetName,
    kind: Annotated[str, typer.Option("--type", help="major, minor or patch.")] = "patch",
    description: Description = "",
    server: Server = DEFAULT_SERVER,
    api_key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Freeze the present entries as a new version."""
    with Api(server, api_key) as api:
        body = {"version_type": kind, "description": description}
        _made(api.post("/datasets/versions/increment", {**_line(api, project, name), **body}), as_json)


@app.command()
def rollback(
    project: ProjectName,
    name: DatasetName,
    target: Annotated[str, typer.Argument(metavar="VERSION", help="What to go back to.", show_default=False)],
    description: Description = "",
    server: Server = DEFAULT_SERVER,
    api_key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Make the content of an earlier version the present one, as a new version; nothing is lost."""
    with Api(server, api_key) as api:
        body = {"target_version": target, "description": description}
        _made(api.post("/datasets/versions/rollback", {**_line(api, project, name), **body}), as_json)


def _line(api: Api, project: str, name: str) -> dict[str, Any]:
    return {"project_id": projects.get(api, project)["id"], "dataset_name": name}


def _made(answer: dict[str, Any], as_json: bool) -> None:
    if as_json:
        render.print_json(answer)
        return
    version = answer["version"]
    render.say(f"{answer['new_version']}  {version['total_entries']} entries of {version['dataset_id']}")
    if version["restoring"]:
        render.note("the dataset's entries are still being put back; the version is complete")


def _row(version: dict[str, Any]) -> tuple[Any, ...]:
    score = (version["quality_summary"] or {}).get("overall_score")
    return (
        version["version"],
        version["dataset_name"],
        version["total_entries"],
        f"{score:.2f}" if score is not None else "",
        version["origin"],
        version["created_at"],
        version["description"],
    )


def _show(change: dict[str, Any]) -> None:
    render.say(f"{change['change']:8}  {change['entry_id']}  {', '.join(change['fields'])}".rstrip())
    names = change["fields"] or _TEXTS
    for sign, side in (("-", change["before"]), ("+", change["after"])):
        for field in names:
            if side is not None and side.get(field) is not None:
                render.say(f"  {sign} {field}: {side[field]}")
