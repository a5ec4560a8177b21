"""Answers of the routes for comparing, compared with what the OpenAPI document says of them."""

from test_openapi_app import Checked

from app_parts import PASSAGES, Server
from curation_parts import REPEATED, imported


async def test_answers_of_comparing_are_as_they_are_described(server: Server) -> None:
    ask = Checked(server, await server.get("/openapi.json"))
    lines = {"Content-Type": "application/x-ndjson"}
    text = f'{{"text": "{PASSAGES[0]}"}}'
    made = await ask("POST", "references", 201, data=text.encode(), headers=lines, params={"name": "mine"})
    await ask("POST", "references", 409, data=b'"x"', headers=lines, params={"name": "mine"})
    await ask("GET", "references")
    await ask("GET", f"references/{made['id']}")
    body = {"project_id": await imported(server, REPEATED), "generation_model": "builtin", "deduplicate": "drop"}
    body |= {"deduplicate_against": [made["id"]], "contamination_against": [made["id"]]}
    started = await ask("POST", "datasets/generate", json=body)
    await server.ended(started["job_id"])
    dataset = started["dataset_id"]
    await ask("GET", f"datasets/{dataset}")
    await ask("GET", f"datasets/{dataset}/quality")
    await ask("GET", f"datasets/{dataset}/entries")
    await ask("GET", f"datasets/{dataset}/entries", params={"left_out": "any"})
    for by in ("chunk", "document", "category"):
        await ask("GET", f"datasets/{dataset}/coverage", params={"by": by})
    body = {"project_id": body["project_id"], "generation_model": "builtin"}
    started = await ask("POST", "datasets/generate-evaluation", json=body)
    await server.ended(started["job_id"])
    await ask("GET", f"datasets/{started['dataset_id']}/quality")
    await ask("DELETE", f"references/{made['id']}", 204)
    await ask("GET", f"references/{made['id']}", 404)
