"""Entries over HTTP: pages, order, filters, edits, history, deletion."""

import base64
import json
import random
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from api_parts import ScriptedModel, entries, faults, fresh, rows
from app_parts import API, PASSAGES, Json, Prepared, Server, prepared, running_app, settings_for
from chunksmith.domain.calls import ChatRequest
from chunksmith.providers import registry
from chunksmith.services import datasets
from chunksmith.storage.entries import EntryStore

DIFFICULTIES = ["beginner", "intermediate", "advanced"]
SORTS = ("id", "quality", "category", "difficulty")


async def generated(server: Server, **fields: Any) -> str:
    body = {"project_id": await server.project(), "generation_model": "ollama", **fields}
    return str((await server.generate(body))["result"]["dataset_id"])


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepared(tmp_path_factory.mktemp("before") / "data", generated)


async def put(server: Server, dataset: str, entry: str, change: Json, status: int = 200, **kwargs: Any) -> Json:
    return await server.call("PUT", f"datasets/{dataset}/entries/{entry}", status, json=change, **kwargs)


async def test_pages_follow_each_other_by_number(server: Server, dataset: str) -> None:
    whole = await entries(server, dataset)
    paged: list[Json] = []
    for number in range(1, len(whole) // 3 + 2):
        page = await server.get(f"datasets/{dataset}/entries", params={"page": number, "per_page": 3})
        assert (page["total"], page["page"], page["per_page"]) == (len(whole), number, 3)
        paged += page["entries"]
    assert paged == whole


@pytest.mark.parametrize("page", [99, 10**15])
async def test_past_the_end_is_an_empty_page(server: Server, dataset: str, page: int) -> None:
    found = await server.get(f"datasets/{dataset}/entries", params={"page": page, "per_page": 1000})
    assert (found["entries"], found["next_cursor"]) == ([], None)
    assert found["total"] > 0


@pytest.mark.parametrize("query", [{"page": 0}, {"per_page": 0}, {"per_page": 1001}, {"page": "x"}, {"sort_by": "x"}])
async def test_a_page_that_cannot_be_meant_is_400(server: Server, dataset: str, query: dict[str, Any]) -> None:
    (name,) = query
    assert list(await faults(server, "GET", f"datasets/{dataset}/entries", params=query)) == [f"query/{name}"]


async def test_all_faults_of_a_query_are_named(server: Server, dataset: str) -> None:
    query = {"page": "x", "filter_quality": 2, "difficulty": "hard", "colour": "red"}
    found = await faults(server, "GET", f"datasets/{dataset}/entries", params=query)
    assert sorted(found) == sorted(f"query/{name}" for name in query)
    assert "unknown field" in found["query/colour"]


def cursor(*values: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "wrong",
    [
        "abc",
        "ä",
        cursor("quality", None, 0.5, 3),
        cursor("id", None, None, 10**30),
        cursor("id", None, None, -5),
        cursor("id", None, None, 1.5),
        cursor("id", None, None, True),
        cursor("id", None, None),
        cursor("id", None, 10**400, 1),
        cursor("id", None, [], 1),
        base64.urlsafe_b64encode(b"{}").decode(),
        base64.urlsafe_b64encode(b'"abcd"').decode(),
        base64.urlsafe_b64encode(b"[" * 300).decode(),
    ],
)
async def test_a_cursor_that_nobody_gave_is_400(server: Server, dataset: str, wrong: str) -> None:
    found = await faults(server, "GET", f"datasets/{dataset}/entries", params={"cursor": wrong})
    assert list(found) == ["query/cursor"]


@pytest.mark.parametrize("value", [10**30, float("inf"), "x", True], ids=str)
async def test_a_cursor_with_a_value_of_another_kind_is_400(server: Server, dataset: str, value: Any) -> None:
    query = {"sort_by": "quality", "cursor": cursor("quality", None, value, 3)}
    assert list(await faults(server, "GET", f"datasets/{dataset}/entries", params=query)) == ["query/cursor"]


async def test_the_summary_of_a_page_is_of_the_whole_dataset(server: Server, dataset: str) -> None:
    whole = await entries(server, dataset)
    page = await server.get(f"datasets/{dataset}/entries", params={"per_page": 1, "category": whole[0]["category"]})
    scores = [entry["quality_score"] for entry in whole]
    assert page["quality_summary"]["average_score"] == pytest.approx(sum(scores) / len(scores), abs=1e-4)
    assert page["quality_summary"]["distribution"] == {
        "high": sum(score >= 0.8 for score in scores),
        "medium": sum(0.5 <= score < 0.8 for score in scores),
        "low": sum(score < 0.5 for score in scores),
    }


async def test_one_entry_is_read_with_history_and_provenance(server: Server, dataset: str) -> None:
    listed = (await entries(server, dataset))[0]
    entry = await server.get(f"datasets/{dataset}/entries/{listed['id']}")
    assert {name: entry[name] for name in listed} == listed
    assert (entry["history"], entry["revision"]) == ([], 1)
    assert entry["provenance"]["chunk_text"] in PASSAGES
    assert entry["provenance"]["dataset_id"] == dataset
    calls = await server.get(f"jobs/{entry['provenance']['job_id']}/calls")
    assert entry["provenance"]["call_id"] in [call["id"] for call in calls["calls"]]


@pytest.mark.parametrize("wrong", ["entry_999", "entry_0", "entry_x", "entry_-1", "0", "entry_99999999999999999999"])
async def test_an_entry_that_does_not_exist_is_not_found(server: Server, dataset: str, wrong: str) -> None:
    await server.get(f"datasets/{dataset}/entries/{wrong}", 404)
    await put(server, dataset, wrong, {"answer": "x"}, 404)
    await server.call("DELETE", f"datasets/{dataset}/entries/{wrong}", 404)


async def test_an_entry_of_another_dataset_is_not_found(server: Server, dataset: str) -> None:
    await generated(server, datasets_per_chunk=50)
    last = int((await entries(server, dataset))[-1]["id"].removeprefix("entry_"))
    await server.get(f"datasets/{dataset}/entries/entry_{last + 30}", 404)


@pytest.mark.parametrize(
    "change",
    [
        {"question": "What is new?"},
        {"answer": "Another answer."},
        {"category": "other"},
        {"category": None},
        {"difficulty": "advanced"},
        {"metadata": {"reviewed": True}},
    ],
    ids=lambda change: next(iter(change)),
)
async def test_only_the_named_fields_change(server: Server, dataset: str, change: Json) -> None:
    before = (await entries(server, dataset))[1]
    after = await put(server, dataset, before["id"], change)
    (name,) = change
    wanted = before[name] | change[name] if name == "metadata" else change[name]
    follow = {"evidence", "quality_score", "metadata", "status"} - {name}
    assert {key: after[key] for key in before if key not in follow} == {
        **{key: value for key, value in before.items() if key not in follow},
        name: wanted,
    }
    assert (after["status"], after["revision"]) == ("edited", 2)


async def test_the_former_text_stays_readable(server: Server, dataset: str) -> None:
    before = (await entries(server, dataset))[0]
    await put(server, dataset, before["id"], {"answer": "First.", "feedback": "too long"})
    after = await put(server, dataset, before["id"], {"answer": "Second."})
    first, second = after["history"]
    assert (first["entry"]["answer"], second["entry"]["answer"]) == (before["answer"], "First.")
    assert (first["revision"], first["change"], first["feedback"]) == (1, "edited", "too long")
    assert second["replaced_at"].endswith("Z")


async def test_evidence_and_score_follow_the_text(server: Server, dataset: str) -> None:
    before = (await entries(server, dataset))[0]
    after = await put(server, dataset, before["id"], {"answer": "Xylophone orchestras rehearse nightly abroad."})
    assert after["quality_score"] < before["quality_score"]
    page = await server.get(f"datasets/{dataset}/entries", params={"per_page": 1000})
    scores = [entry["quality_score"] for entry in page["entries"]]
    assert page["quality_summary"]["average_score"] == pytest.approx(sum(scores) / len(scores), abs=1e-4)


async def test_feedback_alone_is_kept_and_changes_no_text(server: Server, dataset: str) -> None:
    before = (await entries(server, dataset))[0]
    after = await put(server, dataset, before["id"], {"feedback": "check the year"})
    assert {name: after[name] for name in before} == before
    assert [one["feedback"] for one in after["history"]] == ["check the year"]


@pytest.mark.parametrize(
    ("change", "pointers"),
    [
        ({}, [""]),
        ({"anwser": "x"}, ["/anwser"]),
        ({"instruction": "x"}, ["/instruction"]),
        ({"key_points": ["x"], "summary": "y"}, ["/key_points", "/summary"]),
        ({"question": " ", "answer": 5, "x": 1}, ["/answer", "/question", "/x"]),
        ({"question": None}, ["/question"]),
        ({"difficulty": "hard"}, ["/difficulty"]),
        ({"quality_score": 1}, ["/quality_score"]),
        ({"metadata": {"model": "mine", "note": 1}}, ["/metadata/model"]),
    ],
    ids=str,
)
async def test_a_change_that_cannot_be_meant_changes_nothing(
    server: Server, dataset: str, change: Json, pointers: list[str]
) -> None:
    before = (await entries(server, dataset))[0]
    path = f"datasets/{dataset}/entries/{before['id']}"
    assert sorted(await faults(server, "PUT", path, json=change)) == pointers
    assert (await entries(server, dataset))[0] == before


@pytest.mark.parametrize(
    ("mode", "good", "bad"),
    [
        ("instruction following", {"output": "Done.", "input": ""}, {"question": "x"}),
        ("summarization", {"summary": "Short.", "key_points": ["one"]}, {"answer": "x"}),
        ("question", {"question": "Why so?"}, {"answer": "x"}),
        ("answer", {"answer": "So."}, {"question": "x"}),
    ],
)
async def test_a_mode_has_its_own_fields(server: Server, mode: str, good: Json, bad: Json) -> None:
    dataset = await generated(server, generation_mode=mode)
    first = (await entries(server, dataset))[0]["id"]
    after = await put(server, dataset, first, good)
    assert {name: after[name] for name in good} == good
    await put(server, dataset, first, bad, 400)


async def etag(server: Server, dataset: str, entry: str) -> str:
    async with server.client.get(f"{API}/datasets/{dataset}/entries/{entry}") as response:
        return response.headers["ETag"]


@pytest.mark.parametrize("name", ["entry_1", "1"])
async def test_a_change_of_what_was_read_last_is_taken(server: Server, dataset: str, name: str) -> None:
    tag = await etag(server, dataset, name)
    await put(server, dataset, name, {"answer": "New."}, headers={"If-Match": tag})
    assert await etag(server, dataset, name) != tag


async def test_one_of_several_tags_is_enough(server: Server, dataset: str) -> None:
    tag = await etag(server, dataset, "entry_1")
    await put(server, dataset, "entry_1", {"answer": "New."}, headers={"If-Match": f'"entry_1-77", {tag}'})


async def test_any_state_is_changed_when_any_is_named(server: Server, dataset: str) -> None:
    await put(server, dataset, "entry_1", {"answer": "New."}, headers={"If-Match": "*"})


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("tag", ["stale", '"entry_1-9"', 'W/"entry_1-2"', '"entry_2-2"', "nonsense", '"entry_1-²"'])
async def test_a_change_of_what_was_read_earlier_is_refused(
    server: Server, dataset: str, tag: str, method: str
) -> None:
    stale = await etag(server, dataset, "entry_1")
    await put(server, dataset, "entry_1", {"answer": "New."})
    body = {"answer": "Newer."} if method == "PUT" else None
    headers = {"If-Match": stale if tag == "stale" else tag}
    await server.call(method, f"datasets/{dataset}/entries/entry_1", 412, json=body, headers=headers)
    assert (await server.get(f"datasets/{dataset}/entries/entry_1"))["answer"] == "New."


async def test_a_deleted_entry_is_gone_everywhere(server: Server, dataset: str) -> None:
    whole = await entries(server, dataset)
    await server.call("DELETE", f"datasets/{dataset}/entries/{whole[2]['id']}", 204)
    left = [entry["id"] for entry in whole if entry is not whole[2]]
    assert [entry["id"] for entry in await entries(server, dataset)] == left
    assert [row["id"] for row in await rows(server, dataset)] == left
    assert (await server.get(f"datasets/{dataset}"))["total_entries"] == len(left)
    await server.get(f"datasets/{dataset}/entries/{whole[2]['id']}", 404)
    await server.call("DELETE", f"datasets/{dataset}/entries/{whole[2]['id']}", 404)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("50%", ["50% of it"]), ("a_b", ["a_b"]), ("\\", ["a\\c"]), ("%", ["50% of it"]), ("_", ["a_b"])],
)
async def test_what_is_searched_is_taken_literally(server: Server, dataset: str, text: str, wanted: list[str]) -> None:
    for number, answer in enumerate(["50% of it", "a_b", "axb", "a\\c"]):
        await put(server, dataset, (await entries(server, dataset))[number]["id"], {"answer": answer})
    assert [entry["answer"] for entry in await entries(server, dataset, q=text)] == wanted


