"""Taxonomies over HTTP: written, read, changed, carried in and out."""

import json
from typing import Any

import pytest

from api_parts import faults
from app_parts import API, Json, Server
from chunksmith.web.handlers.taxonomies import ROUTES
from unit.web.openapi_checks import faults_of_answer

FOOD: Json = {
    "name": "Food",
    "description": "What is eaten.",
    "children": [
        {"name": "Bread", "children": [{"name": "Rye"}, {"name": "Spelt"}]},
        {"name": "Tea", "description": "Leaves in water."},
    ],
}
JAPANESE: Json = {"name": "知識", "children": [{"name": "料理", "children": [{"name": "発酵食品"}]}, {"name": "建築"}]}


async def created(server: Server, tree: Json = FOOD, name: str = "Food", project: int | None = None) -> Json:
    project = project if project is not None else await server.project()
    return await server.post("taxonomy", {"name": name, "project_id": project, "taxonomy": tree}, 201)


def ids(node: Json, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], str]:
    found = {path: node["id"]}
    for child in node["children"]:
        found |= ids(child, (*path, child["name"]))
    return found


def without_ids(node: Json) -> Json:
    return {
        "name": node["name"],
        "description": node.get("description", ""),
        "children": [without_ids(child) for child in node.get("children", [])],
    }


async def sent(server: Server, method: str, path: str, body: str | bytes, media: str, expected: int) -> Json:
    return await server.call(method, path, expected, data=body, headers={"Content-Type": media})


async def test_a_taxonomy_is_read_as_it_was_written(server: Server) -> None:
    made = await created(server)
    read = await server.get(f"taxonomy/{made['id']}")
    assert read == made
    assert without_ids(read["taxonomy"]) == without_ids(FOOD)
    assert read["analytics"] == {"nodes": 4, "depth": 2, "per_level": [2, 2], "leaves": 3}
    assert (read["metadata"]["origin"], read["metadata"]["made_by"]) == ("manual", None)


async def test_integer_and_uuid_are_both_its_id(server: Server) -> None:
    made = await created(server)
    assert await server.get(f"taxonomy/{made['uuid']}") == await server.get(f"taxonomy/{made['id']}")


async def test_a_japanese_taxonomy_is_not_escaped(server: Server) -> None:
    made = await created(server, JAPANESE, "日本語")
    async with server.client.get(f"{API}/taxonomy/{made['id']}") as response:
        assert "発酵食品" in await response.text()


async def test_fifty_siblings_have_fifty_ids(server: Server) -> None:
    tree = {"name": "t", "children": [{"name": f"c{n}", "children": [{"name": "same"}]} for n in range(50)]}
    made = await created(server, tree)
    assert len(set(ids(made["taxonomy"]).values())) == 101


async def test_all_faults_come_at_once(server: Server) -> None:
    tree = {"name": "", "x": 1, "children": [{"name": "a", "children": [{"name": 5}]}, {"name": "A"}]}
    problem = await server.post("taxonomy", {"project_id": 1, "more": 1, "taxonomy": tree}, 400)
    assert sorted(fault["pointer"] for fault in problem["errors"]) == [
        "/more",
        "/name",
        "/project_id",
        "/taxonomy/children/0/children/0/name",
        "/taxonomy/children/1/name",
        "/taxonomy/name",
        "/taxonomy/x",
    ]


async def test_a_name_is_unique_in_its_project_only(server: Server) -> None:
    project = await server.project()
    await created(server, project=project)
    await server.post("taxonomy", {"name": "Food", "project_id": project, "taxonomy": FOOD}, 409)
    await created(server, project=await server.project())


async def test_a_project_that_does_not_exist_is_404(server: Server) -> None:
    await server.post("taxonomy", {"name": "t", "project_id": 99, "taxonomy": FOOD}, 404)
    await server.get("taxonomy?project_id=99", 404)
    await server.get("taxonomy/99", 404)


