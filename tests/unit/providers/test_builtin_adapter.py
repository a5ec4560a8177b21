import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from chunksmith.domain.calls import ChatRequest, Message, ModelRef, ProviderAccount, Task
from chunksmith.errors import ProviderError
from chunksmith.providers.builtin.adapter import BuiltinModel

PASSAGE = "Photosynthesis is the process by which plants turn light into chemical energy. It needs water and light."


def _request(task: Task | None = None, timeout_s: float | None = None) -> ChatRequest:
    return ChatRequest(ModelRef("builtin", "builtin"), (Message("user", "ignored"),), task=task, timeout_s=timeout_s)


def _task() -> Task:
    return Task("question and answer", PASSAGE, count=2)


def process_id(task: Task) -> str:
    return str(os.getpid())


def parent_id(task: Task) -> str:
    return str(os.getppid())


def end_process(task: Task) -> str:
    """Kills its process the first time; ``task.passage`` is a file that remembers."""
    if task.count == 1 and os.path.exists(task.passage):
        return "alive"
    with open(task.passage, "w"):
        os.kill(os.getpid(), signal.SIGKILL)
    return ""


def wait_long(task: Task) -> str:
    time.sleep(0.5)
    return ""


@pytest.fixture
async def built() -> AsyncIterator[Callable[..., BuiltinModel]]:
    made: list[BuiltinModel] = []

    def make(*work: Callable[[Task], str]) -> BuiltinModel:
        made.append(BuiltinModel(ProviderAccount("builtin", (), "builtin", timeout_s=30.0), *work))
        return made[-1]

    yield make
    for model in made:
        await model.close()


async def test_reply_is_free_and_readable_later(built: Callable[..., BuiltinModel]) -> None:
    model = built()
    raw = await model.send(_request(_task()))
    reply = BuiltinModel(ProviderAccount("builtin", (), "builtin")).decode(_request(), raw)
    assert (reply.finish, reply.model, reply.usage.cost_nano_usd, reply.usage.input_tokens) == ("stop", "builtin", 0, 0)
    assert "hotosynthesis" in reply.text


async def test_work_is_done_in_another_process_that_stays(built: Callable[..., BuiltinModel]) -> None:
    model = built(process_id)
    workers = {json.loads(await model.send(_request(_task())))["text"] for _ in range(6)}
    assert str(os.getpid()) not in workers
    assert len(workers) <= 2


async def test_broken_pool_is_made_anew(built: Callable[..., BuiltinModel], tmp_path: os.PathLike[str]) -> None:
    marker = os.path.join(tmp_path, "ended")
    raw = await built(end_process).send(_request(Task("x", marker)))
    assert json.loads(raw)["text"] == "alive"


async def test_pool_that_breaks_twice_is_a_server_fault(
    built: Callable[..., BuiltinModel], tmp_path: os.PathLike[str]
) -> None:
    with pytest.raises(ProviderError) as caught:
        await built(end_process).send(_request(Task("x", os.path.join(tmp_path, "ended"), count=2)))
    assert caught.value.kind == "server"


async def test_processes_are_forks_of_one_that_has_done_the_imports(built: Callable[..., BuiltinModel]) -> None:
    parents = {json.loads(await built(parent_id).send(_request(_task())))["text"] for _ in range(2)}
    assert len(parents) == 1
    assert str(os.getpid()) not in parents


async def test_server_of_forks_that_was_killed_is_started_anew(built: Callable[..., BuiltinModel]) -> None:
    killed = int(json.loads(await built(parent_id).send(_request(_task())))["text"])
    os.kill(killed, signal.SIGKILL)
    await asyncio.to_thread(os.waitid, os.P_PID, killed, os.WEXITED | os.WNOWAIT)
    assert json.loads(await built(parent_id).send(_request(_task())))["text"] != str(killed)


