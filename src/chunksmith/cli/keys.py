"""`chunksmith keys`: works on the data directory, whether a server runs or not."""

from typing import Annotated

import typer

from chunksmith.cli import render
from chunksmith.cli.exits import ExitCode, Failure
from chunksmith.cli.options import AsJson
from chunksmith.cli.serve import Config, DataDir

app = typer.Typer(help="Make, list and revoke API keys (on the data directory itself).", no_args_is_help=True)


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What the key is for.", show_default=False)],
    data_dir: DataDir = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and print it, this once; only its hash is kept."""
    if not name.strip():
        raise Failure("NAME must not be blank: it is what the key is listed and revoked by", ExitCode.INVALID)
    # The server's modules take most of a second to import, and the other commands do without them.
    from chunksmith.cli import local  # noqa: PLC0415 - see above

    created = local.with_keys(config, data_dir, lambda keys: keys.create(name), make=True)
    if as_json:
        render.print_json({**local.key_out(created.key), "key": created.secret})
        return
    render.say(created.secret)
    render.note(f"This is key {created.key.id}, {name!r}. Keep it: it cannot be shown again. Send it as X-API-Key.")


@app.command(name="list")
def list_keys(data_dir: DataDir = None, config: Config = None, as_json: AsJson = False) -> None:
    """List keys, revoked ones too."""
    from chunksmith.cli import local  # noqa: PLC0415 - as in create

    found = [local.key_out(key) for key in local.with_keys(config, data_dir, lambda keys: keys.all())]
    if as_json:
        render.print_json({"keys": found})
        return
    columns = ("id", "name", "prefix", "created_at", "revoked_at")
    render.table(columns, [[key[name] for name in columns] for key in found])


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(metavar="ID", help="Id or name of the key.", show_default=False)],
    data_dir: DataDir = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Make a key invalid; a running server refuses it within seconds."""
    from chunksmith.cli import local  # noqa: PLC0415 - as in create

    revoked = local.with_keys(config, data_dir, lambda keys: keys.revoke(key))
    if as_json:
        render.print_json({"id": revoked.id, "name": revoked.name, "revoked": True})
    else:
        render.say(f"key {revoked.id}, {revoked.name!r}, is no longer valid")