async def test_a_project_id_is_needed(server: Server) -> None:
    problem = await server.post("taxonomy", {"name": "t", "taxonomy": FOOD}, 400)
    assert problem["errors"] == [{"pointer": "/project_id", "detail": "required"}]


async def test_lists_are_paged_and_filtered_by_name(server: Server) -> None:
    project = await server.project()
    for name in ("a", "b", "c"):
        await created(server, name=name, project=project)
    page = await server.get(f"taxonomy?project_id={project}&per_page=2&page=2")
    assert ([one["name"] for one in page["taxonomies"]], page["total"]) == (["c"], 3)
    named = await server.get(f"taxonomy?project_id={project}&name=b")
    assert [(one["name"], one["nodes"], one["depth"]) for one in named["taxonomies"]] == [("b", 4, 2)]


async def test_only_named_fields_change(server: Server) -> None:
    made = await created(server)
    changed = await server.call("PUT", f"taxonomy/{made['id']}", json={"description": "All of it."})
    assert (changed["name"], changed["metadata"]["description"]) == ("Food", "All of it.")
    assert changed["taxonomy"] == made["taxonomy"]
    await server.call("PUT", f"taxonomy/{made['id']}", 400, json={})


async def test_a_tree_that_is_sent_back_without_ids_keeps_them(server: Server) -> None:
    made = await created(server)
    tree = json.loads(json.dumps(FOOD))
    tree["children"].insert(0, {"name": "Soup"})
    changed = await server.call("PUT", f"taxonomy/{made['id']}", json={"taxonomy": tree})
    before, after = ids(made["taxonomy"]), ids(changed["taxonomy"])
    assert {path: after[path] for path in before} == before


async def test_a_node_that_is_sent_with_its_id_can_be_renamed_and_moved(server: Server) -> None:
    made = await created(server)
    rye = ids(made["taxonomy"])[("Bread", "Rye")]
    tree = {"name": "Food", "children": [{"name": "Tea"}, {"name": "Rye bread", "id": rye}]}
    changed = await server.call("PUT", f"taxonomy/{made['id']}", json={"taxonomy": tree})
    assert ids(changed["taxonomy"])[("Rye bread",)] == rye


async def test_a_change_on_a_stale_state_is_refused(server: Server) -> None:
    made = await created(server)
    path = f"taxonomy/{made['id']}"
    async with server.client.get(f"{API}/{path}") as response:
        first = {"If-Match": response.headers["ETag"]}
    await server.call("PUT", path, json={"name": "New"}, headers=first)
    await server.call("PUT", path, 412, json={"name": "Newer"}, headers=first)
    await server.call("DELETE", path, 412, headers=first)
    await server.call("DELETE", path, 204, headers={"If-Match": "*"})


async def test_what_was_deleted_is_gone(server: Server) -> None:
    made = await created(server)
    await server.call("DELETE", f"taxonomy/{made['uuid']}", 204)
    await server.get(f"taxonomy/{made['id']}", 404)
    await server.call("DELETE", f"taxonomy/{made['id']}", 404)


async def test_renaming_to_a_name_that_is_taken_is_a_conflict(server: Server) -> None:
    project = await server.project()
    await created(server, project=project)
    other = await created(server, name="Other", project=project)
    await server.call("PUT", f"taxonomy/{other['id']}", 409, json={"name": "Food"})


async def test_taxonomies_go_with_their_project(server: Server) -> None:
    project = await server.project()
    made = await created(server, project=project)
    await server.call("DELETE", f"projects/{project}", 204)
    await server.get(f"taxonomy/{made['id']}", 404)


async def test_an_export_can_be_put_back_where_it_came_from(server: Server) -> None:
    project, other = await server.project(), await server.project()
    body = {"project_id": project, "name": "T", "taxonomy": {"name": "All", "children": [{"name": "Clay"}]}}
    made = (await server.post("taxonomy", body, 201))["id"]
    exported = await server.get(f"taxonomy/{made}/export")
    await server.call("PUT", f"taxonomy/{made}", json=exported)
    refused = await faults(server, "PUT", f"taxonomy/{made}", json={**exported, "project_id": other})
    assert list(refused) == ["/project_id"]


