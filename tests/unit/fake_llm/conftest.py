"""A stand-in, and a client for it."""

from collections.abc import AsyncIterator

import httpx
import pytest

from fake_llm import FakeLLM


@pytest.fixture
async def fake() -> AsyncIterator[FakeLLM]:
    async with FakeLLM() as running:
        yield running


@pytest.fixture
async def http(fake: FakeLLM) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=fake.url, trust_env=False) as client:
        yield client
