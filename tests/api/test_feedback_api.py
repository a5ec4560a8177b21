"""Feedback over HTTP: given for many entries at once, listed, added up; verdicts change the status."""

from pathlib import Path
from typing import Any

import pytest

from api_parts import entries, faults, rows
from app_parts import API, Json, Prepared, Server, prepared, running_app, settings_for
from chunksmith.app import KEY_SERVICE
from chunksmith.services.keys import KeyService
from review_parts import made, model, regenerate, reviewing


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepared(tmp_path_factory.mktemp("before") / "data", made)


async def give(server: Server, dataset: str, ids: list[Any], kind: str, status: int = 200, **fields: Any) -> Json:
    body = {"entry_ids": ids, "feedback_type": kind, **fields}
    return await server.post(f"datasets/{dataset}/feedback", body, status)


async def listed(server: Server, dataset: str, **query: Any) -> Json:
    return await server.get(f"datasets/{dataset}/feedback", params=query)


async def test_the_documented_body_is_stored_for_each_entry(server: Server, dataset: str) -> None:
    body = {
        "entry_ids": ["entry_1", "entry_2"],
        "feedback_type": "bulk_edit",
        "comments": "General feedback on these entries",
        "rating": 4,
    }
    given = await server.post(f"datasets/{dataset}/feedback", body)
    assert (given["entries"], given["status_changed"]) == (2, 0)
    found = (await listed(server, dataset))["feedback"]
    assert sorted(one["entry_id"] for one in found) == ["entry_1", "entry_2"]
    first = found[0]
    assert {name: first[name] for name in ("feedback_type", "comments", "rating", "author", "revision")} == {
        "feedback_type": "bulk_edit",
        "comments": "General feedback on these entries",
        "rating": 4,
        "author": None,
        "revision": 1,
    }
    assert first["created_at"].endswith("Z")
    assert not first["on_former_text"]


async def test_the_sum_is_over_the_whole_dataset(server: Server, dataset: str) -> None:
    await give(server, dataset, [1, 2], "quality_issue", rating=2)
    await give(server, dataset, [1], "approve", rating=5)
    await give(server, dataset, ["entry_4"], "content_error")
    expected = {
        "total": 4,
        "by_type": {"bulk_edit": 0, "quality_issue": 2, "content_error": 1, "approve": 1, "reject": 0},
        "average_rating": 3.0,
        "entries_with_feedback": 3,
    }
    assert (await listed(server, dataset))["summary"] == expected
    page = await listed(server, dataset, feedback_type="approve")
    assert (page["total"], page["summary"]) == (1, expected)


async def test_nothing_said_is_an_empty_list(server: Server, dataset: str) -> None:
    page = await listed(server, dataset)
    assert (page["feedback"], page["total"], page["next_cursor"]) == ([], 0, None)
    assert page["summary"]["average_rating"] is None


@pytest.mark.parametrize(
    ("query", "comments"),
    [
        ({}, ["d", "c", "b", "a"]),
        ({"entry_id": "entry_1"}, ["d", "a"]),
        ({"entry_id": 2, "feedback_type": "quality_issue"}, ["c"]),
        ({"feedback_type": "content_error"}, ["b"]),
        ({"per_page": 2, "page": 2}, ["b", "a"]),
        ({"page": 99}, []),
    ],
    ids=str,
)
async def test_it_is_listed_newest_first_and_by_what_it_is_about(
    server: Server, dataset: str, query: dict[str, Any], comments: list[str]
) -> None:
    said = [(1, "bulk_edit", "a"), (2, "content_error", "b"), (2, "quality_issue", "c"), (1, "quality_issue", "d")]
    for entry, kind, comment in said:
        await give(server, dataset, [entry], kind, comments=comment)
    assert [one["comments"] for one in (await listed(server, dataset, **query))["feedback"]] == comments


async def test_pages_by_cursor_put_together_are_the_whole_list(server: Server, dataset: str) -> None:
    ids = [one["id"] for one in await entries(server, dataset)]
    await give(server, dataset, ids, "bulk_edit")
    whole = (await listed(server, dataset))["feedback"]
    paged: list[Json] = []
    query: dict[str, Any] = {"per_page": 3}
    while True:
        page = await listed(server, dataset, **query)
        paged += page["feedback"]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert paged == whole
    query = {"cursor": page["next_cursor"] or "abc"}
    assert list(await faults(server, "GET", f"datasets/{dataset}/feedback", params=query)) == ["query/cursor"]


async def test_a_rejection_is_a_status_and_a_revision_and_an_approval_takes_it_back(
    server: Server, dataset: str
) -> None:
    path = f"datasets/{dataset}/entries/entry_1"
    await server.call("PUT", path, json={"question": "By hand?"})
    given = await give(server, dataset, [1, 2], "reject", comments="off the subject")
    assert given["status_changed"] == 2
    entry = await server.get(path)
    assert (entry["status"], entry["revision"]) == ("rejected", 3)
    assert entry["history"][-1] == {
        **entry["history"][-1],
        "change": "rejected",
        "feedback": "off the subject",
        "revision": 2,
    }
    assert (await give(server, dataset, [1, 2], "reject"))["status_changed"] == 0
    assert (await give(server, dataset, [1, 2, 4], "approve"))["status_changed"] == 2
    shown = {one["id"]: one["status"] for one in await entries(server, dataset)}
    assert (shown["entry_1"], shown["entry_2"]) == ("edited", "accepted")
    assert [one["change"] for one in (await server.get(path))["history"]] == ["edited", "rejected", "approved"]


