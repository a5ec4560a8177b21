"""Slides of a presentation that are not shown."""

from pathlib import Path

import pptx
import pytest

from chunksmith.errors import DocumentUnreadable
from chunksmith.ingest.parsers import parse_file


def _deck(folder: Path, *shown: str | None) -> Path:
    """A slide for each value of its attribute ``show``; None leaves it out."""
    deck = pptx.Presentation()
    for number, value in enumerate(shown, 1):
        slide = deck.slides.add_slide(deck.slide_layouts[5])
        slide.shapes.title.text = f"Lamp {number}"
        if value is not None:
            slide.element.set("show", value)
    path = folder / "lamps.pptx"
    deck.save(str(path))
    return path


@pytest.mark.parametrize("value", ["0", "false"])
def test_hidden_slides_are_named_in_a_warning_alone(tmp_path: Path, value: str) -> None:
    document = parse_file(_deck(tmp_path, None, value, "1", value), "lamps.pptx")
    assert (document.text, document.warnings) == (
        "## Lamp 1\n\n## Lamp 3",
        ("Hidden slides were left out: 2, 4.",),
    )


def test_presentation_of_hidden_slides_alone_says_so(tmp_path: Path) -> None:
    with pytest.raises(DocumentUnreadable, match="Hidden slides were left out: 1") as caught:
        parse_file(_deck(tmp_path, "0"), "lamps.pptx")
    assert caught.value.kind == "empty"