@pytest.mark.parametrize(("form", "media"), [("json", "application/json"), ("yaml", "application/yaml")])
@pytest.mark.parametrize("tree", [FOOD, JAPANESE, {"name": "No", "children": [{"name": "2024"}, {"name": "a: {b}"}]}])
async def test_an_export_comes_back_as_it_was(server: Server, form: str, media: str, tree: Json) -> None:
    made = await created(server, tree)
    async with server.client.get(f"{API}/taxonomy/{made['id']}/export?format={form}") as response:
        assert response.content_type == media
        exported = await response.read()
    other = await server.project()
    back = await sent(server, "POST", f"taxonomy?project_id={other}", exported, media, 201)
    assert (back["taxonomy"], back["name"]) == (made["taxonomy"], made["name"])
    assert back["metadata"]["project_id"] == other


async def test_a_tree_can_be_replaced_by_yaml(server: Server) -> None:
    made = await created(server)
    body = "taxonomy:\n  name: Food\n  children:\n  - name: Bread\n"
    changed = await sent(server, "PUT", f"taxonomy/{made['id']}", body, "application/yaml", 200)
    assert ids(changed["taxonomy"]) == {path: ids(made["taxonomy"])[path] for path in [(), ("Bread",)]}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ("name: t\ntaxonomy: {name: a, children: [{name: b}, {name: B}]}\n", "/taxonomy/children/1/name"),
        ("name: t\ntaxonomy: {name: a, children: &x [*x]}\n", ""),
        ("- a\n", ""),
    ],
    ids=["fault", "alias", "list"],
)
async def test_yaml_that_cannot_be_meant_is_refused(server: Server, body: str, pointer: str) -> None:
    project = await server.project()
    problem = await sent(server, "POST", f"taxonomy?project_id={project}", body, "application/yaml", 400)
    assert [fault["pointer"] for fault in problem["errors"]] == [pointer]


async def test_other_media_are_refused(server: Server) -> None:
    await sent(server, "POST", "taxonomy", "x", "text/plain", 415)


async def test_thousands_of_nodes_are_stored_and_read(server: Server) -> None:
    tree: dict[str, Any] = {
        "name": "t",
        "children": [{"name": f"c{n}", "children": [{"name": f"d{m}"} for m in range(99)]} for n in range(100)],
    }
    made = await created(server, tree)
    assert (await server.get(f"taxonomy/{made['id']}"))["analytics"]["nodes"] == 10_000
    tree["children"].append({"name": "one more"})
    problem = await server.call("PUT", f"taxonomy/{made['id']}", 400, json={"taxonomy": tree})
    assert problem["errors"] == [{"pointer": "/taxonomy", "detail": "has more than 10000 categories"}]


async def test_answers_are_as_they_are_described(server: Server) -> None:
    document = await server.get("/openapi.json")
    described = {route.name: route for route in ROUTES}
    made = await created(server)
    path, project = f"taxonomy/{made['id']}", made["metadata"]["project_id"]
    job: Json = {"project_id": project, "name": "Made", "model": "builtin"}
    answers = {
        "create_taxonomy": (201, made),
        "get_taxonomy": (200, await server.get(path)),
        "list_taxonomies": (200, await server.get(f"taxonomy?project_id={project}")),
        "update_taxonomy": (200, await server.call("PUT", path, json={"taxonomy": JAPANESE})),
        "export_taxonomy": (200, await server.get(f"{path}/export")),
        "generate_taxonomy": (202, await server.post("taxonomy/generate", job, 202)),
        "extend_taxonomy": (
            202,
            await server.post("taxonomy/extend", {"taxonomy_id": made["id"], "model": "builtin"}, 202),
        ),
    }
    assert set(described) - set(answers) == {"delete_taxonomy"}
    found = [faults_of_answer(document, described[name], *answer) for name, answer in answers.items()]
    assert [faults for faults in found if faults] == []
