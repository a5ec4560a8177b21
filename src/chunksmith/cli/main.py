"""The command line: every command, and one place where errors become words and exit codes."""

import io
import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from chunksmith import __version__
from chunksmith.cli import benchmarks, keys, moving, render, versions
from chunksmith.cli.backups import backup, restore
from chunksmith.cli.datasets import entries, export, formats
from chunksmith.cli.exits import EXPLAINED, ExitCode, Failure
from chunksmith.cli.generate import generate, status
from chunksmith.cli.ingest import ingest
from chunksmith.cli.jobs import cancel, jobs, pause, prune, resume, retry
from chunksmith.cli.options import AsJson, ServerIfAny
from chunksmith.cli.output import OutputFailed
from chunksmith.cli.serve import Config, DataDir, serve
from chunksmith.errors import AppError, Conflict, InvalidRequest, NotFound

NAME = "chunksmith"
EPILOG = "\n\n".join(["Exit codes:", *(f"{int(code):>3}  {words}" for code, words in EXPLAINED.items())])
LEVEL_STYLES = {"ok": "green", "info": "", "warning": "yellow", "broken": "red"}

app = typer.Typer(
    name=NAME,
    help="Turns documents into datasets for fine-tuning and evaluating language models.",
    epilog=EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    serve,
    ingest,
    generate,
    status,
    entries,
    export,
    formats,
    jobs,
    cancel,
    pause,
    resume,
    retry,
    prune,
    backup,
    restore,
):
    app.command()(command)
app.add_typer(keys.app, name="keys")
app.add_typer(moving.app, name="project")
app.add_typer(benchmarks.app, name="benchmarks")
app.add_typer(versions.app, name="versions")


@app.command()
def doctor(
    data_dir: DataDir = None,
    config: Config = None,
    server: ServerIfAny = None,
    offline: Annotated[bool, typer.Option("--offline", help="Do not ask the providers.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check what is set up, what can be reached, what can be written; 1 when something needed is broken."""
    # The server's modules take most of a second to import, and the other commands do without them.
    from chunksmith.cli.doctor import examine  # noqa: PLC0415 - see above

    checks = examine(config, data_dir, offline, server)
    broken = any(check.level == "broken" for check in checks)
    if as_json:
        listed = [{"name": check.name, "level": check.level, "detail": check.detail} for check in checks]
        render.print_json({"ok": not broken, "checks": listed})
    else:
        width = max(len(check.name) for check in checks)
        for check in checks:
            render.say(f"{check.level:8} {check.name:{width}}  {check.detail}", style=LEVEL_STYLES[check.level])
    raise typer.Exit(ExitCode.FAILED if broken else ExitCode.OK)


@app.command()
def version(as_json: AsJson = False) -> None:
    """Print the version."""
    if as_json:
        render.print_json({"version": __version__})
    else:
        render.say(f"{NAME} {__version__}")


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command and give its exit code; nothing that is expected to fail ends in a traceback."""
    try:
        return _run(list(sys.argv[1:] if arguments is None else arguments))
    except OutputFailed as exc:
        if exc.reader_is_gone:
            return ExitCode.CLOSED_PIPE
        return _fail(Failure(f"standard output cannot be written: {exc}"), None)


def _run(arguments: list[str]) -> int:
    print_json = _printer(arguments)
    _survive_any_terminal()
    try:
        app(args=arguments, prog_name=NAME)
    except SystemExit as exc:
        return exc.code if isinstance(exc.code, int) else int(exc.code is not None)
    except Failure as exc:
        return _fail(exc, print_json)
    except InvalidRequest as exc:
        message = "these settings cannot be used" if exc.faults else exc.detail
        return _fail(Failure(message, ExitCode.INVALID, exc.faults), print_json)
    except AppError as exc:
        code = ExitCode.STATE if isinstance(exc, NotFound | Conflict) else ExitCode.FAILED
        return _fail(Failure(exc.detail, code), print_json)
    return ExitCode.OK


def _printer(arguments: Sequence[str]) -> Callable[[Any], None] | None:
    """What shows a failure on standard output: a line after the lines of a job that is watched, else a document."""
    if "--json" not in arguments:
        return None
    return render.print_json if {"--watch", "-w"}.isdisjoint(arguments) else render.print_json_line


def _fail(failure: Failure, print_json: Callable[[Any], None] | None) -> int:
    render.failure(failure)
    if print_json is not None:
        print_json(failure.document())
    return failure.code


def _survive_any_terminal() -> None:
    """One that lacks a character is shown its code, instead of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