async def test_search_reads_key_points_as_they_are_shown(server: Server) -> None:
    dataset = await generated(server, generation_mode="summarization")
    first = (await entries(server, dataset))[0]["id"]
    await put(server, dataset, first, {"key_points": ['a "quoted" one', "tab\there"]})
    assert [entry["id"] for entry in await entries(server, dataset, q='a "quoted"')] == [first]
    assert [entry["id"] for entry in await entries(server, dataset, q="tab\there")] == [first]
    assert await entries(server, dataset, q='", "') == []


WORDS = ["kiln", "rock_salt", "100%", "Ämter", "rye", "O'Hara", "窯", 'a "b" c', "x\\y"]
Check = Callable[[Json], bool]


@pytest.fixture
async def varied(data_dir: Path) -> AsyncIterator[Server]:
    """Categories, difficulties and texts drawn at random, but the same in every run."""
    chance = random.Random(7)

    def reply(request: ChatRequest) -> Any:
        items = [
            {
                "question": f"What is {chance.choice(WORDS)} {chance.randrange(99)}?",
                "answer": " ".join(chance.choices(WORDS, k=3)),
                "quote": chance.choice(PASSAGES)[:30],
                "category": chance.choice(["b", "a", "Z", "ä", "a b"]),
                "difficulty": chance.choice(DIFFICULTIES),
            }
            for _ in range(chance.randrange(1, 5))
        ]
        return {"entries": items}

    settings = settings_for(data_dir)
    models = registry.build(settings.providers.accounts()) | {"ollama": ScriptedModel(reply)}
    async with running_app(settings, models=models) as server:
        yield server


