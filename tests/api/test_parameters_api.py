"""Each parameter of a generation changes what is sent, what is kept, or what is refused."""

import asyncio
import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest

from api_parts import (
    ScriptedModel,
    bodies,
    download,
    entries,
    faults,
    files_below,
    fresh,
    job_count,
    prompts,
    rows,
    until,
    upload,
)
from app_parts import API, PASSAGES, Server, running_app, settings_for
from chunksmith.domain.calls import ChatRequest
from chunksmith.providers import registry
from fake_llm import FakeLLM


async def asked(server: Server, fake: FakeLLM, passages: list[str] | None = None, **fields: Any) -> list[str]:
    """The prompts that a generation by Ollama sends."""
    body = {"project_id": await server.project(passages), "generation_model": "ollama", **fields}
    await server.generate(body)
    return prompts(fake)


async def test_a_custom_prompt_is_sent_with_its_placeholders_filled(server: Server, fake: FakeLLM) -> None:
    template = "Ask {count} for {audience}, {purpose}, {domain}, {complexity}; {taxonomy}{entities}|{chunk}"
    sent = await asked(
        server,
        fake,
        ["Rye bread needs a sour starter."],
        custom_prompt=template,
        datasets_per_chunk=4,
        audience="bakers",
        purpose="an exam",
        domain="baking",
        complexity_level="hard",
    )
    text = re.sub(r"[0-9a-f]{12}", "ID", sent[0])
    assert text == (
        "Ask 4 for bakers, an exam, baking, hard; |<passage ID>\nRye bread needs a sour starter.\n</passage ID>"
    )


async def test_without_a_place_for_it_the_passage_stands_before_the_prompt(server: Server, fake: FakeLLM) -> None:
    sent = await asked(server, fake, ["Granite is a rock."], custom_prompt="Ask one thing.")
    assert sent[0].startswith("<passage ")
    assert sent[0].endswith("\n\nAsk one thing.")


BRACES = 'A set {chunk} of {"a": {0}} and {count} {unknown} }{ {{x}} {'


async def test_braces_of_a_passage_are_text(server: Server, fake: FakeLLM) -> None:
    sent = await asked(server, fake, [BRACES + " is written in braces."], custom_prompt="Ask. {chunk}")
    assert BRACES in sent[0]


async def test_other_braces_of_a_prompt_are_text(server: Server, fake: FakeLLM) -> None:
    custom = 'Answer as {"a": {0}} {{chunk}} } { {Count} {chunk.x}.'
    sent = await asked(server, fake, ["Granite is a rock."], custom_prompt=custom)
    assert sent[0].startswith('Answer as {"a": {0}} {<passage ')
    assert sent[0].endswith("} } { {Count} {chunk.x}.")


async def test_a_stored_prompt_is_used_by_its_name(server: Server, fake: FakeLLM) -> None:
    await server.post("prompts", {"name": "mine", "content": "My own words: {chunk}"}, 201)
    assert (await asked(server, fake, prompt_name="mine"))[0].startswith("My own words: <passage ")


async def test_a_custom_prompt_wins_over_a_name(server: Server, fake: FakeLLM) -> None:
    await server.post("prompts", {"name": "mine", "content": "My own words: {chunk}"}, 201)
    assert (await asked(server, fake, prompt_name="mine", custom_prompt="Yours: {chunk}"))[0].startswith("Yours: ")


async def test_a_name_beside_a_custom_prompt_is_warned_of(server: Server) -> None:
    await server.post("prompts", {"name": "mine", "content": "My own words: {chunk}"}, 201)
    body = {"project_id": await server.project(), "generation_model": "ollama", "custom_prompt": "Yours: {chunk}"}
    started = await server.post("datasets/generate", body | {"prompt_name": "mine"})
    await server.ended(started["job_id"])
    assert started["warnings"] == ["prompt_name has no effect: custom_prompt takes its place"]


