"""Cutting where somebody else says that topics begin."""

from hypothesis import given
from hypothesis import strategies as st

from chunksmith.domain.tokens import estimate_tokens
from chunksmith.ingest.chunking import ChunkSpec, semantic_units, split

PIECES = st.sampled_from(
    [
        "# Heading\n\n",
        "A kiln dries fired clay. ",
        "Granite is a rock.\n\n",
        "- item one\n",
        "花崗岩は岩石です。",
        "| a | b |\n",
    ]
)
TEXT = (
    "A kiln dries fired clay. It is hot. The damper is open. Granite is a rock. It is hard. It has quartz in it. " * 2
)


@given(st.lists(PIECES, max_size=40), st.sets(st.integers(0, 400)), st.integers(4, 60))
def test_chunks_are_exact_and_bounded_wherever_topics_are_said_to_begin(
    pieces: list[str], topics: set[int], size: int
) -> None:
    text = "".join(pieces)
    chunks = split(text, ChunkSpec("semantic", size), frozenset(topics))
    assert all(text[chunk.start : chunk.end] == chunk.text for chunk in chunks)
    assert all(estimate_tokens(chunk.text) <= size for chunk in chunks)
    assert [chunk.start for chunk in chunks] == sorted({chunk.start for chunk in chunks})


def test_a_topic_begins_a_chunk() -> None:
    spec = ChunkSpec("semantic", 40)
    granite = TEXT.index("Granite")
    assert granite in [unit.start for unit in semantic_units(TEXT, spec)]
    assert granite in [chunk.start for chunk in split(TEXT, spec, frozenset({granite}))]


def test_an_offset_in_the_middle_of_a_sentence_is_no_border() -> None:
    spec = ChunkSpec("semantic", 40)
    inside = TEXT.index("Granite") + 4
    assert split(TEXT, spec, frozenset({inside})) == split(TEXT, spec, frozenset())