async def test_event_loop_does_not_wait_for_a_process_to_start(
    built: Callable[..., BuiltinModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    submit, threads = ProcessPoolExecutor.submit, []

    def watched(self: ProcessPoolExecutor, *args: Any) -> Future[Any]:
        threads.append(threading.current_thread())
        return submit(self, *args)

    monkeypatch.setattr(ProcessPoolExecutor, "submit", watched)
    await built().send(_request(_task()))
    assert len(threads) == 1
    assert threading.current_thread() not in threads


async def test_request_without_a_task_is_a_bad_request(built: Callable[..., BuiltinModel]) -> None:
    with pytest.raises(ProviderError) as caught:
        await built().send(_request())
    assert (caught.value.kind, caught.value.sent) == ("bad_request", False)


async def test_work_that_the_generator_does_not_know_is_a_bad_request(built: Callable[..., BuiltinModel]) -> None:
    with pytest.raises(ProviderError, match="no such work") as caught:
        await built().send(_request(Task("no such work", PASSAGE)))
    assert (caught.value.kind, caught.value.sent) == ("bad_request", False)


async def test_time_limit(built: Callable[..., BuiltinModel]) -> None:
    with pytest.raises(ProviderError) as caught:
        await built(wait_long).send(_request(_task(), timeout_s=0.05))
    assert caught.value.kind == "timeout"


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b"null"])
def test_stored_bytes_of_something_else(raw: bytes) -> None:
    with pytest.raises(ProviderError) as caught:
        BuiltinModel(ProviderAccount("builtin", (), "builtin")).decode(_request(), raw)
    assert caught.value.kind == "server"


async def test_models(built: Callable[..., BuiltinModel]) -> None:
    assert [item.name for item in (await built().offer()).models] == ["builtin"]


def test_worker_imports_no_http_client() -> None:
    """A worker loads this module and what it needs; anything large would be loaded twice."""
    listing = "import sys, chunksmith.providers.builtin.adapter; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True).stdout.split()
    assert not {"httpx", "aiohttp", "pydantic", "pyarrow", "marshmallow"} & set(loaded)


_ASKING = """
import asyncio
import os
import sys
import tempfile
from chunksmith.domain.calls import ChatRequest, Message, ModelRef, ProviderAccount, Task
from chunksmith.errors import ProviderError
from chunksmith.providers.builtin.adapter import BuiltinModel

async def main():
    if "gone" in sys.argv:
        os.rmdir(tempfile.gettempdir())
    model = BuiltinModel(ProviderAccount("builtin", (), "builtin"))
    request = ChatRequest(ModelRef("builtin", "builtin"), (Message("user", ""),), task=Task("question", "Ice."))
    try:
        await model.send(request)
        print("replied")
    except ProviderError as exc:
        print(exc.kind, exc.detail)
    await model.close()

if __name__ == "__main__":
    asyncio.run(main())
"""


def _asked_with(folder: Path, *arguments: str) -> str:
    """What comes of a request where ``folder`` is the one of temporary files."""
    folder.mkdir()
    environment = os.environ | {"TMPDIR": str(folder)}
    command = [sys.executable, "-c", _ASKING, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True).stdout


def test_folder_with_too_long_a_name_for_a_socket_keeps_no_process_from_starting(tmp_path: Path) -> None:
    assert _asked_with(tmp_path / ("x" * 100)) == "replied\n"


def test_process_that_cannot_start_is_a_server_fault() -> None:
    with tempfile.TemporaryDirectory() as folder:
        said = _asked_with(Path(folder) / "short", "gone")
    assert said.startswith("server no process of the built-in generator could be started: ")


_PARENT = """
import asyncio
from multiprocessing import forkserver
from chunksmith.domain.calls import ChatRequest, Message, ModelRef, ProviderAccount, Task
from chunksmith.providers.builtin.adapter import BuiltinModel

async def main():
    model = BuiltinModel(ProviderAccount("builtin", (), "builtin"))
    task = Task("question and answer", "Water is a liquid. Ice is solid water.")
    await model.send(ChatRequest(ModelRef("builtin", "builtin"), (Message("user", ""),), task=task))
    print(*model._pool._processes, forkserver._forkserver._forkserver_pid, flush=True)
    await asyncio.sleep(60)

if __name__ == "__main__":
    asyncio.run(main())
"""


async def test_workers_end_when_the_server_is_killed(tmp_path: os.PathLike[str]) -> None:
    script = os.path.join(tmp_path, "parent.py")
    Path(script).write_text(_PARENT)  # noqa: ASYNC240 - a few bytes, before anything runs
    parent = await asyncio.create_subprocess_exec(sys.executable, script, stdout=asyncio.subprocess.PIPE)
    assert parent.stdout is not None
    workers = [int(number) for number in (await parent.stdout.readline()).split()]
    parent.kill()
    await parent.wait()
    async with asyncio.timeout(10):
        while any(_runs(worker) for worker in workers):  # noqa: ASYNC110 - nobody tells that they ended
            await asyncio.sleep(0.01)


def _runs(process: int) -> bool:
    """Whether it is there and not merely waiting for its exit status to be read."""
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