@pytest.mark.parametrize("name", ["default", "mine"])
async def test_a_custom_prompt_is_recorded_as_custom(server: Server, name: str) -> None:
    await server.post("prompts", {"name": "mine", "content": "My own words: {chunk}"}, 201)
    body = {"project_id": await server.project(), "generation_model": "ollama", "custom_prompt": "Yours: {chunk}"}
    started = await server.post("datasets/generate", body | {"prompt_name": name})
    await server.ended(started["job_id"])
    dataset = started["dataset_id"]
    provenance = (await server.get(f"datasets/{dataset}/entries/entry_1"))["provenance"]
    settings = (await server.get(f"datasets/{dataset}"))["settings"]
    assert (provenance["prompt_name"], settings["prompt_name"]) == ("custom", "custom")


async def test_an_unknown_name_beside_a_custom_prompt_is_refused(server: Server) -> None:
    body = {"project_id": await server.project(), "prompt_name": "no such", "custom_prompt": "Ask."}
    assert "/prompt_name" in await faults(server, "POST", "datasets/generate", 404, json=body)


async def test_a_built_in_prompt_is_used_by_its_name(server: Server, fake: FakeLLM) -> None:
    listed = await server.get("prompts/by-name/question%20and%20answer")
    sent = await asked(server, fake, prompt_name="question and answer", generation_mode="question and answer")
    assert sent[0].startswith(listed["content"].split("{count}")[0])


async def test_a_prompt_of_another_mode_is_refused(server: Server) -> None:
    body = {"project_id": await server.project(), "prompt_name": "summarization", "generation_mode": "question"}
    assert list(await faults(server, "POST", "datasets/generate", json=body)) == ["/prompt_name"]


@pytest.mark.parametrize("name", ["audience", "purpose", "domain", "complexity_level"])
async def test_what_the_dataset_is_for_comes_into_the_prompt(server: Server, fake: FakeLLM, name: str) -> None:
    assert all("people of Ghent" in prompt for prompt in await asked(server, fake, **{name: "people of Ghent"}))


@pytest.mark.parametrize("concurrency", [1, 3])
async def test_so_many_calls_are_in_flight_and_no_more(server: Server, fake: FakeLLM, concurrency: int) -> None:
    fake.control({"hold_from": 1})
    body = {"project_id": await server.project(), "generation_model": "grok", "concurrency": concurrency}
    job = (await server.post("datasets/generate", body))["job_id"]
    await until(lambda: fake.held == concurrency)
    await server.get(f"jobs/{job}")  # time enough for one too many
    fake.control({"hold_from": None})
    await server.ended(job)
    assert fake.stats.max_in_flight["grok"] == concurrency


@pytest.mark.parametrize(
    ("batch_size", "chunks"), [(0, [5]), (1, [1] * 5), (2, [2, 2, 1]), (5, [5]), (50, [5])], ids=str
)
async def test_a_file_holds_so_many_chunks(server: Server, data_dir: Path, batch_size: int, chunks: list[int]) -> None:
    body = {"project_id": await server.project(), "generation_model": "ollama", "batch_size": batch_size}
    result = (await server.generate(body | {"concurrency": 3}))["result"]
    assert [file["chunks_processed"] for file in result["batch_files"]] == chunks
    assert (result["completed_batches"], result["total_batches"]) == (len(chunks), len(chunks))
    for file in result["batch_files"]:
        lines = (data_dir / file["file_path"]).read_bytes().splitlines()
        assert len(lines) == file["entries_count"]


async def test_batch_files_have_the_promised_names(server: Server) -> None:
    project = await server.project()
    status = await server.generate({"project_id": project, "generation_model": "ollama", "batch_size": 3})
    assert [file["file_path"] for file in status["result"]["batch_files"]] == [
        f"datasets/{project}/dataset_{status['job_id']}_batch_{number}.jsonl" for number in (0, 1)
    ]


