"""Downloads: always the current entries, with a hash, ranges and filters; batch files never change."""

import hashlib
import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from multidict import CIMultiDictProxy

from api_parts import download, entries, faults, files_below, rows
from app_parts import API, Prepared, Server, prepared
from chunksmith.web.file_answer import attachment

TYPES = {
    "jsonl": "application/x-ndjson",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
}


class Got(NamedTuple):
    status: int
    headers: CIMultiDictProxy[str]
    body: bytes


async def got(server: Server, dataset: str, method: str = "GET", **headers: str) -> Got:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with server.client.request(method, f"{API}/datasets/{dataset}/download", headers=named) as response:
        return Got(response.status, response.headers, await response.read())


async def in_batches(server: Server) -> str:
    body = {"project_id": await server.project(), "generation_model": "ollama", "batch_size": 2}
    return str((await server.generate(body))["result"]["dataset_id"])


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepared(tmp_path_factory.mktemp("before") / "data", in_batches)


async def test_the_tag_is_the_hash_of_the_content(server: Server, dataset: str) -> None:
    answer = await got(server, dataset)
    assert answer.headers["ETag"] == f'"{hashlib.sha256(answer.body).hexdigest()}"'
    assert int(answer.headers["Content-Length"]) == len(answer.body)


@pytest.mark.parametrize("form", TYPES)
async def test_a_file_has_its_type_and_a_name(server: Server, dataset: str, form: str) -> None:
    async with server.client.get(f"{API}/datasets/{dataset}/download", params={"format": form}) as response:
        assert response.headers["Content-Type"] == TYPES[form]
        disposition = response.content_disposition
    assert disposition is not None
    assert (disposition.type, disposition.filename) == ("attachment", f"{dataset}.{form}")


async def test_it_holds_all_entries_in_order(server: Server, dataset: str) -> None:
    shown = await entries(server, dataset)
    assert [row["id"] for row in await rows(server, dataset)] == [entry["id"] for entry in shown]


async def test_changes_show_at_once_while_batch_files_stay(server: Server, dataset: str, data_dir: Path) -> None:
    before = {name: data for name, data in files_below(data_dir / "datasets").items() if not name.startswith(".")}
    first = await got(server, dataset)
    await server.call("PUT", f"datasets/{dataset}/entries/entry_1", json={"answer": "Changed."})
    await server.call("DELETE", f"datasets/{dataset}/entries/entry_2", 204)
    second = await got(server, dataset)
    assert second.headers["ETag"] != first.headers["ETag"]
    current = [json.loads(line) for line in second.body.splitlines()]
    assert current[0]["answer"] == "Changed."
    assert "entry_2" not in [row["id"] for row in current]
    after = {name: data for name, data in files_below(data_dir / "datasets").items() if not name.startswith(".")}
    assert after == before


async def test_nothing_is_sent_to_who_has_it(server: Server, dataset: str) -> None:
    tag = (await got(server, dataset)).headers["ETag"]
    again = await got(server, dataset, If_None_Match=f'"other", {tag}')
    assert (again.status, again.body, again.headers["ETag"]) == (304, b"", tag)
    weak = await got(server, dataset, If_None_Match=f"W/{tag}")
    assert weak.status == 304


async def test_another_tag_gets_the_whole(server: Server, dataset: str) -> None:
    assert (await got(server, dataset, If_None_Match='"other"')).status == 200


@pytest.mark.parametrize(
    ("wanted", "part"),
    [
        ("bytes=0-9", slice(0, 10)),
        ("bytes=5-", slice(5, None)),
        ("bytes=-7", slice(-7, None)),
        ("bytes=3-3", slice(3, 4)),
    ],
)
async def test_a_part_is_sent(server: Server, dataset: str, wanted: str, part: slice) -> None:
    whole = (await got(server, dataset)).body
    answer = await got(server, dataset, Range=wanted)
    start, end, _ = part.indices(len(whole))
    assert (answer.status, answer.body) == (206, whole[part])
    assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(whole)}"


async def test_a_part_beyond_the_end_is_cut_there(server: Server, dataset: str) -> None:
    whole = (await got(server, dataset)).body
    answer = await got(server, dataset, Range=f"bytes=10-{len(whole) * 2}")
    assert (answer.status, answer.body) == (206, whole[10:])


@pytest.mark.parametrize("wanted", ["bytes={size}-", "bytes=-0"])
async def test_a_part_outside_of_the_file_is_416(server: Server, dataset: str, wanted: str) -> None:
    size = len((await got(server, dataset)).body)
    answer = await got(server, dataset, Range=wanted.format(size=size))
    assert (answer.status, answer.headers["Content-Range"]) == (416, f"bytes */{size}")
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert json.loads(answer.body)["status"] == 416


@pytest.mark.parametrize("wanted", ["bytes=9-5", "lines=1-2", "bytes=0-1,4-5", "bytes=x"])
async def test_a_range_that_is_not_read_gets_the_whole(server: Server, dataset: str, wanted: str) -> None:
    assert (await got(server, dataset, Range=wanted)).status == 200


async def test_a_part_of_another_content_gets_the_whole(server: Server, dataset: str) -> None:
    tag = (await got(server, dataset)).headers["ETag"]
    assert (await got(server, dataset, Range="bytes=0-3", If_Range=tag)).status == 206
    assert (await got(server, dataset, Range="bytes=0-3", If_Range='"other"')).status == 200


