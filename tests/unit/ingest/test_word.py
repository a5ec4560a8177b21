"""What is read of a Word document, by the styles of its paragraphs."""

from pathlib import Path

import docx
import pytest
from docx.enum.style import WD_STYLE_TYPE

from chunksmith.ingest.parsers import parse_file

_PROSE = "Water the plants once a day."


def _text(folder: Path, *paragraphs: tuple[str, str]) -> str:
    document = docx.Document()
    for text, style in paragraphs:
        if style not in document.styles:
            document.styles.add_style(style, WD_STYLE_TYPE.PARAGRAPH)
        document.add_paragraph(text, style)
    path = folder / "a.docx"
    document.save(str(path))
    return parse_file(path, "a.docx").text


@pytest.mark.parametrize(
    "style",
    ["toc 1", "toc 5", "toc 9", "index 1", "index 9", "table of figures", "table of authorities", "index heading"],
)
def test_entries_of_a_directory_are_left_out(tmp_path: Path, style: str) -> None:
    assert _text(tmp_path, ("Figure 1: Leave request form 5", style), (_PROSE, "Normal")) == _PROSE


def test_title_of_a_list_of_figures_is_left_out_with_it(tmp_path: Path) -> None:
    figures = (("List of Figures", "Normal"), ("Figure 1: Form 5", "table of figures"))
    assert _text(tmp_path, *figures, (_PROSE, "Normal")) == _PROSE


@pytest.mark.parametrize("style", ["Caption", "List Bullet", "toc summary"])
def test_paragraphs_of_other_styles_are_text(tmp_path: Path, style: str) -> None:
    assert "Figure 1" in _text(tmp_path, ("Figure 1: The form for leave", style), (_PROSE, "Normal"))
