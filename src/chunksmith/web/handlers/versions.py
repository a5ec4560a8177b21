"""Versions of datasets."""

from typing import Any

from aiohttp import web

from chunksmith.domain.versions import Version
from chunksmith.errors import Conflict, Fault, NotFound
from chunksmith.web.answers import json_response
from chunksmith.web.handlers.jobs import counted, window_of
from chunksmith.web.parsing import body_of, query_of
from chunksmith.web.routing import Answer, Route
from chunksmith.web.schemas import versions as shapes
from chunksmith.web.security import KEY_ID
from chunksmith.web.version_keys import VERSIONS

BASE = "/api/v1/datasets/versions"
TAG = "Versions"


async def list_versions(request: web.Request) -> web.StreamResponse:
    values = query_of(request)
    window = window_of(values)
    page = await request.app[VERSIONS].page(values["project_id"], values["dataset_name"], window)
    found = [shapes.version_out(version) for version in page.items]
    return json_response({"versions": found, **counted(window, page.total)})


async def latest_version(request: web.Request) -> web.StreamResponse:
    values = query_of(request)
    version = await request.app[VERSIONS].latest(values["project_id"], values["dataset_name"])
    return json_response({"latest_version": str(version.number), "version": shapes.version_out(version)})


async def version_manifest(request: web.Request) -> web.StreamResponse:
    values = query_of(request)
    manifest = await request.app[VERSIONS].manifest(
        values["project_id"], values["dataset_name"], values["version"], values["per_page"], values["cursor"]
    )
    return json_response(shapes.manifest_out(manifest))


async def compare_versions(request: web.Request) -> web.StreamResponse:
    values = body_of(request)
    numbers = (values["version1"], values["version2"])
    found = await request.app[VERSIONS].compare(
        values["project_id"], values["dataset_name"], numbers, values["per_page"], values["cursor"]
    )
    return json_response(shapes.compare_out(found))


async def increment_version(request: web.Request) -> web.StreamResponse:
    values = body_of(request)
    version = await request.app[VERSIONS].increment(
        values["project_id"],
        values["dataset_name"],
        values["version_type"],
        values["description"],
        request.get(KEY_ID),
    )
    return _made(version)


async def roll_back_version(request: web.Request) -> web.StreamResponse:
    values = body_of(request)
    version = await request.app[VERSIONS].roll_back(
        values["project_id"],
        values["dataset_name"],
        values["target_version"],
        values["description"],
        request.get(KEY_ID),
    )
    return _made(version)


def _made(version: Version) -> web.Response:
    return json_response({"new_version": str(version.number), "version": shapes.version_out(version)})


async def _also_wrong(request: web.Request, values: dict[str, Any]) -> list[Fault]:
    numbers: dict[str, str | None] = {
        name: values[name] for name in ("version1", "version2", "target_version") if name in values
    }
    return await request.app[VERSIONS].faults(values["project_id"], values["dataset_name"], numbers)


ROUTES = [
    Route(
        "GET",
        BASE,
        list_versions,
        "List versions",
        TAG,
        {200: Answer("A page of versions.", shapes.VersionsOut)},
        "Of one `dataset_name` the greatest number first; without it those of all names, the newest first.",
        query=shapes.VersionsQuery,
        errors=(NotFound,),
    ),
    Route(
        "GET",
        f"{BASE}/latest",
        latest_version,
        "The version with the greatest number",
        TAG,
        {200: Answer("The version.", shapes.LatestOut)},
        query=shapes.LatestQuery,
        errors=(NotFound,),
    ),
    Route(
        "GET",
        f"{BASE}/manifest",
        version_manifest,
        "What a version consists of: settings, prompts, models, sources, the hash of each entry",
        TAG,
        {200: Answer("The manifest, with a page of entries.", shapes.ManifestOut)},
        query=shapes.ManifestQuery,
        errors=(NotFound,),
    ),
    Route(
        "POST",
        f"{BASE}/compare",
        compare_versions,
        "Compare two versions entry by entry",
        TAG,
        {200: Answer("Counts of everything, and a page of the changes.", shapes.VersionCompareOut)},
        body=shapes.VersionCompareIn,
        also=_also_wrong,
        errors=(NotFound,),
    ),
    Route(
        "POST",
        f"{BASE}/increment",
        increment_version,
        "Freeze the present entries as a new version",
        TAG,
        {200: Answer("The new version.", shapes.NewVersionOut)},
        "Of the dataset that the newest version is a state of. Without changes the new version has the same content.",
        body=shapes.IncrementIn,
        also=_also_wrong,
        errors=(NotFound, Conflict),
    ),
    Route(
        "POST",
        f"{BASE}/rollback",
        roll_back_version,
        "Make the content of an earlier version the present one",
        TAG,
        {200: Answer("The new version.", shapes.NewVersionOut)},
        "Nothing is lost: the rollback is a version of its own, the next minor one, and what no version had is frozen "
        "as a patch before. The dataset's entries become what they were: deleted ones come back, those added since are "
        "deleted, and every former text stays in the history.",
        body=shapes.RollbackIn,
        also=_also_wrong,
        errors=(NotFound, Conflict),
    ),
]