async def test_rejected_entries_stay_listed_and_are_left_out_where_a_filter_says_so(
    server: Server, dataset: str
) -> None:
    total = len(await entries(server, dataset))
    await give(server, dataset, [1, 2], "reject")
    assert len(await entries(server, dataset)) == len(await rows(server, dataset)) == total
    assert {one["id"] for one in await entries(server, dataset, status="rejected")} == {"entry_1", "entry_2"}
    assert len(await rows(server, dataset, status="accepted")) == total - 2


@pytest.mark.parametrize("ids", [["entry_1", "entry_999"], ["x"], [10**11], ["entry_0"]], ids=str)
async def test_unknown_entries_are_named_and_nothing_is_stored(server: Server, dataset: str, ids: list[Any]) -> None:
    problem = await give(server, dataset, ids, "reject", 404)
    assert str(ids[-1]).removeprefix("entry_") in problem["detail"]
    assert "entry_1," not in problem["detail"]
    assert (await listed(server, dataset))["total"] == 0
    assert await entries(server, dataset, status="rejected") == []


async def test_an_entry_of_another_dataset_is_unknown(server: Server, dataset: str) -> None:
    other = await made(server, datasets_per_chunk=20)
    number = max(int(one["id"].removeprefix("entry_")) for one in await entries(server, other))
    await give(server, dataset, [number], "bulk_edit", 404)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"entry_ids": [], "feedback_type": "approve"}, "/entry_ids"),
        ({"feedback_type": "approve"}, "/entry_ids"),
        ({"entry_ids": [1], "feedback_type": "like"}, "/feedback_type"),
        ({"entry_ids": [1], "feedback_type": "approve", "rating": 6}, "/rating"),
        ({"entry_ids": [1], "feedback_type": "approve", "rating": 2.5}, "/rating"),
        ({"entry_ids": [1], "feedback_type": "approve", "comment": "x"}, "/comment"),
        ({"entry_ids": [1] * 10_001, "feedback_type": "approve"}, "/entry_ids"),
    ],
    ids=["none", "missing", "type", "rating", "half a star", "misspelt", "too many"],
)
async def test_what_cannot_be_meant_is_400(server: Server, dataset: str, body: Json, pointer: str) -> None:
    assert list(await faults(server, "POST", f"datasets/{dataset}/feedback", json=body)) == [pointer]


async def test_an_unknown_dataset_is_404(server: Server) -> None:
    await give(server, "dataset_x", [1], "approve", 404)
    await server.get("datasets/dataset_x/feedback", 404)


async def test_what_comes_with_an_edit_is_feedback_too(server: Server, dataset: str) -> None:
    await give(server, dataset, [1], "quality_issue", comments="too long")
    await server.call("PUT", f"datasets/{dataset}/entries/entry_1", json={"answer": "Short.", "feedback": "shortened"})
    await server.call("PUT", f"datasets/{dataset}/entries/entry_2", json={"feedback": "check the year"})
    found = [
        (one["entry_id"], one["feedback_type"], one["comments"], one["on_former_text"])
        for one in (await listed(server, dataset))["feedback"]
    ]
    assert found == [
        ("entry_2", "bulk_edit", "check the year", False),
        ("entry_1", "bulk_edit", "shortened", False),
        ("entry_1", "quality_issue", "too long", True),
    ]


async def test_feedback_on_a_text_that_was_written_anew_is_on_a_former_text(data_dir: Path) -> None:
    async with reviewing(data_dir, model()) as server:
        dataset = await made(server)
        await give(server, dataset, [1, 2], "quality_issue", comments="vague")
        await regenerate(server, dataset, {"entry_ids": [1]})
        await give(server, dataset, [1], "approve")
        found = {
            (one["entry_id"], one["feedback_type"]): one["on_former_text"]
            for one in (await listed(server, dataset))["feedback"]
        }
        assert found == {
            ("entry_1", "approve"): False,
            ("entry_1", "quality_issue"): True,
            ("entry_2", "quality_issue"): False,
        }


async def test_the_author_is_the_name_of_the_key(data_dir: Path) -> None:
    async with running_app(settings_for(data_dir)) as server:
        dataset = await made(server, generation_model="builtin")
        service: KeyService = server.client.app[KEY_SERVICE]
        secret = (await service.create("anna")).secret
        async with server.client.post(
            f"{API}/datasets/{dataset}/feedback",
            json={"entry_ids": [1], "feedback_type": "reject"},
            headers={"X-API-Key": secret},
        ) as response:
            assert response.status == 200
        headers = {"X-API-Key": secret}
        found = await server.get(f"datasets/{dataset}/feedback", headers=headers)
        assert found["feedback"][0]["author"] == "anna"
        entry = await server.get(f"datasets/{dataset}/entries/entry_1", headers=headers)
        assert entry["history"][0]["editor"] == "anna"


async def test_feedback_goes_with_its_dataset(server: Server, dataset: str) -> None:
    await give(server, dataset, [1, 2], "approve")
    await server.call("DELETE", f"datasets/{dataset}", 204)
    await server.get(f"datasets/{dataset}/feedback", 404)