@pytest.mark.parametrize("count", [1, 2])
async def test_at_most_so_many_entries_come_of_a_chunk_in_one_call(server: Server, fake: FakeLLM, count: int) -> None:
    body = {"project_id": await server.project(), "generation_model": "ollama", "datasets_per_chunk": count}
    _, found = await fresh(server, body)
    of_chunk = [entry["source_chunk"] for entry in found]
    assert max(of_chunk.count(chunk) for chunk in of_chunk) == count
    assert fake.stats.chats == len(PASSAGES)


async def test_a_model_that_gives_more_entries_is_cut_short(data_dir: Path) -> None:
    def many(request: ChatRequest) -> Any:
        items = [
            {"question": f"What is stated as fact number {number}?", "answer": f"Fact {number}.", "quote": "kiln"}
            | {"category": "clay", "difficulty": "beginner"}
            for number in range(9)
        ]
        return {"entries": items}

    async with scripted(data_dir, ScriptedModel(many)) as server:
        body = {"project_id": await server.project(PASSAGES[:1]), "generation_model": "ollama"}
        _, found = await fresh(server, body | {"datasets_per_chunk": 2, "analyze_quality": False})
    assert len(found) == 2


def off_topic(request: ChatRequest) -> Any:
    item = {"question": "Who painted the ceiling?", "answer": "Nobody knows who did it.", "quote": "painted"}
    return {"entries": [item | {"category": "art", "difficulty": "beginner"}]}


def scripted(data_dir: Path, model: ScriptedModel) -> Any:
    settings = settings_for(data_dir)
    return running_app(settings, models=registry.build(settings.providers.accounts()) | {"ollama": model})


async def test_files_are_written_below_the_output_folder(server: Server, data_dir: Path) -> None:
    project = await server.project()
    body = {"project_id": project, "generation_model": "ollama", "output_dir": "exam/part 1"}
    (file,) = (await server.generate(body))["result"]["batch_files"]
    assert file["file_path"].startswith(f"datasets/{project}/exam/part 1/dataset_")
    assert (data_dir / file["file_path"]).stat().st_size == file["size_bytes"]


async def test_without_analysis_nothing_is_scored(server: Server) -> None:
    body = {"project_id": await server.project(), "generation_model": "ollama", "analyze_quality": False}
    status, found = await fresh(server, body)
    dataset = await server.get(f"datasets/{status['result']['dataset_id']}")
    assert {entry["quality_score"] for entry in found} == {None}
    assert dataset["quality_summary"] is None
    assert "quality_score" not in (await rows(server, dataset["id"]))[0]


async def test_a_dataset_below_the_threshold_fails_and_stays_readable(server: Server) -> None:
    body = {"project_id": await server.project(), "generation_model": "ollama", "quality_threshold": 1.0}
    status, found = await fresh(server, body, ("failed",))
    dataset = await server.get(f"datasets/{status['result']['dataset_id']}")
    score = dataset["quality_summary"]["overall_score"]
    assert status["error"] == dataset["flagged"] == f"Quality threshold not met: {score:.2f} < 1.00"
    assert len(found) == len(await rows(server, dataset["id"])) == dataset["total_entries"] > 0


async def test_a_dataset_at_its_threshold_passes(server: Server) -> None:
    status = await server.generate(
        {"project_id": await server.project(), "generation_model": "ollama", "quality_threshold": 0.5}
    )
    assert (status["error"], status["progress"]) == (None, 100)


