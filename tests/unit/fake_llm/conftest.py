"""A stand-in, and a client for it."""

from collections.abc import AsyncIterator

import httpx
import pytest

from fake_llm import FakeLLM


@pytest.fixture
def now() -> list[float]:
    """The time there, in seconds, as its one item."""
    return [0.0]


@pytest.fixture
async def fake(now: list[float]) -> AsyncIterator[FakeLLM]:
    async with FakeLLM(monotonic=lambda: now[0]) as running:
        yield running


@pytest.fixture
async def http(fake: FakeLLM) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=fake.url, trust_env=False) as client:
        yield client
