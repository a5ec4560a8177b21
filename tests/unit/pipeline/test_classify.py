"""Category and difficulty where no model gives them, or gives them in its own spelling."""

import pytest

from chunksmith.domain.corpus import Chunk
from chunksmith.pipeline import classify
from chunksmith.pipeline.labels import stated_difficulty

TEXT = "# Care\n\nWater it daily.\n\n## 2. Feeding #\n\nFeed it weekly.\n\n```\n# make food\n```\n\nFeed it in May."


def chunk(text: str = TEXT, path: tuple[str, ...] = ("Plants",), name: str | None = "ferns.md") -> Chunk:
    return Chunk(7, 1, 2, name, 0, text, 0, len(text), "prose", path, None, None)


@pytest.mark.parametrize(
    ("words", "category"),
    [
        ("# Care", "Care"),
        ("eeding #", "Feeding"),
        ("Water it", "Care"),
        ("Feed it weekly", "Feeding"),
        ("Feed it in May", "Feeding"),
    ],
)
def test_the_category_is_the_heading_above_the_quoted_words(words: str, category: str) -> None:
    assert classify.category(chunk(), TEXT.index(words)) == category


@pytest.mark.parametrize(
    ("path", "name", "category"),
    [(("Plants", "Ferns"), "a.md", "Ferns"), ((), "ferns.md", "ferns"), ((), None, "general")],
)
def test_without_a_heading_above_the_chunk_or_its_document_gives_the_category(
    path: tuple[str, ...], name: str | None, category: str
) -> None:
    assert classify.category(chunk("Water it daily.", path, name)) == category


@pytest.mark.parametrize(
    ("said", "difficulty"),
    [("advanced", "advanced"), ("ADVANCED", "advanced"), (" Beginner\n", "beginner"), ("hard", None), (3, None)],
)
def test_a_difficulty_is_known_however_it_is_spelled(said: object, difficulty: str | None) -> None:
    assert stated_difficulty(said) == difficulty