def key_of(sort: str, entry: Json) -> Any:
    """Null is smallest."""
    if sort == "difficulty":
        value = DIFFICULTIES.index(entry["difficulty"]) if entry["difficulty"] else None
    else:
        value = entry["quality_score"] if sort == "quality" else entry["category"]
    return (value is not None, value if value is not None else 0)


def in_order(found: list[Json], sort: str, order: str | None) -> list[str]:
    numbered = sorted(found, key=lambda entry: int(entry["id"].removeprefix("entry_")))
    descending = (order or ("desc" if sort == "quality" else "asc")) == "desc"
    if sort == "id":
        ordered = numbered[::-1] if descending else numbered
    else:
        # A stable sort keeps ties by id; reversed twice, also when descending.
        ordered = sorted(numbered[::-1] if descending else numbered, key=lambda entry: key_of(sort, entry))
        ordered = ordered[::-1] if descending else ordered
    return [entry["id"] for entry in ordered]


def draw_filter(chance: random.Random, known: list[Json]) -> tuple[dict[str, Any], Check]:
    sample = chance.choice(known)
    word = chance.choice(WORDS)[: chance.randrange(1, 4)]
    level = round(chance.random(), 2)

    def contains(entry: Json) -> bool:
        texts = [entry["question"], entry["answer"]]
        return any(_folded(word) in _folded(text) for text in texts)

    choices: list[tuple[dict[str, Any], Check]] = [
        ({}, lambda entry: True),
        (
            {"filter_quality": level},
            lambda entry: entry["quality_score"] is not None and entry["quality_score"] >= level,
        ),
        ({"status": sample["status"]}, lambda entry: bool(entry["status"] == sample["status"])),
        ({"split": "train"}, lambda entry: False),
        ({"q": word}, contains),
    ]
    for name in ("category", "difficulty"):
        if sample[name] is not None:
            choices.append(({name: sample[name]}, lambda entry, name=name: bool(entry[name] == sample[name])))  # type: ignore[misc]  # mypy does not infer a bound default
    return chance.choice(choices)


