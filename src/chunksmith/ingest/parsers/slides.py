"""PPTX: one section for each slide that is shown, with its tables and the speaker's notes."""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pptx import Presentation
from pptx.exc import PythonPptxError
from pptx.oxml.xmlchemy import OxmlElement, serialize_for_reading

from chunksmith.errors import DocumentUnreadable
from chunksmith.ingest.parsers.document import ParsedDocument, ParseLimits
from chunksmith.ingest.parsers.formulas import formula_of_word
from chunksmith.ingest.parsers.tables import Cell, in_columns, markdown_table

_MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
_PLACEHOLDERS_OF_FURNITURE = frozenset((13, 15, 16))  # slide number, footer, date: PP_PLACEHOLDER
_MAX_GROUPS = 50
_NOT_SHOWN = frozenset(("0", "false"))
_CHOICES = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_OF_2010 = "{http://schemas.microsoft.com/office/drawing/2010/main}"
_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"


def parse_pptx(path: Path, name: str, limits: ParseLimits) -> ParsedDocument:
    del name, limits
    try:
        deck = Presentation(str(path))
        numbered = list(enumerate(deck.slides, 1))
        hidden = [number for number, slide in numbered if slide.element.get("show") in _NOT_SHOWN]
        slides = [_slide(slide, number) for number, slide in numbered if number not in hidden]
        title = deck.core_properties.title
    except (KeyError, ValueError, AttributeError, TypeError, IndexError) as exc:
        raise DocumentUnreadable("corrupt", f"The presentation is damaged: {exc}") from exc
    except (PythonPptxError, SyntaxError, zipfile.BadZipFile, OSError) as exc:
        raise DocumentUnreadable("corrupt", f"The presentation is damaged: {exc}") from exc
    text = "\n\n".join(slide for slide in slides if slide)
    warnings = (f"Hidden slides were left out: {', '.join(map(str, hidden))}.",) if hidden else ()
    if not text:
        raise DocumentUnreadable(
            "empty", " ".join(("The presentation has no text; pictures of text need OCR.", *warnings))
        )
    title = title if title and title != "PowerPoint Presentation" else None
    return ParsedDocument(text, _MEDIA_TYPE, title, warnings)


def _write_formulas(tree: Any) -> None:
    """As text. A box that holds one stands in a choice between itself and a picture, which would be passed over."""
    for choice in list(tree.iter(f"{_CHOICES}Choice")):
        if choice.get("Requires") == "a14":
            around = choice.getparent().getparent()
            at = around.index(choice.getparent())
            around[at : at + 1] = list(choice)
    for held in list(tree.iter(f"{_OF_2010}m")):
        is_block = held.find(f"{_MATH}oMathPara") is not None
        formulas = (serialize_for_reading(formula) for formula in held.iter(f"{_MATH}oMath"))
        run, text = OxmlElement("a:r"), OxmlElement("a:t")
        text.text = "".join(formula_of_word(formula, is_block=is_block) for formula in formulas)
        run.append(text)
        held.getparent().replace(held, run)


def _slide(slide: Any, number: int) -> str:
    _write_formulas(slide.shapes.element)
    heading = slide.shapes.title
    title = " ".join(heading.text_frame.text.split()) if heading is not None else ""
    blocks = [block for shape in _shapes(slide.shapes) if shape != heading and (block := _shape(shape))]
    notes = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
    if notes is not None and notes.text.strip():
        blocks.append("Notes: " + " ".join(notes.text.split()))
    if not title and not blocks:
        return ""
    return "\n\n".join([f"## {title or f'Slide {number}'}", *blocks])


def _shapes(shapes: Any) -> Iterator[Any]:
    """Shapes and the members of groups, without recursion."""
    stack = [(shape, 0) for shape in reversed(list(shapes))]
    while stack:
        shape, depth = stack.pop()
        if hasattr(shape, "shapes") and depth < _MAX_GROUPS:
            stack.extend((member, depth + 1) for member in reversed(list(shape.shapes)))
        else:
            yield shape


def _shape(shape: Any) -> str:
    if getattr(shape, "has_table", False):
        return _table(shape.table)
    if not getattr(shape, "has_text_frame", False):
        return ""
    if shape.is_placeholder and int(shape.placeholder_format.type or 0) in _PLACEHOLDERS_OF_FURNITURE:
        return ""
    paragraphs = [(paragraph.level, " ".join(paragraph.text.split())) for paragraph in shape.text_frame.paragraphs]
    paragraphs = [(level, text) for level, text in paragraphs if text]
    if len(paragraphs) == 1:
        return paragraphs[0][1]
    return "\n".join(f"{'  ' * level}- {text}" for level, text in paragraphs)


def _table(table: Any) -> str:
    rows = [
        [Cell(cell.text, cell.span_height, cell.span_width) for cell in row.cells if not cell.is_spanned]
        for row in table.rows
    ]
    return markdown_table(in_columns(rows))
