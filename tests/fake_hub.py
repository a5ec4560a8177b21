"""The Hugging Face Hub's endpoints for making a repository and committing a folder, as its client uses them."""

import base64
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

TOKEN = "hf_secretTokenOfTheTest0123456789"


@dataclass
class FakeHub:
    """``files`` are the content of the repository; large ones come by LFS and are taken over by the commit."""

    url: str = ""
    repos: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    commits: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    refuse_with: int = 0
    refuse_uploads: bool = False
    _stored: dict[str, bytes] = field(default_factory=dict)

    def application(self) -> web.Application:
        app = web.Application(client_max_size=1 << 28, middlewares=[self._watch])
        repo = "/api/datasets/{org}/{name}"
        app.router.add_post("/api/repos/create", self._create)
        app.router.add_post("/api/validate-yaml", self._validate)
        app.router.add_get(repo, self._info)
        app.router.add_get(repo + "/revision/{revision}", self._info)
        app.router.add_get(repo + "/tree/{revision}", self._tree)
        app.router.add_post(repo + "/preupload/{revision}", self._preupload)
        app.router.add_post("/datasets/{org}/{name}.git/info/lfs/objects/batch", self._batch)
        app.router.add_put("/lfs/{oid}", self._store)
        app.router.add_post("/lfs/{oid}/verify", self._verify)
        app.router.add_post(repo + "/commit/{revision}", self._commit)
        return app

    @web.middleware
    async def _watch(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.seen.append(f"{request.method} {request.path}")
        if self.refuse_with:
            return web.json_response({"error": f"refused, {request.headers['Authorization']}"}, status=self.refuse_with)
        signed = request.path.startswith("/lfs/") and request.method == "PUT"  # its address says who may use it
        if not signed and request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response({"error": "Invalid credentials"}, status=401)
        response: web.StreamResponse = await handler(request)
        return response

    async def _create(self, request: web.Request) -> web.Response:
        body = await request.json()
        name = f"{body['organization']}/{body['name']}" if body.get("organization") else body["name"]
        if name in self.repos:
            return web.json_response({"error": "exists", "url": f"{self.url}/datasets/{name}"}, status=409)
        self.repos[name] = body
        return web.json_response({"url": f"{self.url}/datasets/{name}", "name": name})

    async def _validate(self, request: web.Request) -> web.Response:
        body = await request.json()
        assert body["repoType"] == "dataset"
        assert body["content"].startswith("---\n")
        return web.json_response({"errors": [], "warnings": []})

    async def _info(self, request: web.Request) -> web.Response:
        name = f"{request.match_info['org']}/{request.match_info['name']}"
        siblings = [{"rfilename": path} for path in self.files]
        return web.json_response({"id": name, "sha": "0" * 40, "private": True, "tags": [], "siblings": siblings})

    async def _tree(self, request: web.Request) -> web.Response:
        files = [
            {"type": "file", "path": path, "size": len(data), "oid": "0" * 40} for path, data in self.files.items()
        ]
        return web.json_response(files)

    async def _preupload(self, request: web.Request) -> web.Response:
        body = await request.json()
        chosen = [
            {
                "path": file["path"],
                "uploadMode": "lfs" if file["path"].endswith(".parquet") else "regular",
                "shouldIgnore": False,
            }
            for file in body["files"]
        ]
        return web.json_response({"files": chosen})

    async def _batch(self, request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        assert (body["operation"], body["hash_algo"]) == ("upload", "sha256")
        objects = [
            {
                "oid": one["oid"],
                "size": one["size"],
                "authenticated": True,
                "actions": {
                    "upload": {"href": f"{self.url}/lfs/{one['oid']}"},
                    "verify": {"href": f"{self.url}/lfs/{one['oid']}/verify"},
                },
            }
            for one in body["objects"]
        ]
        answer = {"transfer": "basic", "objects": objects}
        return web.json_response(answer, content_type="application/vnd.git-lfs+json")

    async def _store(self, request: web.Request) -> web.Response:
        if self.refuse_uploads:
            return web.Response(status=403)
        data = await request.read()
        assert hashlib.sha256(data).hexdigest() == request.match_info["oid"]
        self._stored[request.match_info["oid"]] = data
        return web.Response()

    async def _verify(self, request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        assert len(self._stored[body["oid"]]) == body["size"]
        return web.Response()

    async def _commit(self, request: web.Request) -> web.Response:
        for line in (await request.read()).splitlines():
            item = json.loads(line)
            value = item["value"]
            if item["key"] == "header":
                self.commits.append(value["summary"])
            elif item["key"] == "file":
                assert value["encoding"] == "base64"
                self.files[value["path"]] = base64.b64decode(value["content"])
            elif item["key"] == "lfsFile":
                self.files[value["path"]] = self._stored[value["oid"]]
            elif item["key"] == "deletedFile":
                del self.files[value["path"]]
            else:
                raise AssertionError(item)
        oid = f"{len(self.commits):040}"
        name = f"{request.match_info['org']}/{request.match_info['name']}"
        return web.json_response({"commitUrl": f"{self.url}/datasets/{name}/commit/{oid}", "commitOid": oid})


@asynccontextmanager
async def running_hub() -> AsyncIterator[FakeHub]:
    hub = FakeHub()
    async with TestServer(hub.application()) as server:
        hub.url = str(server.make_url("")).rstrip("/")
        yield hub
