"""`chunksmith generate`: chunks to a dataset."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from chunksmith.cli import projects, render, watching
from chunksmith.cli.client import DEFAULT_SERVER, Api, segment
from chunksmith.cli.exits import ExitCode, Failure
from chunksmith.cli.jobview import JobView
from chunksmith.cli.options import AsJson, JobId, Key, ProjectName, Server, Watch


def generate(
    project: ProjectName,
    mode: Annotated[
        str | None,
        typer.Option(
            help="default, instruction following, question and answer, question, answer or summarization.",
            show_default=False,
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="builtin, gemini, grok, ollama or PROVIDER/MODEL.", show_default=False),
    ] = None,
    format_type: Annotated[
        str | None, typer.Option("--format", help="Of the files: one that `formats` lists.", show_default=False)
    ] = None,
    per_chunk: Annotated[int | None, typer.Option(help="Entries per chunk at most.", show_default=False)] = None,
    concurrency: Annotated[int | None, typer.Option(help="Calls in flight at most.", show_default=False)] = None,
    batch_size: Annotated[int | None, typer.Option(help="Chunks per file; 0: one file.", show_default=False)] = None,
    quality_threshold: Annotated[
        float | None, typer.Option(help="0 to 1: the job fails below.", show_default=False)
    ] = None,
    max_cost: Annotated[
        str | None, typer.Option(metavar="USD", help="The job pauses before it costs more.", show_default=False)
    ] = None,
    max_calls: Annotated[
        int | None, typer.Option(help="The job pauses before it calls more often.", show_default=False)
    ] = None,
    prompt: Annotated[str | None, typer.Option(metavar="NAME", help="A stored prompt.", show_default=False)] = None,
    prompt_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A prompt of your own.", show_default=False)
    ] = None,
    seed: Annotated[int | None, typer.Option(help="For models that take one.", show_default=False)] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Any other field of POST /datasets/generate; repeatable."),
    ] = None,
    watch: Watch = False,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Only say what it would take: calls, tokens, money, time.")
    ] = False,
    server: Server = DEFAULT_SERVER,
    api_key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Start a job that writes a dataset from a project's chunks."""
    if prompt is not None and prompt_file is not None:
        raise Failure("--prompt and --prompt-file exclude each other", ExitCode.INVALID)
    if estimate and watch:
        raise Failure("--estimate starts nothing that --watch could show", ExitCode.INVALID)
    body = {
        "generation_mode": mode,
        "generation_model": model,
        "format_type": format_type,
        "datasets_per_chunk": per_chunk,
        "concurrency": concurrency,
        "batch_size": batch_size,
        "quality_threshold": quality_threshold,
        "max_cost_usd": max_cost,
        "max_calls": max_calls,
        "prompt_name": prompt,
        "custom_prompt": _text_of(prompt_file) if prompt_file is not None else None,
        "seed": seed,
    }
    given = {name: value for name, value in body.items() if value is not None}
    extra = parse_settings(settings or [], given)
    with Api(server, api_key) as api:
        if estimate:
            show_estimate(api, project, {**given, **extra}, as_json)
            return
        answer = submit(api, project, {**given, **extra})
        if watch:
            follow(api, answer["job_id"], as_json)
    if as_json:
        render.print_json(answer)
        return
    render.say(answer["job_id"])
    render.note(f"{answer.get('message', 'submitted')}; see it with: chunksmith status {answer['job_id']} --watch")


def show_estimate(api: Api, project: str, fields: dict[str, Any], as_json: bool) -> None:
    body = {"project_id": projects.get(api, project)["id"], **fields}
    found = api.post("/datasets/estimate", body)
    if as_json:
        render.print_json(found)
        return
    names = {"chunks": "chunks", "calls": "calls", "input_tokens": "tokens in", "output_tokens": "tokens out"}
    rows = [(shown, f"{found[name]['low']:,.0f}", f"{found[name]['high']:,.0f}") for name, shown in names.items()]
    cost = found["cost_usd"] or {"low": "unknown", "high": "unknown"}
    rows.append(("USD", cost["low"], cost["high"]))
    rows.append(("seconds", f"{found['duration_s']['low']:,.0f}", f"{found['duration_s']['high']:,.0f}"))
    render.table(("what", "low", "high"), rows, right=("low", "high"))
    for line in (*found["rests_on"], *found["warnings"]):
        render.note(f"- {line}")


def submit(api: Api, project: str, fields: dict[str, Any]) -> dict[str, Any]:
    """The server's answer; its warnings are shown."""
    answer = api.submit("/datasets/generate", {"project_id": projects.get(api, project)["id"], **fields})
    for warning in answer.get("warnings") or ():
        render.note(f"note: {warning}", style="yellow")
    return answer


def follow(api: Api, job_id: str, as_json: bool) -> None:
    """Watch to the end, show how it ended, and leave with the exit code that says so."""
    with watching.detachable(job_id), watching.display_for(as_json) as display:
        view = watching.watch(api, job_id, display)
    if not as_json:
        render.job(view)
        for line in next_steps(view):
            render.note(line)
    raise typer.Exit(view.exit_code)


def next_steps(view: JobView) -> list[str]:
    if view.status == "paused":
        ceiling = " --max-calls N (or --max-cost USD)" if view.reason == "budget" else ""
        return [f"continue with: chunksmith resume {view.job_id}{ceiling}"]
    if view.dataset_id is None or not view.entries:
        return []
    return [
        f"read it with: chunksmith entries {view.dataset_id}",
        f"save it with: chunksmith export {view.dataset_id} --format jsonl -o dataset.jsonl",
    ]


def status(
    job_id: JobId,
    watch: Watch = False,
    server: Server = DEFAULT_SERVER,
    api_key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Show how far a job is."""
    with Api(server, api_key) as api:
        if watch:
            follow(api, job_id, as_json)
        document = api.get(f"/jobs/{segment(job_id)}")
    if as_json:
        render.print_json(document)
    else:
        render.job(JobView.of(document))


def parse_settings(settings: list[str], taken: dict[str, Any]) -> dict[str, Any]:
    """``key=value``; the value is JSON where it reads as JSON, else text.

    Errors: Failure for what is no pair, and for a field that an option gave already.
    """
    parsed: dict[str, Any] = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        key = key.strip()
        if not equals or not key:
            raise Failure(f"--set {setting}: expected KEY=VALUE", ExitCode.INVALID)
        if key in taken or key in parsed or key == "project_id":
            raise Failure(f"--set {key}: given twice", ExitCode.INVALID)
        try:
            parsed[key] = json.loads(value)
        except ValueError:
            parsed[key] = value
    return parsed


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as exc:
        raise Failure(f"{path} cannot be read: {exc.strerror}", ExitCode.INVALID) from exc
    except UnicodeDecodeError as exc:
        raise Failure(f"{path} is not text in UTF-8", ExitCode.INVALID) from exc
