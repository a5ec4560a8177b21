"""`chunksmith backup` and `restore`: work on the data directory, beside a running server or without one."""

from pathlib import Path
from typing import Annotated

import typer

from chunksmith.cli import render
from chunksmith.cli.options import AsJson
from chunksmith.cli.serve import Config, DataDir, settings_of_flags


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The ZIP file to write.", show_default=False)],
    data_dir: DataDir = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Write everything into one file, and check it by opening it. A server that runs goes on."""
    # The server's modules take most of a second to import, and the other commands do without them.
    from chunksmith.settings import load  # noqa: PLC0415 - see above
    from chunksmith.storage.backups import back_up  # noqa: PLC0415 - see above

    made = back_up(load(config, settings_of_flags(data_dir=data_dir)).server.data_dir, file)
    if as_json:
        counted = {"files": len(made.files), "size_bytes": made.size_bytes, "missing": list(made.missing)}
        render.print_json({"path": str(made.path), "version": made.version, **counted})
        return
    render.say(f"{made.path}: {len(made.files)} files, {made.size_bytes:,} bytes, checked")
    for path in made.missing:
        render.note(f"{path} is named in the database, but was not there")


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.", show_default=False)],
    data_dir: DataDir = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Put a backup into a data directory that is new or empty. Jobs that ran go on when it is served."""
    from chunksmith.settings import load  # noqa: PLC0415 - as in backup
    from chunksmith.storage import backups  # noqa: PLC0415 - as in backup

    folder = load(config, settings_of_flags(data_dir=data_dir)).server.data_dir
    manifest = backups.restore(file, folder)
    if as_json:
        render.print_json({"data_dir": str(folder), "files": len(manifest["files"]), "version": manifest["version"]})
    else:
        render.say(f"{folder}: {len(manifest['files'])} files of version {manifest['version']} restored")