async def test_the_name_is_told_to_old_readers_too(server: Server, dataset: str) -> None:
    told = (await got(server, dataset)).headers["Content-Disposition"]
    assert told == f"attachment; filename=\"{dataset}.jsonl\"; filename*=UTF-8''{dataset}.jsonl"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("a b.json", "filename=\"a b.json\"; filename*=UTF-8''a%20b.json"),
        ('é"\\/%.json', "filename=\"_____.json\"; filename*=UTF-8''%C3%A9%22%5C%2F%25.json"),
        ("a\r\nb", "filename=\"a__b\"; filename*=UTF-8''a%0D%0Ab"),
    ],
    ids=["space", "marks", "line-break"],
)
def test_a_name_can_be_anything(name: str, told: str) -> None:
    assert attachment(name) == f"attachment; {told}"


async def test_head_tells_all_but_the_content(server: Server, dataset: str) -> None:
    whole = await got(server, dataset)
    head = await got(server, dataset, "HEAD")
    assert (head.status, head.body) == (200, b"")
    for name in ("ETag", "Content-Length", "Content-Type", "Content-Disposition", "Accept-Ranges"):
        assert head.headers[name] == whole.headers[name]


async def test_head_of_other_answers_has_no_body(server: Server, dataset: str) -> None:
    for path in ("/health", f"{API}/datasets/{dataset}/entries", "/openapi.json"):
        async with server.client.head(path) as response:
            assert (response.status, await response.read()) == (200, b"")


@pytest.mark.parametrize("name", ["category", "difficulty", "status"])
async def test_a_filter_narrows_the_file(server: Server, dataset: str, name: str) -> None:
    shown = await entries(server, dataset)
    narrowed = {name: shown[0][name]}
    wanted = [entry["id"] for entry in shown if entry[name] == shown[0][name]]
    assert [row["id"] for row in await rows(server, dataset, **narrowed)] == wanted


async def test_a_filter_by_quality_and_text_narrows_the_file(server: Server, dataset: str) -> None:
    shown = await entries(server, dataset)
    level = sorted(entry["quality_score"] for entry in shown)[2]
    wanted = [entry["id"] for entry in shown if entry["quality_score"] >= level]
    assert [row["id"] for row in await rows(server, dataset, filter_quality=level)] == wanted
    word = shown[0]["question"][:20]
    wanted = [entry["id"] for entry in shown if word in entry["question"] or word in entry["answer"]]
    assert [row["id"] for row in await rows(server, dataset, q=word)] == wanted


@pytest.mark.parametrize(("form", "nothing"), [("jsonl", b""), ("json", b"[]\n")])
async def test_a_filter_that_nothing_passes_gives_an_empty_file(
    server: Server, dataset: str, form: str, nothing: bytes
) -> None:
    assert await download(server, dataset, format=form, q="no such words") == nothing


async def test_an_unknown_format_is_400_and_names_the_known(server: Server, dataset: str) -> None:
    found = await faults(server, "GET", f"datasets/{dataset}/download", params={"format": "xml"})
    assert list(found) == ["query/format"]
    assert all(name in found["query/format"] for name in TYPES)


@pytest.mark.parametrize("query", [{"format": ""}, {"split": "all"}, {"versions": "1.0.0"}, {"page": 2}], ids=str)
async def test_a_query_that_is_not_known_is_400(server: Server, dataset: str, query: dict[str, Any]) -> None:
    await faults(server, "GET", f"datasets/{dataset}/download", params=query)


@pytest.mark.parametrize("form", ["jsonl", "parquet", "csv", "anki", "huggingface"])
async def test_a_split_of_entries_without_splits_is_400(server: Server, dataset: str, form: str) -> None:
    query = {"format": form, "split": "train"}
    found = await faults(server, "GET", f"datasets/{dataset}/download", params=query)
    assert found == {"query/split": f"no entry of {dataset} has a split"}
    assert await entries(server, dataset, split="train") == []


@pytest.mark.parametrize(("tag", "status"), [('"another"', 412), ("W/{}", 412), ('"another", {}', 200), ("*", 200)])
async def test_a_file_is_sent_only_while_it_is_the_one_that_is_wanted(
    server: Server, dataset: str, tag: str, status: int
) -> None:
    etag = (await got(server, dataset)).headers["ETag"]
    answer = await got(server, dataset, If_Match=tag.format(etag))
    assert (answer.status, answer.headers["ETag"]) == (status, etag)


async def test_the_formats_are_listed_at_both_addresses(server: Server) -> None:
    listed = await server.get("formats")
    assert {form["name"]: form["media_type"] for form in listed["formats"]}.items() >= TYPES.items()
    assert listed["problems"] == []
    assert listed == await server.get("plugins/dataset-formats")


async def test_old_made_files_make_room(server: Server, dataset: str, data_dir: Path) -> None:
    for number in range(20):
        await download(server, dataset, q=f"word {number}")
    made = [name for name in files_below(data_dir / "datasets" / ".exports") if not name.endswith(".about")]
    assert len(made) <= 16
    assert await rows(server, dataset)
