"""Models measured on benchmarks: over the API, against a fake of the provider's wire whose accuracy is known."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from api_parts import bodies, faults, job_count, prompts, until
from app_parts import PASSAGES, Json, Server, running_app, settings_for
from benchmark_parts import DECISIONS, jsonl, known_answers, parquet, pubmedqa
from chunksmith.app import RUNNER
from chunksmith.domain.halts import CallsStopped
from fake_llm import FakeLLM

REAL_DATA = os.environ.get("CHUNKSMITH_TEST_BENCHMARK_DATA")
MEDICAL = {"suite": "medical", "config": {"provider": "grok", "concurrency": 8}}


@pytest.fixture
def data(data_dir: Path) -> Path:
    return data_dir / "benchmarks"


async def measured(server: Server, body: Json, until_state: tuple[str, ...] = ("completed",)) -> Json:
    """Run, wait, and read the result."""
    started = await server.post("benchmarking/run", body, 202)
    await server.ended(started["job_id"], until_state)
    return await server.get(f"benchmarking/results/{started['job_id']}")


def task_of(result: Json, name: str) -> Json:
    return next(task for task in result["tasks"] if task["task"] == name)


def metrics_of(result: Json, name: str) -> dict[str, float]:
    return {metric["name"]: metric["value"] for metric in task_of(result, name)["metrics"]}


async def test_a_model_of_known_accuracy_gets_it_within_the_interval(server: Server, fake: FakeLLM, data: Path) -> None:
    pubmedqa(data / "medical" / "pubmedqa", 300)
    fake.control({"known": known_answers(300), "accuracy": 0.8})
    result = await measured(server, MEDICAL)
    accuracy = task_of(result, "pubmedqa")["metrics"][0]
    assert accuracy["low"] <= 0.8 <= accuracy["high"]
    assert (accuracy["samples"], accuracy["interval"], result["unreadable"]) == (300, "wilson", 0)
    right = (await server.get(f"benchmarking/results/{result['job_id']}/samples", params={"correct": "true"}))["total"]
    assert accuracy["value"] == pytest.approx(right / 300, abs=1e-6)


async def test_only_the_held_out_questions_are_asked_where_a_file_names_them(server: Server, data: Path) -> None:
    pubmedqa(data / "medical" / "pubmedqa", 10, held_out=4)
    result = await measured(server, {"suite": "medical", "config": {"model": "builtin"}})
    assert (result["samples"], task_of(result, "pubmedqa")["available"]) == (4, 4)
    assert [file["path"] for file in task_of(result, "pubmedqa")["data"]] == [
        "medical/pubmedqa/ori_pqal.json",
        "medical/pubmedqa/test_ground_truth.json",
    ]


@pytest.mark.skipif(REAL_DATA is None, reason="CHUNKSMITH_TEST_BENCHMARK_DATA names no folder")
async def test_the_real_pubmedqa_is_run(data_dir: Path, fake: FakeLLM) -> None:
    """With ``<folder>/pubmedqa/ori_pqal.json`` as its authors publish it."""
    assert REAL_DATA is not None
    rows = json.loads((Path(REAL_DATA) / "pubmedqa" / "ori_pqal.json").read_text())
    wrong = {"yes": "no", "no": "maybe", "maybe": "yes"}
    known = {row["QUESTION"]: (row["final_decision"], wrong[row["final_decision"]]) for row in rows.values()}
    fake.control({"known": known, "accuracy": 0.7})
    settings = settings_for(data_dir, fake, {"benchmarks": {"folder": REAL_DATA}})
    async with running_app(settings) as server:
        result = await measured(server, MEDICAL)
    accuracy = task_of(result, "pubmedqa")["metrics"][0]
    assert result["samples"] == 500
    assert accuracy["low"] <= 0.7 <= accuracy["high"]


def glue_cola(folder: Path) -> dict[str, tuple[str, str]]:
    """3 hits, 1 false alarm, 2 misses, 4 right rejections."""
    labels, said = [1, 1, 1, 0, 1, 1, 0, 0, 0, 0], [1, 1, 1, 1, 0, 0, 0, 0, 0, 0]
    rows = [{"sentence": f"Sentence {n} runs.", "label": label, "idx": n} for n, label in enumerate(labels)]
    parquet(folder / "glue" / "cola" / "validation-00000-of-00001.parquet", rows)
    names = ("unacceptable", "acceptable")
    return {f"Sentence {n} runs": (names[answer], "") for n, answer in enumerate(said)}


def glue_mrpc(folder: Path) -> dict[str, tuple[str, str]]:
    labels, said = [1, 1, 1, 0, 1], [1, 1, 0, 1, 1]
    rows = [{"sentence1": f"First {n} .", "sentence2": "Other.", "label": one} for n, one in enumerate(labels)]
    jsonl(folder / "glue" / "mrpc" / "validation.jsonl", rows)
    return {f"First {n} ": (("different", "same")[answer], "") for n, answer in enumerate(said)}


def superglue_cb(folder: Path) -> dict[str, tuple[str, str]]:
    """As in the JSONL of its authors. entailment: 1 hit, 1 miss; contradiction: 1 hit, 1 false alarm; neutral: 1 miss."""
    labels = ["entailment", "entailment", "contradiction", "neutral"]
    said = ["entailment", "contradiction", "contradiction", "entailment"]
    rows = [{"premise": f"Premise {n}.", "hypothesis": "It is.", "label": one} for n, one in enumerate(labels)]
    jsonl(folder / "superglue" / "cb" / "val.jsonl", rows)
    return {f"Premise {n}.": (answer, "") for n, answer in enumerate(said)}


def superglue_multirc(folder: Path) -> dict[str, tuple[str, str]]:
    """Two questions of two answers; one question is wholly right. 1 hit, 1 false alarm, 1 miss, 1 right rejection."""
    rows = [
        {
            "paragraph": "P.",
            "question": f"Q{question}?",
            "answer": f"Answer {question}{answer}.",
            "label": label,
            "idx": {"paragraph": 0, "question": question, "answer": answer},
        }
        for question, answer, label in ((0, 0, 1), (0, 1, 0), (1, 0, 1), (1, 1, 0))
    ]
    parquet(folder / "superglue" / "multirc" / "validation" / "0000.parquet", rows)
    return {f"Answer {at}.": (said, "") for at, said in {"00": "yes", "01": "no", "10": "no", "11": "yes"}.items()}


def superglue_record(folder: Path) -> dict[str, tuple[str, str]]:
    """As its authors nest it. The first answer is right, the second shares one of two words."""
    text = "Ann Lee met Bo Diaz."
    spans = [{"start": 0, "end": 6}, {"start": 12, "end": 18}]
    asked = [("Query one of @placeholder.", "Ann Lee"), ("Query two of @placeholder.", "Bo Diaz")]
    qas = [{"query": query, "answers": [{"text": right, "start": 0, "end": 1}]} for query, right in asked]
    jsonl(folder / "superglue" / "record" / "val.jsonl", [{"passage": {"text": text, "entities": spans}, "qas": qas}])
    return {"Query one": ("Ann Lee", ""), "Query two": ("Diaz", "")}


def superglue_copa(folder: Path) -> dict[str, tuple[str, str]]:
    rows = [
        {
            "premise": f"Cup {n} fell.",
            "choice1": "It broke.",
            "choice2": "It sang.",
            "question": "effect",
            "label": n % 2,
        }
        for n in range(4)
    ]
    jsonl(folder / "superglue" / "copa" / "val.jsonl", rows)
    return {f"Cup {n} fell": ("A", "") for n in range(4)}


def mmlu(folder: Path) -> dict[str, tuple[str, str]]:
    rows = [
        {"question": f"Item {n} of {subject}?", "subject": subject, "choices": ["w", "x", "y", "z"], "answer": n % 4}
        for subject in ("anatomy", "virology")
        for n in range(4)
    ]
    parquet(folder / "mmlu" / "all" / "test-00000-of-00001.parquet", rows)
    said = {f"Item {n} of anatomy": "ABCD"[n] for n in range(4)} | {f"Item {n} of virology": "A" for n in range(4)}
    return {text: (letter, "") for text, letter in said.items()}


def medqa(folder: Path) -> dict[str, tuple[str, str]]:
    rows = [
        {
            "question": f"Case {n}?",
            "answer": "q",
            "options": {"A": "p", "B": "q", "C": "r", "D": "s"},
            "answer_idx": "B",
        }
        for n in range(2)
    ]
    jsonl(folder / "medical" / "medqa" / "phrases_no_exclude_test.jsonl", rows)
    return {"Case 0?": ("B", ""), "Case 1?": ("The answer is (C).", "")}


def medmcqa(folder: Path) -> dict[str, tuple[str, str]]:
    rows = [{"question": f"Exam {n}?", "opa": "p", "opb": "q", "opc": "r", "opd": "s", "cop": n} for n in range(4)]
    parquet(folder / "medical" / "medmcqa" / "data" / "validation-00000-of-00001.parquet", rows)
    return {f"Exam {n}?": ("ABCD"[n] if n else "I cannot say.", "") for n in range(4)}


YES_NO, NO_YES = {0: "yes", 1: "no"}, {0: "no", 1: "yes"}
INFERRED = {0: "entailment", 1: "neutral", 2: "contradiction"}
TWO = {"sentence1": "Story {n}.", "sentence2": "So it is."}


class Labelled(NamedTuple):
    """Four rows of a task with labels, as its ``file`` has them; all answers but the last are right."""

    file: str
    row: dict[str, Any]
    names: dict[Any, str]

    def __call__(self, folder: Path) -> dict[str, tuple[str, str]]:
        golds = [list(self.names)[n % len(self.names)] for n in range(4)]
        rows = [json.loads(json.dumps(self.row).replace("{n}", str(n))) | {"label": golds[n]} for n in range(4)]
        (parquet if self.file.endswith("parquet") else jsonl)(folder / self.file, rows)
        wrong = next(name for gold, name in self.names.items() if gold != golds[3])
        said = [self.names[gold] for gold in golds[:3]] + [wrong]
        return {f"Story {n}": (name, "") for n, name in enumerate(said)}


VAL = "validation-00000-of-00001.parquet"
LABELLED = [
    Labelled(f"glue/sst2/{VAL}", {"sentence": "Story {n}"}, {0: "negative", 1: "positive"}),
    Labelled(
        "glue/mnli/validation_matched-00000-of-00001.parquet", {"premise": "Story {n}.", "hypothesis": "So."}, INFERRED
    ),
    Labelled(
        "glue/mnli/validation_mismatched-00000-of-00001.parquet",
        {"premise": "Story {n}.", "hypothesis": "So."},
        INFERRED,
    ),
    Labelled(f"glue/qnli/{VAL}", {"question": "Story {n}?", "sentence": "It is."}, YES_NO),
    Labelled(f"glue/rte/{VAL}", TWO, YES_NO),
    Labelled("glue/wnli/validation/0000.parquet", TWO, NO_YES),
    Labelled("superglue/boolq/val.jsonl", {"question": "is it", "passage": "Story {n}."}, {True: "yes", False: "no"}),
    Labelled(
        "superglue/rte/val.jsonl",
        {"premise": "Story {n}.", "hypothesis": "So."},
        {"entailment": "yes", "not_entailment": "no"},
    ),
    Labelled(
        "superglue/wic/val.jsonl",
        {"word": "bank", **TWO, "start1": 0, "end1": 4, "start2": 0, "end2": 4, "version": 1.1},
        {False: "no", True: "yes"},
    ),
    Labelled(
        "superglue/wsc.fixed/val.jsonl",
        {"text": "Story {n} is near it.", "target": {"span1_text": "Story", "span2_text": "it", "span1_index": 0}},
        {False: "no", True: "yes"},
    ),
    Labelled(
        "superglue/wsc.fixed/validation/0000.parquet",
        {"text": "Story {n}", "span1_text": "T", "span2_text": "it"},
        NO_YES,
    ),
]


def glue_qqp(folder: Path) -> dict[str, tuple[str, str]]:
    """1 hit, 1 miss, 2 right rejections."""
    row = {"question1": "Story {n}?", "question2": "Is it?"}
    return Labelled("glue/qqp/dev.jsonl", row, {0: "different", 1: "same"})(folder)


@pytest.mark.parametrize("make", LABELLED, ids=lambda one: one.file)
async def test_shares_of_every_task_with_labels_are_those_worked_out_by_hand(
    server: Server, fake: FakeLLM, data: Path, make: Labelled
) -> None:
    fake.control({"known": make(data)})
    suite, task, _ = make.file.split("/", 2)
    result = await measured(server, {"suite": suite, "config": {"provider": "ollama", "concurrency": 4}})
    (found,) = result["tasks"]
    assert found["task"].startswith(task.split(".")[0])
    assert (found["samples"], metrics_of(result, found["task"])) == (4, {"accuracy": 3 / 4})


@pytest.mark.parametrize(
    ("make", "suite", "task", "wanted"),
    [
        (glue_cola, "glue", "cola", {"matthews": 10 / (4 * 5 * 5 * 6) ** 0.5}),
        (glue_mrpc, "glue", "mrpc", {"accuracy": 3 / 5, "f1": 6 / 8}),
        (glue_qqp, "glue", "qqp", {"accuracy": 3 / 4, "f1": 2 / 3}),
        (superglue_cb, "superglue", "cb", {"accuracy": 2 / 4, "macro_f1": (2 / 4 + 2 / 3 + 0) / 3}),
        (superglue_multirc, "superglue", "multirc", {"f1a": 2 / 4, "exact_match": 1 / 2}),
        (superglue_record, "superglue", "record", {"token_f1": (1 + 2 / 3) / 2, "exact_match": 1 / 2}),
        (superglue_copa, "superglue", "copa", {"accuracy": 2 / 4}),
        (mmlu, "mmlu", "virology", {"accuracy": 1 / 4}),
        (medqa, "medical", "medqa", {"accuracy": 1 / 2}),
        (medmcqa, "medical", "medmcqa", {"accuracy": 3 / 4}),
    ],
    ids=lambda value: getattr(value, "__name__", None) if callable(value) else None,
)
async def test_scores_are_those_worked_out_by_hand(
    server: Server,
    fake: FakeLLM,
    data: Path,
    make: Callable[[Path], dict[str, tuple[str, str]]],
    suite: str,
    task: str,
    wanted: dict[str, float],
) -> None:
    fake.control({"known": make(data)})
    result = await measured(server, {"suite": suite, "config": {"provider": "ollama", "concurrency": 4}})
    assert metrics_of(result, task) == pytest.approx(wanted, abs=1e-6)


async def test_mmlu_is_one_share_over_all_subjects(server: Server, fake: FakeLLM, data: Path) -> None:
    fake.control({"known": mmlu(data)})
    result = await measured(server, {"suite": "mmlu", "config": {"provider": "ollama"}})
    assert (result["overall"]["kind"], result["overall"]["score"]) == ("micro", 5 / 8)
    assert [task["task"] for task in result["tasks"]] == ["anatomy", "virology"]


async def test_examples_come_from_the_split_that_is_made_for_them(server: Server, fake: FakeLLM, data: Path) -> None:
    known = mmlu(data)
    shots = [
        {"question": f"Shot {n} of {subject}?", "subject": subject, "choices": ["w", "x", "y", "z"], "answer": n}
        for subject in ("anatomy", "virology")
        for n in range(3)
    ]
    parquet(data / "mmlu" / "all" / "dev-00000-of-00001.parquet", shots)
    fake.control({"known": known})
    body = {"suite": "mmlu", "config": {"provider": "ollama", "few_shot": 2, "tasks": ["virology"]}}
    result = await measured(server, body)
    assert [(task["task"], task["shots"]) for task in result["tasks"]] == [("virology", 2)]
    assert all("Shot 0 of virology?" in text and "Shot 1 of virology?" in text for text in prompts(fake))
    assert not any("Shot 2" in text or "anatomy" in text for text in prompts(fake))
    assert prompts(fake)[0].index("Answer: A") < prompts(fake)[0].index("Item")


@pytest.mark.parametrize("tasks", [None, ["virology"]])
async def test_some_subjects_of_mmlu_are_so_many_of_57(
    server: Server, fake: FakeLLM, data: Path, tasks: list[str] | None
) -> None:
    fake.control({"known": mmlu(data)})
    result = await measured(server, {"suite": "mmlu", "config": {"provider": "ollama", "tasks": tasks}})
    assert (result["overall"]["tasks"], result["overall"]["of"]) == (2 if tasks is None else 1, 57)


async def test_tasks_that_are_named_are_so_many_of_the_suite(server: Server, fake: FakeLLM, data: Path) -> None:
    fake.control({"known": medqa(data)})
    result = await measured(server, {"suite": "medical", "config": {"provider": "grok", "tasks": ["medqa"]}})
    assert (result["overall"]["tasks"], result["overall"]["of"]) == (1, 3)


async def test_answers_that_cannot_be_read_are_wrong_counted_and_shown(
    server: Server, fake: FakeLLM, data: Path
) -> None:
    fake.control({"known": medmcqa(data)})
    result = await measured(server, {"suite": "medical", "config": {"provider": "grok"}})
    assert (result["unreadable"], result["answered"]) == (1, 4)
    listed = await server.get(f"benchmarking/results/{result['job_id']}/samples", params={"status": "invalid"})
    (sample,) = listed["samples"]
    assert (sample["reply"], sample["answer"], sample["correct"]) == ("I cannot say.", None, False)
    status = await server.get(f"jobs/{result['job_id']}")
    assert status["result"]["outcomes"] | {"accepted": 3, "invalid": 1} == status["result"]["outcomes"]


async def test_a_sample_without_a_reply_is_in_no_score_and_can_be_retried(
    server: Server, fake: FakeLLM, data: Path
) -> None:
    fake.control({"known": medqa(data), "script": {1: "context"}})
    result = await measured(server, {"suite": "medical", "config": {"provider": "grok"}})
    assert (result["failed"], result["answered"], metrics_of(result, "medqa")) == (1, 1, {"accuracy": 0.0})
    await server.post(f"jobs/{result['job_id']}/retry", {"statuses": ["failed"]})
    await server.ended(result["job_id"])
    again = await server.get(f"benchmarking/results/{result['job_id']}")
    assert (again["failed"], again["answered"], metrics_of(again, "medqa")) == (0, 2, {"accuracy": 0.5})


async def test_a_run_in_which_nothing_was_answered_has_no_score(server: Server, fake: FakeLLM, data: Path) -> None:
    medqa(data)
    fake.control({"rates": {"context": 1.0}})
    result = await measured(server, {"suite": "medical", "config": {"provider": "grok"}}, ("failed",))
    assert (result["overall"], result["failed"], result["answered"]) == (None, 2, 0)
    assert result["error"].startswith("No sample was answered, of 2")


async def test_missing_data_is_refused_naming_the_file(server: Server, fake: FakeLLM) -> None:
    problem = await server.post("benchmarking/run", {"suite": "glue"}, 404)
    assert problem["detail"].startswith("Benchmark data not found: cola: put validation-*.parquet")
    assert "into the folder glue/cola" in problem["detail"]
    assert "chunksmith benchmarks fetch glue" in problem["detail"]
    assert (await job_count(server), bodies(fake)) == (0, [])


async def test_tasks_with_data_are_run_and_the_others_told(server: Server, fake: FakeLLM, data: Path) -> None:
    fake.control({"known": glue_cola(data)})
    started = await server.post("benchmarking/run", {"suite": "glue", "config": {"model": "grok"}}, 202)
    await server.ended(started["job_id"])
    result = await server.get(f"benchmarking/results/{started['job_id']}")
    assert (result["overall"]["tasks"], result["overall"]["of"]) == (1, 9)
    assert {one["task"] for one in result["not_run"]} >= {"sst2", "mrpc"}
    assert any("sst2" in warning for warning in started["warnings"])


@pytest.mark.parametrize(
    ("body", "status", "pointers"),
    [
        ({"suite": "squad"}, 400, ["/suite"]),
        ({}, 400, ["/suite"]),
        ({"suite": "dataset"}, 400, ["/dataset_id"]),
        ({"suite": "dataset", "dataset_id": "dataset_x"}, 404, ["/dataset_id"]),
        ({"suite": "medical", "project_id": 99}, 404, ["/project_id"]),
        ({"suite": "medical", "config": {"model": "gpt/x"}}, 400, ["/config/model"]),
        ({"suite": "medical", "config": {"provider": "gpt"}}, 400, ["/config/provider"]),
        ({"suite": "medical", "config": {"tasks": ["medqa", "anatomy"]}}, 400, ["/config/tasks/1"]),
        ({"suite": "medical", "config": {"max_samples": 0, "seed": -1}}, 400, ["/config/max_samples", "/config/seed"]),
        ({"suite": "medical", "config": {"model": "grok/new", "max_cost_usd": 1}}, 400, ["/config/max_cost_usd"]),
        ({"suite": "medical", "colour": 1}, 400, ["/colour"]),
    ],
)
async def test_what_cannot_be_meant_is_refused(
    server: Server, fake: FakeLLM, data: Path, body: Json, status: int, pointers: list[str]
) -> None:
    medqa(data)
    assert sorted(await faults(server, "POST", "benchmarking/run", status, json=body)) == pointers
    assert (await job_count(server), bodies(fake)) == (0, [])


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'{"question": "Q?"}\n', "lacks the column 'options'"),
        (b"not json\n", "is not JSON lines"),
        (b'{"question": "Q?", "options": {"A": "p"}, "answer_idx": "A"}\n', "has 1 choices"),
        (b'{"question": "Q?", "options": {"A": "p", "B": "q"}, "answer_idx": "E"}\n', "not the letter of a choice"),
        (b"[1, 2]\n", "is not an object"),
        (b"\xff\xfe\n", "is not JSON lines"),
    ],
    ids=["column", "json", "choices", "letter", "list", "encoding"],
)
async def test_data_in_another_layout_is_refused(server: Server, data: Path, content: bytes, told: str) -> None:
    path = data / "medical" / "medqa" / "test.jsonl"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    problem = await server.post("benchmarking/run", {"suite": "medical", "config": {"model": "builtin"}}, 404)
    assert told in problem["detail"]


async def test_a_missing_key_is_refused(data_dir: Path) -> None:
    medqa(data_dir / "benchmarks")
    async with running_app(settings_for(data_dir)) as server:
        problem = await server.post("benchmarking/run", {"suite": "medical", "config": {"provider": "grok"}}, 400)
    assert problem["detail"] == "API key not configured: grok"


async def test_the_same_key_gives_the_same_job(server: Server, data: Path) -> None:
    medqa(data)
    body, headers = {"suite": "medical", "config": {"model": "builtin"}}, {"Idempotency-Key": "once"}
    first = await server.post("benchmarking/run", body, 202, headers=headers)
    assert (await server.post("benchmarking/run", body, 202, headers=headers))["job_id"] == first["job_id"]
    await server.post("benchmarking/run", {**body, "suite": "glue"}, 409, headers=headers)


async def test_fewer_samples_are_some_of_more(server: Server, fake: FakeLLM, data: Path) -> None:
    pubmedqa(data / "medical" / "pubmedqa", 60)
    fake.control({"known": known_answers(60)})
    asked: list[set[str]] = []
    for count in (10, 30):
        fake.reset()
        config = {"provider": "grok", "max_samples": count, "reuse": False}
        result = await measured(server, {"suite": "medical", "config": config})
        assert (result["samples"], task_of(result, "pubmedqa")["available"]) == (count, 60)
        asked.append(set(prompts(fake)))
    assert asked[0] < asked[1]


async def test_a_ceiling_on_calls_pauses_and_a_higher_one_ends_it(server: Server, fake: FakeLLM, data: Path) -> None:
    pubmedqa(data / "medical" / "pubmedqa", 10)
    fake.control({"known": known_answers(10)})
    body = {"suite": "medical", "config": {"provider": "grok", "max_calls": 4}}
    started = await server.post("benchmarking/run", body, 202)
    status = await server.ended(started["job_id"], ("paused",))
    assert (status["reason"], len(bodies(fake))) == ("budget", 4)
    await server.call("PATCH", f"jobs/{started['job_id']}", json={"max_calls": None})
    await server.post(f"jobs/{started['job_id']}/resume")
    await server.ended(started["job_id"])
    assert (len(bodies(fake)), fake.stats.as_dict()["repeated_bodies"]) == (10, 0)


async def test_a_ceiling_on_money_holds(server: Server, fake: FakeLLM, data: Path) -> None:
    pubmedqa(data / "medical" / "pubmedqa", 10)
    config = {"provider": "grok", "max_cost_usd": "0.000001"}
    started = await server.post("benchmarking/run", {"suite": "medical", "config": config}, 202)
    status = await server.ended(started["job_id"], ("paused",))
    assert (status["reason"], bodies(fake)) == ("budget", [])


async def test_what_a_run_cost_is_told(server: Server, fake: FakeLLM, data: Path) -> None:
    fake.control({"known": medqa(data)})
    body = {"suite": "medical", "config": {"provider": "grok"}}
    first, second = await measured(server, body), await measured(server, body)
    assert (first["usage"]["calls"], float(first["usage"]["cost_usd"]) > 0) == (2, True)
    assert (second["usage"]["calls"], second["usage"]["cost_usd"]) == (0, "0.00")  # answered from the ledger
    assert second["tasks"] == first["tasks"]
    calls = await server.get(f"jobs/{first['job_id']}/calls")
    assert {call["stage"] for call in calls["calls"]} == {"benchmark"}


async def test_a_stop_in_the_middle_pays_nothing_twice(data_dir: Path, fake: FakeLLM, data: Path) -> None:
    pubmedqa(data / "medical" / "pubmedqa", 40)
    fake.control({"known": known_answers(40), "accuracy": 0.6, "hold_from": 11})
    settings = settings_for(data_dir, fake)
    body = {"suite": "medical", "config": {"provider": "grok", "concurrency": 2, "reuse": False}}
    async with running_app(settings) as server:
        started = await server.post("benchmarking/run", body, 202)
        await until(lambda: fake.held == 2)
        (running,) = server.client.app[RUNNER].running.values()
        running.halt(CallsStopped())
        fake.control({"hold_from": None})
        await running.ended.wait()
        assert len(bodies(fake)) == 12
    async with running_app(settings) as server:
        await server.ended(started["job_id"])
        resumed = await server.get(f"benchmarking/results/{started['job_id']}")
    assert (len(bodies(fake)), fake.stats.as_dict()["repeated_bodies"]) == (40, 0)
    async with running_app(
        settings_for(data_dir.parent / "other", fake, {"benchmarks": {"folder": str(data)}})
    ) as server:
        whole = await measured(server, body)
    assert resumed["tasks"] == whole["tasks"]


async def test_results_are_listed_and_filtered(server: Server, fake: FakeLLM, data: Path) -> None:
    fake.control({"known": medqa(data)})
    project = await server.project()
    for provider, owner in (("grok", project), ("ollama", None), ("grok", None)):
        body = {"suite": "medical", "config": {"provider": provider}, "project_id": owner}
        await measured(server, body)
    for query, total in (
        ({}, 3),
        ({"provider": "grok"}, 2),
        ({"provider": "ollama"}, 1),
        ({"project_id": project}, 1),
        ({"suite": "medical", "status": "completed"}, 3),
        ({"suite": "glue"}, 0),
        ({"model": "grok-4.3"}, 2),
        ({"page": 5}, 3),
    ):
        page = await server.get("benchmarking/results", params=query)
        assert page["total"] == total, query
    page = await server.get("benchmarking/results", params={"per_page": 2})
    assert [len(page["results"]), page["results"][0]["tasks"][0]["task"]] == [2, "medqa"]
    await server.get("benchmarking/results/benchmark-x", 404)


async def test_two_models_are_compared_over_the_same_samples(server: Server, fake: FakeLLM, data: Path) -> None:
    pubmedqa(data / "medical" / "pubmedqa", 80)
    fake.control({"known": known_answers(80), "accuracy": 0.5})
    weak = await measured(server, MEDICAL)
    fake.control({"accuracy": 0.95})
    strong = await measured(server, {"suite": "medical", "config": {"provider": "ollama", "max_samples": 60}})
    query = {"job1": weak["job_id"], "job2": strong["job_id"]}
    found = await server.get("benchmarking/results/compare", params=query)
    assert (found["samples"], found["only_first"], found["only_second"]) == (60, 20, 0)
    accuracy, macro = found["tasks"][0]["metrics"]
    assert (accuracy["test"], macro["test"]) == ("McNemar, exact", "paired bootstrap")
    assert accuracy["p"] < 0.001
    assert accuracy["difference"] == pytest.approx(
        (accuracy["only_second_right"] - accuracy["only_first_right"]) / 60, abs=1e-5
    )
    assert 0 < found["overall"]["low"] <= found["overall"]["difference"] <= found["overall"]["high"]


@pytest.mark.parametrize(
    ("make", "suite", "task"),
    [(glue_cola, "glue", "cola"), (medmcqa, "medical", "medmcqa"), (mmlu, "mmlu", "virology")],
)
async def test_a_single_task_has_one_interval(
    server: Server,
    fake: FakeLLM,
    data: Path,
    make: Callable[[Path], dict[str, tuple[str, str]]],
    suite: str,
    task: str,
) -> None:
    fake.control({"known": make(data)})
    body: Json = {"suite": suite, "config": {"provider": "ollama", "tasks": [task]}}
    result = await measured(server, body)
    (metric,) = result["tasks"][0]["metrics"]
    bounds = ("low", "high", "interval")
    assert [result["overall"][name] for name in bounds] == [metric[name] for name in bounds]
    fake.control({"accuracy": 0.3})
    other = await measured(server, {"suite": suite, "config": {**body["config"], "reuse": False}})
    query = {"job1": result["job_id"], "job2": other["job_id"]}
    found = await server.get("benchmarking/results/compare", params=query)
    (metric,) = found["tasks"][0]["metrics"]
    shared = ("difference", "low", "high", "test", "p")
    assert [found["overall"][name] for name in shared] == [metric[name] for name in shared]


async def test_a_run_compared_with_itself_does_not_differ(server: Server, fake: FakeLLM, data: Path) -> None:
    pubmedqa(data / "medical" / "pubmedqa", 20)
    fake.control({"known": known_answers(20), "accuracy": 0.5})
    result = await measured(server, MEDICAL)
    query = {"job1": result["job_id"], "job2": result["job_id"]}
    found = await server.get("benchmarking/results/compare", params=query)
    assert (found["overall"]["difference"], found["overall"]["p"], found["tasks"][0]["metrics"][0]["p"]) == (0, 1, 1)


async def test_runs_without_a_common_sample_cannot_be_compared(server: Server, fake: FakeLLM, data: Path) -> None:
    fake.control({"known": {**medqa(data), **glue_cola(data)}})
    jobs = [(await measured(server, {"suite": s, "config": {"model": "grok"}}))["job_id"] for s in ("medical", "glue")]
    found = await faults(server, "GET", "benchmarking/results/compare", params={"job1": jobs[0], "job2": jobs[1]})
    assert list(found) == ["query/job2"]


async def test_entries_of_a_dataset_are_asked(server: Server, fake: FakeLLM) -> None:
    project = await server.project()
    made = await server.generate({"project_id": project, "generation_model": "builtin"})
    dataset = made["result"]["dataset_id"]
    entries = (await server.get(f"datasets/{dataset}/entries"))["entries"]
    fake.control({"known": {entry["question"]: (entry["answer"], "") for entry in entries}})
    body = {"suite": "dataset", "dataset_id": made["job_id"], "config": {"model": "grok"}}
    result = await measured(server, body)
    assert metrics_of(result, "entries") == {"exact_match": 1.0, "token_f1": 1.0, "rouge_l": 1.0}
    assert result["dataset_quality"]["overall_score"] > 0
    assert not any(PASSAGES[0] in text for text in prompts(fake))
    shown = (await server.get(f"datasets/{dataset}"))["benchmarks"]
    assert [one["job_id"] for one in shown] == [result["job_id"]]


async def test_a_judge_says_what_words_do_not(server: Server, fake: FakeLLM) -> None:
    made = await server.generate({"project_id": await server.project(), "generation_model": "builtin"})
    entries = (await server.get(f"datasets/{made['job_id']}/entries"))["entries"]
    known = {entry["question"]: ("Quite another wording", "") for entry in entries}
    fake.control({"known": {**known, "Is the answer right?": ("yes", "")}})
    config = {"model": "grok", "judge_model": "ollama", "with_passage": True}
    result = await measured(server, {"suite": "dataset", "dataset_id": made["job_id"], "config": config})
    assert metrics_of(result, "entries") | {"exact_match": 0.0, "judge": 1.0} == metrics_of(result, "entries")
    assert any("<passage " in text for text in prompts(fake))


async def test_entries_without_an_answer_cannot_be_asked(server: Server) -> None:
    body = {"project_id": await server.project(), "generation_model": "builtin", "generation_mode": "question"}
    made = await server.generate(body)
    run = {"suite": "dataset", "dataset_id": made["job_id"], "config": {"model": "builtin"}}
    found = await faults(server, "POST", "benchmarking/run", json=run)
    assert "nothing to compare with" in found["/dataset_id"]


@pytest.mark.parametrize("mode", ["instruction following", "summarization"])
async def test_other_modes_are_asked_in_their_own_way(server: Server, mode: str) -> None:
    body = {"project_id": await server.project(), "generation_model": "builtin", "generation_mode": mode}
    made = await server.generate({**body, "run_benchmarks": True, "benchmark_suite": "dataset"})
    found = made["result"]["benchmarks"]
    assert (found["overall"] is not None, found["error"]) == (True, None)


async def test_generation_measures_its_model_on_what_it_made(server: Server, fake: FakeLLM) -> None:
    body = {"project_id": await server.project(), "generation_model": "grok", "run_benchmarks": True}
    status = await server.generate({**body, "benchmark_suite": "dataset"})
    found = status["result"]["benchmarks"]
    assert (found["model"], found["suite"]) == ("grok/grok-4.3", "dataset")
    assert found["answered"] == found["samples"] == status["result"]["total_entries_so_far"]
    assert status["result"]["usage"]["calls"] == len(bodies(fake)) == len(PASSAGES) + found["usage"]["calls"]
    dataset = await server.get(f"datasets/{status['job_id']}")
    assert dataset["benchmarks"] == [found]
    listed = await server.get("benchmarking/results", params={"dataset_id": dataset["id"]})
    assert listed["results"] == [found]


async def test_a_benchmark_that_cannot_run_does_not_fail_the_dataset(server: Server) -> None:
    body = {"project_id": await server.project(), "generation_model": "builtin", "run_benchmarks": True}
    status = await server.generate({**body, "benchmark_suite": "superglue"})
    found = status["result"]["benchmarks"]
    assert (status["status"], found["overall"], found["tasks"]) == ("completed", None, [])
    assert any("boolq: put" in one["reason"] for one in found["not_run"])


async def test_a_model_that_is_refused_afterwards_does_not_fail_the_dataset(
    server: Server, fake: FakeLLM, data: Path
) -> None:
    medqa(data)
    fake.control({"script": {len(PASSAGES) + 1: "auth"}})
    body = {"project_id": await server.project(), "generation_model": "grok", "run_benchmarks": True}
    status = await server.generate({**body, "benchmark_suite": "medical"})
    found = status["result"]["benchmarks"]
    assert (status["status"], found["overall"], found["error"] is not None) == ("completed", None, True)


async def test_benchmarks_after_a_generation_keep_its_ceiling(server: Server, fake: FakeLLM, data: Path) -> None:
    medqa(data)
    body = {"project_id": await server.project(), "generation_model": "grok", "run_benchmarks": True}
    limited = {**body, "benchmark_suite": "medical", "max_calls": len(PASSAGES) + 1}
    status = await server.generate(limited, ("paused",))
    assert (status["reason"], len(bodies(fake))) == ("budget", len(PASSAGES) + 1)
    await server.call("PATCH", f"jobs/{status['job_id']}", json={"max_calls": None})
    await server.post(f"jobs/{status['job_id']}/resume")
    status = await server.ended(status["job_id"])
    assert (len(bodies(fake)), status["result"]["benchmarks"]["answered"]) == (len(PASSAGES) + 2, 2)


async def test_suites_tell_what_is_there(server: Server, data: Path) -> None:
    medqa(data)
    suites = {one["suite"]: one for one in (await server.get("benchmarking/suites"))["suites"]}
    assert set(suites) == {"glue", "superglue", "mmlu", "medical", "dataset"}
    ready = {task["task"]: task["ready"] for task in suites["medical"]["tasks"]}
    assert ready == {"medqa": True, "medmcqa": False, "pubmedqa": False}
    assert "stsb" in suites["glue"]["left_out"]


async def test_the_floor_is_that_of_a_constant_answer(server: Server, data: Path) -> None:
    """builtin gives the first label: right as often as that is."""
    pubmedqa(data / "medical" / "pubmedqa", 10)
    result = await measured(server, {"suite": "medical", "config": {"model": "builtin"}})
    assert metrics_of(result, "pubmedqa")["accuracy"] == DECISIONS.count("yes") / 10


async def test_a_project_goes_with_its_results(server: Server, data: Path) -> None:
    medqa(data)
    project = await server.project()
    body: dict[str, Any] = {"suite": "medical", "config": {"model": "builtin"}, "project_id": project}
    result = await measured(server, body)
    await server.call("DELETE", f"projects/{project}", 204)
    await server.get(f"benchmarking/results/{result['job_id']}", 404)
    assert (await server.get("benchmarking/results"))["total"] == 0


async def test_an_estimate_says_that_it_leaves_the_benchmark_out(server: Server) -> None:
    body = {"project_id": await server.project(), "generation_model": "grok", "run_benchmarks": True}
    estimate = await server.post("datasets/estimate", {**body, "benchmark_suite": "mmlu"})
    assert any("without the calls of the benchmark mmlu" in line for line in estimate["rests_on"])
    assert estimate["cost_usd"] is None
