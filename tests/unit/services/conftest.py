"""A corpus on an empty data directory."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chunksmith.domain.corpus import Project
from corpus_parts import Corpus, open_corpus


@pytest.fixture
async def corpus(tmp_path: Path) -> AsyncIterator[Corpus]:
    async with open_corpus(tmp_path / "data") as parts:
        yield parts


@pytest.fixture
async def project(corpus: Corpus) -> Project:
    return await corpus.project()
