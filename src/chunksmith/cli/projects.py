"""Projects, by whatever name people call them."""

import re
from typing import Any

from chunksmith.cli.client import Api, segment
from chunksmith.cli.exits import ExitCode, Failure

_ID = re.compile(r"\d{1,18}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)


def find(api: Api, name: str) -> dict[str, Any] | None:
    """The project of that name; else, the one with that id or UUID.

    Errors: Failure when several have the name, or when it reads like an id that no project has.
    """
    named = list(api.items("/projects", "projects", limit=20, name=name))
    if len(named) > 1:
        listed = ", ".join(str(project["id"]) for project in named)
        raise Failure(f"several projects are named {name!r}: use an id ({listed})", ExitCode.STATE)
    if named:
        return named[0]
    return api.get(f"/projects/{segment(name)}") if _ID.fullmatch(name) else None


def get(api: Api, name: str) -> dict[str, Any]:
    project = find(api, name)
    if project is None:
        raise Failure(f"there is no project named {name!r}; `chunksmith ingest` makes one", ExitCode.STATE)
    return project


def get_or_create(api: Api, name: str) -> tuple[dict[str, Any], bool]:
    """The project, and whether it was made just now."""
    project = find(api, name)
    return (project, False) if project is not None else (api.post("/projects", {"name": name}), True)
