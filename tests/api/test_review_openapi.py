"""Answers of the routes for reviewing, compared with what the OpenAPI document says of them."""

from pathlib import Path

from test_openapi_app import Checked

from review_parts import made, model, reviewing


async def test_answers_of_reviewing_are_as_they_are_described(data_dir: Path) -> None:
    async with reviewing(data_dir, model()) as server:
        ask = Checked(server, await server.get("/openapi.json"))
        dataset = await made(server)
        project = (await server.get(f"datasets/{dataset}"))["project_id"]
        path = f"datasets/{dataset}"
        await ask("POST", "datasets/preview", json={"project_id": project, "generation_model": "ollama"})
        said = {"entry_ids": ["entry_1"], "feedback_type": "reject", "comments": "vague", "rating": 2}
        await ask("POST", f"{path}/feedback", json=said)
        await ask("GET", f"{path}/feedback")
        await ask("GET", f"{path}/feedback", params={"feedback_type": "approve"})
        started = await ask("POST", f"{path}/regenerate", json={"entry_ids": ["entry_1"]})
        await server.ended(started["job_id"])
        await ask("GET", f"jobs/{started['job_id']}")
        await ask("GET", f"jobs/{started['job_id']}/outcomes")
        await ask("POST", f"{path}/entries/entry_1/restore", json={"revision": 1})
        await ask("GET", f"{path}/entries/entry_1")
        await ask("POST", f"{path}/feedback", 404, json={**said, "entry_ids": ["entry_999"]})
        await ask("POST", f"{path}/regenerate", 400, json={})
        await ask("POST", f"{path}/entries/entry_1/restore", 412, json={"revision": 1}, headers={"If-Match": '"x"'})
        assert ask.asked >= {
            *("preview_generation", "give_feedback", "list_feedback", "regenerate_entries", "restore_entry"),
        }
