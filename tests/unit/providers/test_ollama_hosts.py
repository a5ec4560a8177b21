"""One Ollama account on several hosts, each a fake on a real socket: who is asked, who rests, what the account sees."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable

import pytest

from api_parts import until
from chunksmith.domain.calls import ChatRequest, ModelRef, ProviderAccount
from chunksmith.errors import ProviderError
from chunksmith.providers.ollama import OllamaModel
from fake_llm import FakeLLM

Account = Callable[..., ProviderAccount]
Ask = Callable[..., ChatRequest]
# No host that answers so has worked on the request.
REFUSALS = ["503", "429", "429-no-hint", "memory", "load-timeout", "auth", "forbidden", "html-502", "502"]
# Any of these may come after the work.
LOSSES = ["500", "499", "reset", "reset-body"]


class Pair:
    """A model over the hosts ``a`` and ``b``, and what time it is for it."""

    def __init__(self, a: FakeLLM, b: FakeLLM, account: Account, ask: Ask) -> None:
        self.a, self.b = a, b
        self.now = 0.0
        self._ask = ask
        self.model = OllamaModel(account("ollama", base_urls=(a.url, b.url)), monotonic=lambda: self.now)

    async def send(self, *, at: float | None = None, model: str = "llama3.2", text: str = "Some text.") -> None:
        self.now = self.now if at is None else at
        await self.model.send(self._ask("ollama", text, model=ModelRef("ollama", model)))

    async def failure(self, *, at: float | None = None) -> ProviderError:
        with pytest.raises(ProviderError) as caught:
            await self.send(at=at)
        return caught.value

    @property
    def chats(self) -> tuple[int, int]:
        return self.a.stats.chats, self.b.stats.chats


@pytest.fixture
async def other() -> AsyncIterator[FakeLLM]:
    async with FakeLLM() as running:
        yield running


@pytest.fixture
async def pair(fake: FakeLLM, other: FakeLLM, account: Account, ask: Ask) -> AsyncIterator[Pair]:
    made = Pair(fake, other, account, ask)
    yield made
    await made.model.close()


def always(fault: str) -> dict[str, float]:
    return {fault: 1.0}


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def test_the_host_with_the_fewest_calls_is_asked(pair: Pair) -> None:
    for host in (pair.a, pair.b):
        host.control({"hold_from": 1})
    async with asyncio.TaskGroup() as group:
        for number in range(8):
            group.create_task(pair.send(text=f"Some text, number {number}."))
        await until(lambda: pair.a.held + pair.b.held == 8)
        for host in (pair.a, pair.b):
            host.let_go()
    assert pair.chats == (4, 4)


@pytest.mark.parametrize("fault", REFUSALS)
async def test_a_refusal_goes_to_another_host_at_once_and_rests_the_first(pair: Pair, fault: str) -> None:
    pair.a.options.rates = always(fault)
    for number in range(6):
        await pair.send(text=f"Text number {number}.")
    assert pair.chats == (1, 6)


@pytest.mark.parametrize("fault", LOSSES)
async def test_what_a_host_may_have_worked_on_is_not_sent_to_another(pair: Pair, fault: str) -> None:
    pair.a.options.rates = always(fault)
    error = await pair.failure()
    assert (error.sent, error.elsewhere, pair.chats) == (True, True, (1, 0))


@pytest.mark.parametrize("fault", LOSSES)
async def test_the_next_call_goes_to_another_host_than_the_one_that_failed(pair: Pair, fault: str) -> None:
    pair.a.options.rates = always(fault)
    await pair.failure()
    for _ in range(5):
        await pair.send()
    assert pair.chats == (1, 5)


async def test_a_host_that_answers_with_pages_of_its_own_rests(pair: Pair) -> None:
    pair.a.options.rates = always("non-json")
    for _ in range(5):
        await pair.send()
    assert pair.chats == (1, 4)


async def test_a_fault_of_the_request_is_asked_of_nobody_else(pair: Pair) -> None:
    pair.a.options.rates = pair.b.options.rates = always("context")
    error = await pair.failure()
    assert (error.kind, pair.chats) == ("context_window", (1, 0))


async def test_after_its_rest_a_host_is_asked_again_by_one_call(pair: Pair) -> None:
    pair.a.options.rates = always("503")
    await pair.send(at=0.0)
    pair.a.options.rates = {}
    pair.a.options.latency_ms = pair.b.options.latency_ms = 50
    pair.now = 2.0
    async with asyncio.TaskGroup() as group:
        for number in range(8):
            group.create_task(pair.send(text=f"Some text, number {number}."))
    assert pair.chats == (2, 8)


async def test_rests_grow_from_one_to_the_next(pair: Pair) -> None:
    pair.a.options.rates = always("503")
    asked = []
    for at in (0.0, 1.1, 2.0, 3.0, 3.2, 7.0, 7.3):
        before = pair.a.stats.chats
        await pair.send(at=at)
        asked.append(pair.a.stats.chats > before)
    assert asked == [True, True, False, False, True, False, True]


async def test_a_reply_ends_the_growth(pair: Pair) -> None:
    pair.a.options.script = {1: "503", 2: "503", 4: "503"}
    for at in (0.0, 1.1, 3.2, 3.2):
        await pair.send(at=at)
    assert pair.a.stats.chats == 4
    await pair.send(at=4.3)
    assert pair.a.stats.chats == 5


async def test_calls_that_fail_together_are_one_failure(pair: Pair) -> None:
    pair.a.options.rates = always("503")
    async with asyncio.TaskGroup() as group:
        for number in range(8):
            group.create_task(pair.send(text=f"Some text, number {number}."))
    before = pair.a.stats.chats
    await pair.send(at=1.1)
    assert pair.a.stats.chats == before + 1


async def test_a_host_rests_as_long_as_it_asks_for(pair: Pair) -> None:
    pair.a.options.rates = always("html-429")
    pair.a.options.retry_after_s = 40
    await pair.send(at=0.0)
    await pair.send(at=39.0)
    assert pair.a.stats.chats == 1
    await pair.send(at=41.0)
    assert pair.a.stats.chats == 2


async def test_a_host_without_the_model_is_asked_for_others(pair: Pair) -> None:
    pair.a.options.ollama_models = ["phi4:latest"]
    await pair.send()
    await pair.send(model="phi4")
    assert pair.chats == (2, 1)


async def test_a_host_that_got_the_model_is_found_again(pair: Pair) -> None:
    pair.a.options.ollama_models = []
    await pair.send(at=0.0)
    await pair.send(at=1.0)
    pair.a.options.ollama_models = ["llama3.2:latest"]
    await pair.send(at=3600.0)
    assert pair.chats == (2, 2)


@pytest.mark.parametrize(
    ("fault", "kind", "status"),
    [
        ("auth", "auth", 401),
        ("503", "rate_limit", 503),
        ("memory", "bad_request", 500),
        ("html-502", "server", 502),
    ],
)
async def test_what_all_hosts_say_is_what_the_account_sees(pair: Pair, fault: str, kind: str, status: int) -> None:
    pair.a.options.rates = pair.b.options.rates = always(fault)
    error = await pair.failure()
    assert (error.kind, error.status, error.elsewhere, pair.chats) == (kind, status, False, (1, 1))
    assert all(host.url.removeprefix("http://") in error.detail for host in (pair.a, pair.b))


async def test_a_model_that_no_host_has_is_named(pair: Pair) -> None:
    pair.a.options.ollama_models = pair.b.options.ollama_models = []
    error = await pair.failure()
    assert (error.kind, error.status) == ("bad_request", 404)
    assert all(host.url.removeprefix("http://") in error.detail for host in (pair.a, pair.b))


async def test_hosts_that_are_of_no_use_for_different_reasons_are_an_outage(pair: Pair) -> None:
    pair.a.options.rates = always("auth")
    pair.b.options.ollama_models = []
    error = await pair.failure()
    assert (error.kind, error.status, error.sent, error.taken_up) == ("connection", None, True, False)


async def test_a_busy_host_beside_one_that_is_of_no_use_is_waited_for(pair: Pair) -> None:
    pair.a.options.rates = always("auth")
    pair.b.options.rates = always("503")
    assert (await pair.failure()).kind == "rate_limit"


async def test_the_account_waits_for_the_host_that_is_free_first(pair: Pair) -> None:
    pair.a.options.rates = pair.b.options.rates = always("html-429")
    pair.a.options.retry_after_s, pair.b.options.retry_after_s = 30, 10
    error = await pair.failure()
    assert (error.kind, error.retry_after_s) == ("rate_limit", 10)


async def test_a_failure_while_every_other_host_rests_is_one_of_the_account(pair: Pair) -> None:
    pair.a.options.rates = always("500")
    pair.b.options.rates = always("auth")
    assert (await pair.failure()).elsewhere
    await pair.failure()
    assert not (await pair.failure(at=6.0)).elsewhere


async def test_when_all_rest_the_first_to_wake_is_asked(pair: Pair) -> None:
    pair.a.options.rates = always("auth")
    pair.b.options.rates = always("503")
    await pair.failure(at=0.0)
    pair.b.options.rates = {}
    await pair.send(at=0.5)
    assert pair.chats == (1, 2)


async def test_a_key_counts_as_refused_only_when_all_hosts_have_just_said_so(pair: Pair) -> None:
    pair.a.options.rates = always("auth")
    await pair.send(at=0.0)
    pair.a.options.rates, pair.b.options.rates = {}, always("auth")
    await pair.send(at=1.0)
    assert pair.chats == (2, 2)


async def test_the_only_host_is_asked_whatever_it_said(fake: FakeLLM, account: Account, ask: Ask) -> None:
    model = OllamaModel(account("ollama"), monotonic=lambda: 0.0)
    fake.options.script = {1: "500", 2: "503", 3: "memory"}
    for _ in range(3):
        with pytest.raises(ProviderError):
            await model.send(ask("ollama"))
    await model.send(ask("ollama"))
    await model.close()
    assert fake.stats.chats == 4


async def test_a_host_that_refuses_the_connection_is_asked_again_later(
    fake: FakeLLM, account: Account, ask: Ask
) -> None:
    now = [0.0]
    late = FakeLLM(port=closed_port())
    urls = (f"http://127.0.0.1:{late.port}", fake.url)
    model = OllamaModel(account("ollama", base_urls=urls), monotonic=lambda: now[0])
    await model.send(ask("ollama"))
    async with late:
        await model.send(ask("ollama"))
        now[0] = 11.0
        await model.send(ask("ollama"))
        await model.close()
    assert (fake.stats.chats, late.stats.chats) == (2, 1)


async def test_hosts_that_refuse_the_connection_are_named(account: Account, ask: Ask) -> None:
    ports = (closed_port(), closed_port())
    model = OllamaModel(account("ollama", base_urls=tuple(f"http://127.0.0.1:{port}" for port in ports)))
    with pytest.raises(ProviderError) as caught:
        await model.send(ask("ollama"))
    await model.close()
    assert (caught.value.kind, caught.value.sent) == ("connection", False)
    assert all(str(port) in caught.value.detail for port in ports)


async def test_what_is_secret_in_an_address_is_not_told(
    fake: FakeLLM, other: FakeLLM, account: Account, ask: Ask
) -> None:
    fake.options.rates = other.options.rates = always("memory")
    urls = tuple(one.url.replace("://", "://someone:hidden@") for one in (fake, other))
    model = OllamaModel(account("ollama", base_urls=urls))
    with pytest.raises(ProviderError) as caught:
        await model.send(ask("ollama"))
    await model.close()
    assert caught.value.status == 500
    assert "hidden" not in caught.value.detail


async def test_models_are_listed_that_any_host_has(pair: Pair) -> None:
    pair.b.options.ollama_models = ["phi4:latest", "llama3.2:latest"]
    names = [found.name for found in (await pair.model.offer()).models]
    assert {"phi4:latest", "llama3.2:latest"} <= set(names)
    assert len(names) == len(set(names))


async def test_hosts_that_have_the_model_are_no_problem(pair: Pair) -> None:
    assert (await pair.model.offer()).problems == []


async def test_a_host_without_the_default_model_is_a_problem(pair: Pair) -> None:
    pair.b.options.ollama_models = ["phi4:latest"]
    (problem,) = (await pair.model.offer()).problems
    assert problem.startswith(f"{pair.b.url.removeprefix('http://')}: it has no model llama3.2")


async def test_a_host_that_does_not_answer_is_a_problem(fake: FakeLLM, account: Account) -> None:
    dead = f"127.0.0.1:{closed_port()}"
    model = OllamaModel(account("ollama", base_urls=(f"http://someone:hidden@{dead}", fake.url)))
    offer = await model.offer()
    await model.close()
    assert [dead in problem and "hidden" not in problem for problem in offer.problems] == [True]
    assert [found.name for found in offer.models] == fake.options.ollama_models


async def test_when_no_host_answers_each_is_named(account: Account) -> None:
    ports = (closed_port(), closed_port())
    model = OllamaModel(account("ollama", base_urls=tuple(f"http://127.0.0.1:{port}" for port in ports)))
    with pytest.raises(ProviderError) as caught:
        await model.offer()
    await model.close()
    assert all(str(port) in caught.value.detail for port in ports)