def _folded(text: str) -> str:
    return "".join(char.lower() if char.isascii() else char for char in text)


async def by_pages(server: Server, dataset: str, query: dict[str, Any], per_page: int) -> list[str]:
    found: list[str] = []
    number = 0
    while True:
        number += 1
        page = await server.get(f"datasets/{dataset}/entries", params={**query, "page": number, "per_page": per_page})
        if not page["entries"]:
            assert page["total"] == len(found)
            return found
        found += [entry["id"] for entry in page["entries"]]


async def by_cursor(server: Server, dataset: str, query: dict[str, Any], per_page: int) -> list[str]:
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = await server.get(f"datasets/{dataset}/entries", params={**query, **cursor, "per_page": per_page})
        found += [entry["id"] for entry in page["entries"]]
        if page["next_cursor"] is None:
            return found
        assert len(page["entries"]) == per_page
        cursor = {"cursor": page["next_cursor"]}


async def change_some(server: Server, dataset: str, known: list[Json], chance: random.Random) -> list[Json]:
    """Edits and deletes; what is left, as it should be."""
    left = list(known)
    for _ in range(6):
        chosen = chance.choice(left)
        if chance.random() < 0.3:
            await server.call("DELETE", f"datasets/{dataset}/entries/{chosen['id']}", 204)
            left.remove(chosen)
            continue
        change = chance.choice(
            [{"category": None}, {"difficulty": None}, {"category": "edited"}, {"answer": chance.choice(WORDS)}]
        )
        after = await put(server, dataset, chosen["id"], change)
        assert {name: after[name] for name in change} == change
        left[left.index(chosen)] = {name: after[name] for name in chosen}
    return left


