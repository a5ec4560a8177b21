"""`chunksmith doctor`: what is set up, what can be reached, what can be written."""

import asyncio
import fcntl
import os
import platform
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import httpx

from chunksmith import __version__
from chunksmith.cli.client import address_of, is_elsewhere
from chunksmith.cli.local import DATABASE
from chunksmith.cli.serve import settings_of_flags
from chunksmith.domain.calls import NEEDS_KEY, ProviderAccount, shown_address
from chunksmith.domain.generation import parse_model
from chunksmith.domain.ports import ChatModel
from chunksmith.errors import InvalidRequest, ProviderError
from chunksmith.provider_variables import PROVIDER_VARIABLES
from chunksmith.providers import registry
from chunksmith.settings import Settings, load, shipped
from chunksmith.storage.database import MIGRATIONS
from chunksmith.storage.files import LOCK

Level = Literal["ok", "info", "warning", "broken"]
PROVIDER_TIMEOUT_S = 5.0
LITTLE_DISK_BYTES, NO_DISK_BYTES = 2 << 30, 200 << 20


@dataclass(frozen=True)
class Check:
    name: str
    level: Level
    detail: str


def examine(config: Path | None, data_dir: Path | None, offline: bool, server: str | None = None) -> list[Check]:
    """Every check, in the order of dependency. Nothing is changed, and no secret is in the answer.

    ``server``: where it is said to run; None: where the settings let it run.
    """
    checks = [_python(), Check("chunksmith", "ok", __version__), *_configuration(config)]
    try:
        settings = load(config, settings_of_flags(data_dir=data_dir))
    except InvalidRequest as exc:
        return [*checks, Check("settings", "broken", exc.detail)]
    folder = settings.server.data_dir
    checks += [
        Check("settings", "ok", "valid"),
        _folder(folder),
        _disk(folder),
        _holder(folder),
        _database(folder / DATABASE),
    ]
    checks.append(_server(address_of(server) if server else _served_at(settings), "warning" if server else "info"))
    return [*checks, *asyncio.run(_providers(settings, offline))]


def _python() -> Check:
    version = platform.python_version()
    return Check("python", "ok", f"{version} on {platform.system()} {platform.machine()}")


def _configuration(config: Path | None) -> Iterator[Check]:
    files = [shipped("chunksmith.toml"), *([config] if config is not None else [])]
    yield Check("configuration", "info", " < ".join(str(file) for file in files))
    ours = sorted(name for name in os.environ if name.startswith("CHUNKSMITH_") or name in PROVIDER_VARIABLES)
    if ours:
        yield Check("environment", "info", f"set: {', '.join(ours)}")


def _folder(folder: Path) -> Check:
    existing = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as exc:
        return Check("data directory", "broken", f"{folder.absolute()} cannot be written: {exc.strerror}")
    state = "can be written" if existing == folder.absolute() else "is made at the first start"
    return Check("data directory", "ok", f"{folder.absolute()} {state}")


def _disk(folder: Path) -> Check:
    existing = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())
    free = shutil.disk_usage(existing).free
    level: Level = "broken" if free < NO_DISK_BYTES else "warning" if free < LITTLE_DISK_BYTES else "ok"
    return Check("disk", level, f"{free / (1 << 30):.1f} GiB free")


def _holder(folder: Path) -> Check:
    path = folder / LOCK
    if not path.exists():
        return Check("in use", "info", "no")
    with path.open("rb") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return Check("in use", "info", f"by process {stream.read(20).decode('ascii', 'replace').strip()}")
    return Check("in use", "info", "no")


def _database(path: Path) -> Check:
    if not path.exists():
        return Check("database", "info", "none yet; it is made at the first start")
    known = len(list(MIGRATIONS.glob("[0-9]*.sql")))
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=2)) as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            keys = _count_keys(connection)
    except sqlite3.Error as exc:
        return Check("database", "broken", f"{path} cannot be read: {exc}")
    if version > known:
        return Check("database", "broken", f"version {version}, this release knows {known}: use a newer release")
    behind = f", brought to {known} at the next start" if version < known else ""
    return Check("database", "ok", f"version {version}{behind}, {path.stat().st_size} bytes, {keys} valid API keys")


def _count_keys(connection: sqlite3.Connection) -> int:
    (count,) = connection.execute("SELECT count(*) FROM api_keys WHERE revoked_at IS NULL").fetchone()
    return int(count)


def _served_at(settings: Settings) -> str:
    host = settings.server.host if settings.server.host not in ("0.0.0.0", "::") else "127.0.0.1"  # noqa: S104 - read
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.server.port}"


def _server(url: str, without: Level) -> Check:
    shown = shown_address(url)
    try:
        answer = httpx.get(f"{url}/ready", timeout=2, trust_env=is_elsewhere(url))
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        return Check("server", without, f"none runs at {shown}")
    if answer.status_code == 200:
        return Check("server", "ok", f"ready at {shown}")
    return Check("server", "warning", f"{shown} answers {answer.status_code}")


async def _providers(settings: Settings, offline: bool) -> list[Check]:
    accounts = settings.providers.accounts()
    own = {name: account.model for name, account in accounts.items()}
    needed = parse_model(settings.default_model(), own, "default_model")
    accounts[needed.provider] = replace(accounts[needed.provider], model=needed.model)
    models = registry.build(accounts)
    try:
        asked = [_provider(accounts[name], models[name], name == needed.provider, offline) for name in accounts]
        return list(await asyncio.gather(*asked))
    finally:
        for model in models.values():
            await model.close()


async def _provider(account: ProviderAccount, model: ChatModel, needed: bool, offline: bool) -> Check:
    name = f"provider {account.provider}"
    level: Level = "broken" if needed else "warning"
    if account.provider == "builtin":
        return Check(name, "ok", "always there; no key, no network")
    if account.provider in NEEDS_KEY and account.api_key is None:
        return Check(name, "broken" if needed else "info", "not set up: no API key")
    set_up = f"model {account.model}, {', '.join(map(shown_address, account.base_urls))}"
    if offline:
        return Check(name, "info", f"{set_up}; not asked")
    try:
        models, problems, has_default = await asyncio.wait_for(model.offer(), PROVIDER_TIMEOUT_S)
    except ProviderError as exc:
        return Check(name, level, f"{set_up}; {exc.detail}")
    except TimeoutError:
        return Check(name, level, f"{set_up}; no answer within {PROVIDER_TIMEOUT_S:.0f} s")
    told = "; ".join([set_up, f"{len(models)} models", *problems])
    return Check(name, level if not has_default else "warning" if problems else "ok", told)
