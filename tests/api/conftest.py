"""The whole application, with one fake that answers for all providers."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from app_parts import Prepared, Server, running_app, settings_for
from fake_llm import FakeLLM


@pytest.fixture
async def fake() -> AsyncIterator[FakeLLM]:
    async with FakeLLM() as one:
        yield one


@pytest.fixture(scope="module")
def before() -> Prepared | None:
    """What a module wants to be there before each of its tests, which begins over a copy of it."""
    return None


@pytest.fixture
def data_dir(before: Prepared | None, tmp_path: Path) -> Path:
    return before.copied(tmp_path / "data") if before is not None else tmp_path / "data"


@pytest.fixture
def dataset(before: Prepared) -> str:
    return before.dataset


@pytest.fixture
async def server(data_dir: Path, fake: FakeLLM) -> AsyncIterator[Server]:
    async with running_app(settings_for(data_dir, fake)) as one:
        yield one


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """One for all tests of a module that mind nothing that the others do: marked with ``asyncio(loop_scope="module")``."""
    async with FakeLLM() as fake, running_app(settings_for(tmp_path_factory.mktemp("shared") / "data", fake)) as one:
        yield one