@pytest.mark.parametrize("scored", [True, False], ids=["scored", "not scored"])
@pytest.mark.parametrize("seed", [1, 2])
async def test_lists_agree_with_a_plain_model(
    varied: Server, seed: int, scored: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets, "MARK_EVERY", 4)  # else no list of a test is long enough to be marked
    chance = random.Random(seed)
    body = {"project_id": await varied.project(PASSAGES * 2), "generation_model": "ollama", "datasets_per_chunk": 4}
    status, known = await fresh(varied, body | {"analyze_quality": scored})
    dataset = status["result"]["dataset_id"]
    for _ in range(4):
        known = await change_some(varied, dataset, known, chance)
        assert await entries(varied, dataset) == known
        for _ in range(8):
            sort, order = chance.choice(SORTS), chance.choice([None, "asc", "desc"])
            narrowed, check = draw_filter(chance, known)
            query = {"sort_by": sort, **({"order": order} if order else {}), **narrowed}
            wanted = in_order([entry for entry in known if check(entry)], sort, order)
            per_page = chance.choice([1, 3, 7, 100])
            assert await by_pages(varied, dataset, query, per_page) == wanted, query
            assert await by_cursor(varied, dataset, query, per_page) == wanted, query
            if sort == "id" and "split" not in narrowed:  # there are none, which a download refuses
                exported = await rows(varied, dataset, **narrowed)
                assert [row["id"] for row in exported] == in_order([e for e in known if check(e)], "id", None)


@pytest.mark.parametrize("name", ["entry_01", "01", "entry_00"])
async def test_an_entry_has_one_id(server: Server, dataset: str, name: str) -> None:
    await server.call("GET", f"datasets/{dataset}/entries/{name}", 404)


async def test_page_and_cursor_exclude_each_other(server: Server, dataset: str) -> None:
    listed = f"datasets/{dataset}/entries?per_page=1"
    cursor = (await server.get(listed))["next_cursor"]
    problem = await server.call("GET", f"{listed}&page=1&cursor={cursor}", 400)
    assert [fault["pointer"] for fault in problem["errors"]] == ["query/page", "query/cursor"]


async def test_a_page_near_the_end_is_the_same_while_entries_go(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets, "MARK_EVERY", 2)
    status = await server.generate({"project_id": await server.project(), "generation_model": "grok"})
    listed = f"datasets/{status['result']['dataset_id']}/entries"
    last = (await server.get(f"{listed}?per_page=1000"))["entries"][-1]["id"]
    shown = (await server.get(f"{listed}?per_page=2&page=4"))["entries"]
    place, gone = EntryStore.place, []

    async def delayed(self: EntryStore, *asked: Any, **how: Any) -> Any:
        if how.get("backwards") and not gone:
            gone.append(await server.call("DELETE", f"{listed}/{last}", 204))
        return await place(self, *asked, **how)

    monkeypatch.setattr(EntryStore, "place", delayed)
    await server.call("PUT", f"{listed}/entry_1", json={"feedback": "fine"})  # what was known of places is not any more
    again = (await server.get(f"{listed}?per_page=2&page=4"))["entries"]
    assert gone
    assert [entry["id"] for entry in again] == [entry["id"] for entry in shown]
