import json
from typing import Any

import httpx
import pytest

from chunksmith.cli import watching
from chunksmith.cli.client import Api
from chunksmith.cli.exits import ExitCode, Failure
from chunksmith.cli.jobview import JobView

Script = list[dict[str, Any] | Exception]


def job(status: str, progress: int = 0, **fields: Any) -> dict[str, Any]:
    return {"job_id": "j", "status": status, "progress": progress, **fields}


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def monotonic(self) -> float:
        return self.now


def watch(script: Script, display: watching.Display, last_for_ever: bool = False) -> JobView:
    def answer(request: httpx.Request) -> httpx.Response:
        step = script[0] if last_for_ever and len(script) == 1 else script.pop(0)
        if isinstance(step, Exception):
            raise step
        return httpx.Response(200, json=step)

    time = Time()
    with Api("http://server", transport=httpx.MockTransport(answer)) as api, display:
        return watching.watch(api, "j", display, time.sleep, time.monotonic)


@pytest.mark.parametrize("end", ["completed", "failed", "cancelled", "paused"])
def test_watching_ends_when_nothing_will_change(end: str) -> None:
    assert watch([job("submitted"), job("running", 50), job(end)], watching.SilentDisplay()).status == end


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (job("completed"), ExitCode.OK),
        (job("completed", result={"units": {"failed": 2}}), ExitCode.PARTLY),
        (job("completed", result={"documents_unread": 1}), ExitCode.PARTLY),
        (job("paused", reason="budget"), ExitCode.PARTLY),
        (job("failed"), ExitCode.FAILED),
        (job("cancelled"), ExitCode.FAILED),
    ],
    ids=["all done", "some units failed", "some documents unread", "paused", "failed", "cancelled"],
)
def test_how_a_job_ended_decides_the_exit_code(document: dict[str, Any], code: ExitCode) -> None:
    assert JobView.of(document).exit_code is code


def test_a_server_that_restarts_is_waited_for() -> None:
    away = httpx.ConnectError("refused")

    view = watch([job("running"), away, away, job("completed", 100)], watching.SilentDisplay())

    assert view.status == "completed"


def test_a_server_that_stays_away_ends_the_watch() -> None:
    with pytest.raises(Failure) as caught:
        watch([job("running"), httpx.ConnectError("refused")], watching.SilentDisplay(), last_for_ever=True)

    assert caught.value.code is ExitCode.UNAVAILABLE


def test_a_server_that_was_never_there_is_not_waited_for() -> None:
    with pytest.raises(Failure) as caught:
        watch([httpx.ConnectError("refused"), job("completed", 100)], watching.SilentDisplay())

    assert caught.value.code is ExitCode.UNAVAILABLE


@pytest.mark.parametrize("display", [watching.JsonDisplay, watching.PlainDisplay, watching.SilentDisplay])
def test_that_a_server_is_away_is_told_once_each_time(
    display: type[watching.JsonDisplay], capsys: pytest.CaptureFixture[str]
) -> None:
    away = httpx.ConnectError("refused")
    watch([job("running"), away, away, job("running"), away, away, job("completed", 100)], display())

    assert capsys.readouterr().err.count("no server at") == 2


def test_json_lines_come_for_changes_only(capsys: pytest.CaptureFixture[str]) -> None:
    watch([job("running", 1), job("running", 1), job("completed", 100)], watching.JsonDisplay())

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["progress"] for line in lines] == [1, 100]


def test_a_log_gets_a_line_for_each_tenth_and_each_reason(capsys: pytest.CaptureFixture[str]) -> None:
    waiting = {"units": {"total": 100, "done": 3, "failed": 1, "pending": 96}, "waiting_for": "the rate limit"}
    script: Script = [job("running", 3), job("running", 4), job("running", 4, result=waiting), job("completed", 100)]
    watch(script, watching.PlainDisplay())

    captured = capsys.readouterr()
    assert captured.out == ""
    assert len([line for line in captured.err.splitlines() if "%" in line]) == 3
    assert "3 done, 1 failed, 96 pending of 100" in captured.err
    assert "waiting for: the rate limit" in captured.err


def test_an_interrupted_watch_says_how_to_come_back() -> None:
    with pytest.raises(Failure, match="chunksmith status j --watch") as caught, watching.detachable("j"):
        raise KeyboardInterrupt

    assert caught.value.code is ExitCode.INTERRUPTED


def test_the_rate_is_that_of_the_last_moments() -> None:
    time = Time()
    rate = watching.Rate(time.monotonic)
    for done in (0, 10, 10, 70):
        rate.see(JobView.of(job("running", result={"units": {"done": done}})))
        time.sleep(20)

    assert rate.per_second == pytest.approx(60 / 20)


@pytest.mark.parametrize(
    ("seconds", "shown"), [(8.2, "8 s"), (200, "3 min"), (7800, "2 h 10 min")], ids=["seconds", "minutes", "hours"]
)
def test_durations_read_well(seconds: float, shown: str) -> None:
    assert watching.duration(seconds) == shown
