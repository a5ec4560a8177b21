"""The whole application, with one fake that answers for all providers."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app_parts import Server, running_app, settings_for
from fake_llm import FakeLLM


@pytest.fixture
async def fake() -> AsyncIterator[FakeLLM]:
    async with FakeLLM() as one:
        yield one


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
async def server(data_dir: Path, fake: FakeLLM) -> AsyncIterator[Server]:
    async with running_app(settings_for(data_dir, fake)) as one:
        yield one
