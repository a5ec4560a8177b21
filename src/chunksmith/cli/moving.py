"""`chunksmith project export` and `import`: one project on its way to another instance."""

from pathlib import Path
from typing import Annotated

import typer

from chunksmith.cli import projects, render
from chunksmith.cli.client import DEFAULT_SERVER, Api
from chunksmith.cli.datasets import opened, take
from chunksmith.cli.exits import ExitCode, Failure
from chunksmith.cli.options import AsJson, Key, Server

app = typer.Typer(help="Write a project into one file, and put it into another instance.", no_args_is_help=True)
PIECE_BYTES = 1 << 20


@app.command(name="export")
def export_project(
    project: Annotated[str, typer.Argument(metavar="PROJECT", help="Name, id or UUID.", show_default=False)],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The ZIP file.", show_default=False)],
    server: Server = DEFAULT_SERVER,
    api_key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Save a project with everything that belongs to it."""
    with Api(server, api_key) as api:
        found = projects.get(api, project)
        with api.file(f"/projects/{found['id']}/export") as response, opened(output.resolve()) as stream:
            saved = take(response, stream, str(output))
    if as_json:
        render.print_json({"project": found["uuid"], **saved._asdict()})
    else:
        render.say(f"{saved.file}: {saved.size_bytes} bytes")


@app.command(name="import")
def import_project(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `project export` wrote.", show_default=False)],
    server: Server = DEFAULT_SERVER,
    api_key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Put a project into this instance: all of it, or nothing."""
    try:
        with file.open("rb") as content, Api(server, api_key) as api:
            project = api.import_project(iter(lambda: content.read(PIECE_BYTES), b""))
    except OSError as exc:
        raise Failure(f"{file} cannot be read: {exc.strerror}", ExitCode.INVALID) from exc
    if as_json:
        render.print_json(project)
    else:
        render.say(f"project {project['id']}, {project['name']!r}")