async def test_the_filter_drops_entries_below_the_threshold(server: Server) -> None:
    body = {"project_id": await server.project(), "generation_model": "ollama"}
    _, unfiltered = await fresh(server, body)
    scores = sorted(entry["quality_score"] for entry in unfiltered)
    limit = scores[len(scores) // 2]
    assert scores[0] < limit
    status, kept = await fresh(server, body | {"quality_filter": True, "quality_threshold": limit})
    assert len(kept) == sum(score >= limit for score in scores)
    assert min(entry["quality_score"] for entry in kept) >= limit
    assert sum(status["result"]["outcomes"].values()) == len(PASSAGES)


async def test_a_filter_that_leaves_nothing_fails_and_says_why(data_dir: Path) -> None:
    async with scripted(data_dir, ScriptedModel(off_topic)) as server:
        body = {"project_id": await server.project(), "generation_model": "ollama", "quality_filter": True}
        status = await server.generate(body, ("failed",))
    assert (
        status["error"] == "No entries were generated from 5 chunks: 5 rejected; the first: no entry scored 0.7 or more"
    )


async def test_a_filter_needs_scores(server: Server) -> None:
    body = {"project_id": await server.project(), "quality_filter": True, "analyze_quality": False}
    assert list(await faults(server, "POST", "datasets/generate", json=body)) == ["/quality_filter"]


async def test_a_dataset_takes_the_name_that_it_is_given(server: Server) -> None:
    body = {"project_id": await server.project(), "generation_model": "ollama", "dataset_name": "Ton und Käse"}
    status = await server.generate(body)
    assert (await server.get(f"datasets/{status['result']['dataset_id']}"))["name"] == "Ton und Käse"


@pytest.mark.parametrize(
    ("models", "provider", "model"),
    [
        ({"generation_model": "ollama"}, "ollama", "llama3.2"),
        ({"generation_model": "ollama/qwen3"}, "ollama", "qwen3"),
        ({"generation_model": "grok/grok-4.5"}, "grok", "grok-4.5"),
        ({"classification_model": "ollama"}, "ollama", "llama3.2"),
        ({"classification_model": "builtin", "generation_model": "ollama"}, "ollama", "llama3.2"),
        ({"generation_model": "builtin"}, "builtin", "builtin"),
        ({}, "gemini", "gemini-3.5-flash-lite"),
    ],
    ids=str,
)
async def test_the_named_model_writes(
    server: Server, fake: FakeLLM, models: dict[str, str], provider: str, model: str
) -> None:
    _, found = await fresh(server, {"project_id": await server.project(), **models})
    assert {(entry["metadata"]["provider"], entry["metadata"]["model"]) for entry in found} == {(provider, model)}
    assert fake.stats.requests[f"{provider} chat"] == (0 if provider == "builtin" else len(PASSAGES))


@pytest.mark.parametrize(
    ("keys", "named", "expected"),
    [
        ({}, "auto", "builtin"),
        ({"grok": {"api_key": "k"}}, "auto", "grok"),
        ({"gemini": {"api_key": "k"}, "grok": {"api_key": "k"}}, "auto", "gemini"),
        ({"gemini": {"api_key": "k"}}, "ollama/qwen3", "ollama"),
    ],
    ids=["nothing set up", "grok", "gemini before grok", "named"],
)
async def test_where_no_model_is_named_the_default_writes(
    data_dir: Path, fake: FakeLLM, keys: dict[str, Any], named: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("GEMINI_API_KEY", "GOOGLE_API_KEY", "XAI_API_KEY", "OLLAMA_HOST"):
        monkeypatch.delenv(variable, raising=False)
    urls = {name: {"base_url": fake.base_url(name)} for name in ("gemini", "grok", "ollama")}
    providers = {name: urls[name] | keys.get(name, {}) for name in urls}
    settings = settings_for(data_dir, None, {"providers": providers, "generation": {"default_model": named}})
    async with running_app(settings) as server:
        _, found = await fresh(server, {"project_id": await server.project()})
    assert {entry["metadata"]["provider"] for entry in found} == {expected}


async def test_no_more_calls_than_allowed_are_sent(server: Server, fake: FakeLLM) -> None:
    body = {"project_id": await server.project(), "generation_model": "ollama", "max_calls": 2, "concurrency": 3}
    status = await server.generate(body, ("paused",))
    assert (status["reason"], status["max_calls"], fake.stats.chats) == ("budget", 2, 2)
    assert status["result"]["units"] == {"total": 5, "done": 2, "failed": 0, "pending": 3}
    await server.call("PATCH", f"jobs/{status['job_id']}", json={"max_calls": None})
    await server.post(f"jobs/{status['job_id']}/resume")
    await server.ended(status["job_id"])
    assert fake.stats.chats == len(PASSAGES)


async def test_no_call_starts_that_could_cost_too_much(data_dir: Path, fake: FakeLLM) -> None:
    prices = {"prices": {"grok": {"input": 1000.0, "output": 1000.0}}}
    async with running_app(settings_for(data_dir, fake, prices)) as server:
        body = {"project_id": await server.project(), "generation_model": "grok", "max_cost_usd": "0.01"}
        status = await server.generate(body, ("paused",))
    assert (status["reason"], status["max_cost_usd"], fake.stats.chats) == ("budget", "0.01", 0)


async def test_a_ceiling_needs_a_price(server: Server) -> None:
    body = {"project_id": await server.project(), "generation_model": "grok/unheard-of", "max_cost_usd": 1}
    assert list(await faults(server, "POST", "datasets/generate", json=body)) == ["/max_cost_usd"]


async def test_equal_requests_are_not_paid_twice(server: Server, fake: FakeLLM) -> None:
    body = {"project_id": await server.project(), "generation_model": "ollama"}
    _, first = await fresh(server, body)
    status, second = await fresh(server, body)
    usage = status["result"]["usage"]
    assert (fake.stats.chats, usage["calls"], usage["reused_calls"]) == (len(PASSAGES), 0, len(PASSAGES))
    assert [entry["question"] for entry in second] == [entry["question"] for entry in first]


async def test_without_reuse_they_are_sent_again(server: Server, fake: FakeLLM) -> None:
    body = {"project_id": await server.project(), "generation_model": "ollama"}
    await server.generate(body)
    status = await server.generate(body | {"reuse": False})
    assert (fake.stats.chats, status["result"]["usage"]["reused_calls"]) == (2 * len(PASSAGES), 0)


@pytest.mark.parametrize(
    ("field", "value", "option"),
    [("seed", 11, "seed"), ("temperature", 0.9, "temperature"), ("max_tokens", 777, "num_predict")],
)
async def test_sampling_parameters_reach_the_provider(
    server: Server, fake: FakeLLM, field: str, value: float, option: str
) -> None:
    await asked(server, fake, **{field: value})
    assert {body["options"][option] for body in bodies(fake)} == {value}


LIKE_SENTENCES = (
    "Granite is a rock that forms when magma cools. Basalt is a rock that forms when lava cools. "
    "Marble is a rock that forms when limestone heats. Slate is a rock that forms when shale heats."
)


async def test_a_seed_changes_what_builtin_writes(server: Server) -> None:
    project = await server.project([LIKE_SENTENCES])
    texts = []
    for seed in (1, 2, 3):
        body = {"project_id": project, "generation_model": "builtin", "seed": seed, "datasets_per_chunk": 1}
        _, found = await fresh(server, body)
        texts.append(tuple(entry["question"] for entry in found))
    assert len(set(texts)) > 1


async def two_documents(server: Server) -> tuple[int, list[int]]:
    project = await server.project(PASSAGES[:2], "first.txt")
    await server.post(f"projects/{project}/chunks", {"chunks": [{"text": PASSAGES[2], "document": "second.txt"}]}, 201)
    listed = await server.get("documents", params={"project_id": project})
    return project, sorted(document["id"] for document in listed["documents"])


@pytest.mark.parametrize(("which", "passages"), [(0, PASSAGES[:2]), (1, PASSAGES[2:3])])
async def test_only_the_named_documents_are_used(
    server: Server, fake: FakeLLM, which: int, passages: list[str]
) -> None:
    project, ids = await two_documents(server)
    await server.generate({"project_id": project, "generation_model": "ollama", "document_ids": [ids[which]]})
    assert [next(text for text in PASSAGES if text in prompt) for prompt in prompts(fake)] == passages


async def test_documents_that_do_not_exist_are_not_found(server: Server) -> None:
    project, ids = await two_documents(server)
    await server.post("datasets/generate", {"project_id": project, "document_ids": [*ids, 999]}, 404)
    assert await job_count(server) == 0


LONG_TEXT = " ".join(f"Sentence number {number} tells about kiln {number}." for number in range(40)).encode()


@pytest.mark.parametrize(
    ("options", "longest"),
    [
        ({"chunk_strategy": "character", "chunk_size": 200}, 200),
        ({"chunk_strategy": "character", "chunk_size": 200, "chunk_overlap": 60}, 200),
    ],
    ids=["small", "overlapping"],
)
async def test_uploaded_documents_are_read_and_cut_first(server: Server, options: dict[str, Any], longest: int) -> None:
    project = int((await server.post("projects", {"name": "x"}, 201))["id"])
    await upload(server, project, {"long.txt": LONG_TEXT})
    await server.generate({"project_id": project, "generation_model": "ollama", **options})
    chunks = (await server.get(f"chunks/project/{project}"))["chunks"]
    assert len(chunks) > 3
    assert max(len(chunk["text"]) for chunk in chunks) <= longest
    overlapping = any(later["start"] < chunk["end"] for chunk, later in itertools.pairwise(chunks))
    assert overlapping == ("chunk_overlap" in options)


async def test_cutting_options_without_anything_to_cut_are_named(server: Server) -> None:
    body = {"project_id": await server.project(), "generation_model": "ollama", "chunk_size": 99}
    started = await server.post("datasets/generate", body)
    await server.ended(started["job_id"])
    assert [warning.partition(" ")[0] for warning in started["warnings"]] == ["chunk_size"]


@pytest.mark.parametrize(("size", "overlap"), [(10, 10), (200, 191), (None, 490)])
async def test_an_overlap_leaves_room_for_new_text(server: Server, size: int | None, overlap: int) -> None:
    body = {"project_id": await server.project(), "chunk_size": size, "chunk_overlap": overlap}
    assert "/chunk_overlap" in await faults(server, "POST", "datasets/generate", json=body)


@pytest.mark.parametrize("form", ["jsonl", "json", "parquet"])
async def test_files_have_the_named_format(server: Server, data_dir: Path, form: str) -> None:
    body = {"project_id": await server.project(), "generation_model": "ollama", "format_type": form}
    status = await server.generate(body)
    (file,) = status["result"]["batch_files"]
    content = (data_dir / file["file_path"]).read_bytes()
    starts = {"jsonl": b'{"question"', "json": b"[\n{", "parquet": b"PAR1"}
    assert content.startswith(starts[form])
    assert file["file_path"].endswith(f".{form}")
    assert await download(server, status["result"]["dataset_id"]) == content


@pytest.mark.parametrize(
    "ignored",
    [
        {"extraction_file_id": "e"},
        {"selected_categories": ["a"]},
        {"only_validated": True},
        {"taxonomy_project": 3},
        {"taxonomy_name": "t"},
    ],
    ids=lambda fields: next(iter(fields)),
)
async def test_what_has_no_effect_is_named(server: Server, ignored: dict[str, Any]) -> None:
    body = {"project_id": await server.project(), "generation_model": "ollama", **ignored}
    started = await server.post("datasets/generate", body)
    await server.ended(started["job_id"])
    assert [warning.partition(" ")[0] for warning in started["warnings"]] == list(ignored)


async def test_a_prompt_that_builtin_does_not_read_is_named(server: Server) -> None:
    body = {"project_id": await server.project(), "generation_model": "builtin", "custom_prompt": "Ask."}
    started = await server.post("datasets/generate", body)
    await server.ended(started["job_id"])
    assert started["warnings"] == ["builtin works by rules: it does not read prompts"]


async def test_the_dataset_is_the_same_at_any_concurrency(server: Server, fake: FakeLLM, data_dir: Path) -> None:
    fake.control({"latency_ms": 3, "latency_spread_ms": 3, "latency": "uniform"})
    project = await server.project()
    texts = []
    for concurrency in (1, 4):
        body = {"project_id": project, "generation_model": "grok", "concurrency": concurrency, "reuse": False}
        status = await server.generate(body | {"batch_size": 2, "output_dir": f"c{concurrency}"})
        texts.append([(data_dir / file["file_path"]).read_bytes() for file in status["result"]["batch_files"]])
    assert texts[0] == texts[1]


async def test_settings_are_shown_with_the_dataset(server: Server) -> None:
    body = {"project_id": await server.project(), "generation_model": "ollama", "audience": "potters", "seed": 4}
    status = await server.generate(body)
    settings = (await server.get(f"datasets/{status['result']['dataset_id']}"))["settings"]
    assert {name: settings[name] for name in ("audience", "seed", "generation_model", "batch_size")} == {
        "audience": "potters",
        "seed": 4,
        "generation_model": "ollama/llama3.2",
        "batch_size": 50,
    }


async def test_the_status_while_it_runs_adds_up(server: Server, fake: FakeLLM) -> None:
    fake.control({"hold_from": 1})
    body = {
        "project_id": await server.project(PASSAGES * 2),
        "generation_model": "grok",
        "batch_size": 2,
        "reuse": False,
    }
    job = (await server.post("datasets/generate", body))["job_id"]
    seen: list[dict[str, Any]] = []

    async def over() -> bool:
        seen.append(await server.get(f"jobs/{job}"))
        fake.let_go()  # one call between two looks
        return seen[-1]["status"] == "completed"

    await until(over)
    for status in seen:
        result = status["result"]
        units = result["units"]
        assert units["total"] == units["done"] + units["failed"] + units["pending"]
        assert units["done"] + units["failed"] == sum(result["outcomes"].values())
        assert sum(file["entries_count"] for file in result["batch_files"]) <= result["total_entries_so_far"]
    progress = [status["progress"] for status in seen]
    assert progress == sorted(progress)
    steps = [status["current_step"] for status in seen]
    assert any(re.fullmatch(r"Processing batch [1-5]/5 \(2 chunks\)", step) for step in steps), steps
    assert any(status["estimated_completion"] for status in seen)


async def test_nothing_is_left_over_on_disk(server: Server, data_dir: Path) -> None:
    project = await server.project()
    status = await server.generate({"project_id": project, "generation_model": "ollama", "batch_size": 2})
    kept = files_below(data_dir / "datasets" / str(project))
    assert sorted(kept) == sorted(Path(file["file_path"]).name for file in status["result"]["batch_files"])


async def test_text_in_any_script_is_kept_unescaped(server: Server, data_dir: Path) -> None:
    text = "Der Töpfer öffnet die Klappe, weil Dampf langsam entweichen muss. 陶工は窯の扉を開ける。"
    body = {"project_id": await server.project([text]), "generation_model": "ollama", "format_type": "json"}
    status = await server.generate(body)
    (file,) = status["result"]["batch_files"]
    content = await asyncio.to_thread((data_dir / file["file_path"]).read_text, encoding="utf-8")
    assert "Töpfer" in content
    assert json.loads(content)
    async with server.client.get(f"{API}/datasets/{status['result']['dataset_id']}/entries") as response:
        assert "Töpfer" in await response.text()
    assert (await entries(server, status["result"]["dataset_id"], q="töpfer")) == await entries(
        server, status["result"]["dataset_id"], q="Töpfer"
    )


async def test_a_threshold_without_scores_is_refused(server: Server) -> None:
    body = {"project_id": await server.project(), "analyze_quality": False, "quality_threshold": 0.9}
    assert list(await faults(server, "POST", "datasets/generate", json=body)) == ["/quality_threshold"]


async def test_what_builtin_cannot_use_is_named(server: Server) -> None:
    body = {"project_id": await server.project(), "generation_model": "builtin", "audience": "cooks", "temperature": 1}
    warnings = (await server.post("datasets/generate", body))["warnings"]
    assert [warning.split()[0] for warning in warnings] == ["temperature", "audience"]
