"""`chunksmith serve`."""

import errno
import gc
import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from chunksmith.cli.exits import Failure

Config = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Settings of your own, as TOML.", show_default=False),
]
DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", metavar="DIR", help="Where everything is kept.", show_default="./data"),
]


def serve(
    host: Annotated[str | None, typer.Option(help="Address.", show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="0: any free one.", min=0, max=65535, show_default="8000")] = None,
    data_dir: DataDir = None,
    config: Config = None,
    insecure: Annotated[bool, typer.Option("--insecure", help="Serve beyond loopback without API keys.")] = False,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error.", show_default="info")] = None,
) -> None:
    """Run the server until it is told to stop (SIGTERM or Ctrl-C)."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _not_begun)
    gc.disable()  # until all is in place, where app.serve turns it on: what is imported is not garbage
    # The client commands do without the server's modules, which take most of a second to import.
    from chunksmith import app  # noqa: PLC0415 - see above
    from chunksmith.settings import load  # noqa: PLC0415 - see above

    settings = load(config, settings_of_flags(host, port, data_dir, insecure, log_level))
    try:
        code = app.serve(settings)
    except OSError as exc:
        raise Failure(_explained(exc, settings.server.host, settings.server.port)) from exc
    raise typer.Exit(code)


def _not_begun(number: int, frame: object) -> None:
    """Told to stop before anything was opened."""
    raise SystemExit(0)


def settings_of_flags(
    host: str | None = None,
    port: int | None = None,
    data_dir: Path | None = None,
    insecure: bool = False,
    log_level: str | None = None,
) -> Mapping[str, Any]:
    """What was given on the command line, as sections of the settings."""
    server: dict[str, object] = {"host": host, "port": port, "data_dir": data_dir, "insecure": insecure or None}
    sections: dict[str, dict[str, object]] = {"server": server, "logs": {"level": log_level}}
    given = {
        section: {name: value for name, value in values.items() if value is not None}
        for section, values in sections.items()
    }
    return {section: values for section, values in given.items() if values}


def _explained(exc: OSError, host: str, port: int) -> str:
    if exc.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is in use; choose another with --port, or stop what listens there"
    if exc.errno == errno.EADDRNOTAVAIL:
        return f"{host} is not an address of this machine"
    if exc.errno == errno.EACCES and exc.filename is None:
        return f"port {port} may not be used by this user; choose one above 1023"
    reason = os.strerror(exc.errno) if exc.errno else str(exc)
    return f"{exc.filename}: {reason}" if exc.filename else str(exc)
