"""`chunksmith benchmarks`: measure models, read and compare what came of it, fetch the data of public suites."""

from pathlib import Path
from typing import Annotated, Any

import typer

from chunksmith.cli import projects, render
from chunksmith.cli.client import DEFAULT_SERVER, Api, segment
from chunksmith.cli.exits import ExitCode, Failure
from chunksmith.cli.generate import follow
from chunksmith.cli.options import AsJson, Key, Server, Watch
from chunksmith.cli.serve import Config, DataDir

app = typer.Typer(help="Measure models on public suites and on datasets.", no_args_is_help=True)
Suite = Annotated[
    str, typer.Argument(metavar="SUITE", help="glue, superglue, mmlu, medical or dataset.", show_default=False)
]


@app.command()
def run(
    suite: Suite,
    model: Annotated[
        str | None, typer.Option(help="builtin, gemini, grok, ollama or PROVIDER/MODEL.", show_default=False)
    ] = None,
    tasks: Annotated[
        list[str] | None, typer.Option("--task", help="Only this task, or subject of mmlu; repeatable.")
    ] = None,
    dataset: Annotated[
        str | None, typer.Option(metavar="DATASET", help="Needed for the suite dataset.", show_default=False)
    ] = None,
    project: Annotated[
        str | None, typer.Option("--project", "-p", metavar="NAME", help="To list it by.", show_default=False)
    ] = None,
    max_samples: Annotated[int | None, typer.Option(help="Of each task.", show_default=False)] = None,
    few_shot: Annotated[
        int | None, typer.Option(help="Solved examples before each question.", show_default=False)
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Chooses the samples.", show_default=False)] = None,
    with_passage: Annotated[bool, typer.Option("--with-passage", help="Suite dataset: show the passage.")] = False,
    judge_model: Annotated[str | None, typer.Option(help="Suite dataset: who judges.", show_default=False)] = None,
    concurrency: Annotated[int | None, typer.Option(help="Calls in flight at most.", show_default=False)] = None,
    max_calls: Annotated[int | None, typer.Option(help="The job pauses before more.", show_default=False)] = None,
    max_cost: Annotated[
        str | None, typer.Option(metavar="USD", help="The job pauses before it costs more.", show_default=False)
    ] = None,
    watch: Watch = False,
    server: Server = DEFAULT_SERVER,
    api_key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Start a job that measures a model on a suite."""
    given = {
        "model": model,
        "tasks": tasks or None,
        "max_samples": max_samples,
        "few_shot": few_shot,
        "seed": seed,
        "with_passage": with_passage or None,
        "judge_model": judge_model,
        "concurrency": concurrency,
        "max_calls": max_calls,
        "max_cost_usd": max_cost,
    }
    config = {name: value for name, value in given.items() if value is not None}
    body: dict[str, Any] = {"suite": suite, "config": config, "dataset_id": dataset}
    with Api(server, api_key) as api:
        if project is not None:
            body["project_id"] = projects.get(api, project)["id"]
        answer = api.submit("/benchmarking/run", body)
        for warning in answer["warnings"]:
            render.note(f"note: {warning}", style="yellow")
        if watch:
            follow(api, answer["job_id"], as_json)
    if as_json:
        render.print_json(answer)
        return
    render.say(answer["job_id"])
    render.note(f"see it with: chunksmith benchmarks results {answer['job_id']}")


@app.command()
def results(
    job_id: Annotated[
        str | None, typer.Argument(metavar="JOB", help="One run; without, all.", show_default=False)
    ] = None,
    against: Annotated[
        str | None, typer.Option(metavar="JOB", help="Compare with this run, sample by sample.", show_default=False)
    ] = None,
    suite: Annotated[str | None, typer.Option(help="Only runs of this suite.", show_default=False)] = None,
    dataset: Annotated[str | None, typer.Option(help="Only runs for this dataset.", show_default=False)] = None,
    limit: Annotated[int, typer.Option(min=1, help="Runs shown at most.")] = 50,
    server: Server = DEFAULT_SERVER,
    api_key: Key = None,
    as_json: AsJson = False,
) -> None:
    """List runs, show the scores of one, or compare two."""
    if against is not None and job_id is None:
        raise Failure("--against needs the JOB that is compared", ExitCode.INVALID)
    with Api(server, api_key) as api:
        if against is not None:
            found = api.get("/benchmarking/results/compare", job1=job_id, job2=against)
            _print(found, as_json, _show_comparison)
        elif job_id is not None:
            _print(api.get(f"/benchmarking/results/{segment(job_id)}"), as_json, _show_result)
        else:
            query = {"suite": suite, "dataset_id": dataset}
            listed = list(api.items("/benchmarking/results", "results", limit=limit, **query))
            _print({"results": listed}, as_json, _show_list)


@app.command(name="list")
def list_suites(server: Server = DEFAULT_SERVER, api_key: Key = None, as_json: AsJson = False) -> None:
    """List suites and their tasks, and whether the server has their data."""
    with Api(server, api_key) as api:
        _print(api.get("/benchmarking/suites"), as_json, _show_suites)


@app.command()
def fetch(
    suite: Suite,
    tasks: Annotated[list[str] | None, typer.Option("--task", help="Only this task; repeatable.")] = None,
    mirror: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Take the files from there, under the same paths.", show_default=False),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Also files that are there.")] = False,
    data_dir: DataDir = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Download the data of a suite into the folder of the benchmarks; works without a server."""
    # The server's modules take most of a second to import, and the other commands do without them.
    from chunksmith.cli.fetching import fetch_suite  # noqa: PLC0415 - see above

    fetched = fetch_suite(suite, tasks, mirror, Path(data_dir) if data_dir else None, config, again=again)
    if as_json:
        render.print_json({"files": [{"path": str(one.path), "size_bytes": one.size_bytes} for one in fetched]})
    for one in [] if as_json else fetched:
        size = f"{one.size_bytes / 1e6:.1f} MB" if one.size_bytes is not None else "is there"
        render.say(f"{one.path}  {size}")


def _print(document: dict[str, Any], as_json: bool, show: Any) -> None:
    if as_json:
        render.print_json(document)
    else:
        show(document)


def _show_list(document: dict[str, Any]) -> None:
    rows = [
        (
            one["job_id"],
            one["suite"],
            one["model"],
            one["status"],
            _score(one["overall"]),
            one["answered"],
            one["created_at"],
        )
        for one in document["results"]
    ]
    render.table(("job", "suite", "model", "state", "score", "answers", "created"), rows, right=("answers",))


def _show_result(document: dict[str, Any]) -> None:
    render.say(f"{document['suite']}  {document['model']}  {document['status']}", style="bold")
    rows = [
        (task["task"], metric["name"], _score(metric, "value"), metric["samples"], task["unreadable"], task["failed"])
        for task in document["tasks"] or ()
        for metric in task["metrics"]
    ]
    overall = document["overall"]
    if overall is not None:
        named = f"all ({overall['tasks']} of {overall['of']})"
        counted = (document["answered"], document["unreadable"], document["failed"])
        rows.append((named, overall["kind"], _score(overall), *counted))
    columns = ("task", "metric", "score (95 %)", "answers", "unreadable", "failed")
    render.table(columns, rows, right=("answers", "unreadable", "failed"))
    for one in document["not_run"]:
        render.note(f"not run: {one['reason']}")
    if document["error"]:
        render.note(document["error"], style="red")
    if document["usage"] is not None:
        cost = document["usage"]["cost_usd"]
        render.note(f"{document['usage']['calls']} calls, {f'{cost} USD' if cost is not None else 'price unknown'}")


def _show_comparison(document: dict[str, Any]) -> None:
    render.say(f"{document['first']['model']} → {document['second']['model']}", style="bold")
    found = [(task["task"], metric) for task in document["tasks"] for metric in task["metrics"]]
    if document["overall"] is not None:
        found.append(("all", {"name": document["overall"]["kind"], **document["overall"]}))
    rows = [
        (task, one["name"], one["first"], one["second"], _score(one, "difference"), one["p"], one["test"])
        for task, one in found
        if one.get("test") is not None
    ]
    render.table(("task", "metric", "first", "second", "difference (95 %)", "p", "test"), rows)
    render.note(f"{document['samples']} samples that both have answered")


def _show_suites(document: dict[str, Any]) -> None:
    rows = [
        (suite["suite"], task["task"], ", ".join(task["metrics"]), "ready" if task["ready"] else "no data")
        for suite in document["suites"]
        for task in suite["tasks"]
    ]
    render.table(("suite", "task", "metrics", "data"), rows)


def _score(value: dict[str, Any] | None, name: str = "score") -> str | None:
    if value is None or value.get(name) is None:
        return None
    return f"{value[name]:.3f} [{value['low']:.3f}, {value['high']:.3f}]"
