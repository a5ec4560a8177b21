"""Inside the limited process: looks at pages, cuts a PDF into pages, and draws them."""

import base64
import logging
from collections.abc import Callable, Iterator
from contextlib import closing
from io import BytesIO
from itertools import groupby
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError
from pypdf import PageObject, PdfReader, PdfWriter

from chunksmith.errors import DocumentUnreadable
from chunksmith.ingest import text_layer
from chunksmith.ingest.pages import PDF
from chunksmith.ingest.parsers.document import ParseLimits, clean_text
from chunksmith.ingest.parsers.page_layout import markdown_from_pages
from chunksmith.ingest.parsers.page_lines import Page
from chunksmith.ingest.parsers.page_reader import PageReader
from chunksmith.ingest.parsers.pdf import BROKEN, open_pdf

DPI = 150
POINTS_PER_INCH = 72
# Also of pages that are larger than a sheet of paper, and of uploaded pictures.
MAX_SIDE_PIXELS = 2400
JPEG_QUALITY = 85
MAX_IMAGE_BYTES = 4_000_000
# A page that brings more with it is drawn instead.
MAX_PDF_BYTES = 6_000_000
MAX_SOURCE_PIXELS = 150_000_000
COVERED_SHARE = 0.5
_FORM_DEPTH = 3
_PICTURE = 3  # FPDF_PAGEOBJ_IMAGE
_SHRINK = 0.75
_DAMAGED_IMAGE = (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError)
# Links and threads of articles lead to other pages, and would bring those along.
_LEAVE_OUT = ("/Annots", "/B", "/StructParents", "/AA")
Json = dict[str, Any]


def survey(order: Json) -> Json:
    path, limits = Path(order["path"]), ParseLimits(**order["limits"])
    if order["media_type"] != PDF:
        count = _frames(path, limits)
        return {"title": None, "parts": [_part(number, number, "waiting") for number in range(1, count + 1)]}
    opened = open_pdf(path, limits)
    with _drawn(path) as drawn, closing(PageReader(path, opened.reader.pages)) as reader:
        looked = [_look(reader, drawn, index) for index in range(opened.page_count)]
    parts: list[Json] = []
    for is_good, group in groupby(enumerate(looked, start=1), key=lambda item: item[1] is not None):
        numbered = list(group)
        if is_good:
            parts.append(_run(numbered))
        else:
            parts += [_part(number, number, "waiting") for number, _ in numbered]
    return {"title": opened.title, "parts": parts}


def render(order: Json) -> Json:
    path = Path(order["path"])
    if order["media_type"] != PDF:
        return {"files": _pictures(path, order["pages"])}
    reader = open_pdf(path, ParseLimits()).reader if order["form"] == "pdf" else None
    with _drawn(path) as drawn:
        drawn.init_forms()
        return {"files": [_page(reader, drawn, number) for number in order["pages"]]}


TASKS: dict[str, Callable[[Json], Json]] = {"survey": survey, "render": render}


def _look(reader: PageReader, drawn: pdfium.PdfDocument, index: int) -> Page | None:
    """The page's lines when they are good, or when there is nothing on it at all; None when it needs a reader."""
    try:
        page = reader.read(index)
    except BROKEN:
        return None
    covered, is_blank = _pictured(drawn, index)
    if is_blank and not page.lines:
        return page
    text = "\n".join(line.text for line in page.lines)
    return page if text_layer.is_good(text, covered=covered) else None


def _pictured(drawn: pdfium.PdfDocument, index: int) -> tuple[bool, bool]:
    """Whether pictures cover the page, and whether nothing is on it."""
    try:
        page = drawn[index]
        objects = list(page.get_objects(max_depth=_FORM_DEPTH))
        width, height = page.get_size()
    except pdfium.PdfiumError:
        return True, False
    filled = 0.0
    for item in objects:
        if item.type == _PICTURE:
            left, bottom, right, top = item.get_bounds()
            filled += abs(right - left) * abs(top - bottom)
    return filled >= COVERED_SHARE * width * height, not objects


def _run(numbered: list[tuple[int, Page | None]]) -> Json:
    text = clean_text(markdown_from_pages([page for _, page in numbered if page is not None]))
    return _part(numbered[0][0], numbered[-1][0], "text_layer" if text else "blank", text)


def _part(page: int, last_page: int, state: str, text: str = "") -> Json:
    return {"page": page, "last_page": last_page, "state": state, "text": text}


def _page(reader: PdfReader | None, drawn: pdfium.PdfDocument, number: int) -> Json:
    """Without ``reader`` the page is drawn."""
    data = _cut(reader, number) if reader is not None else None
    if data is not None:
        return _file(number, PDF, data)
    try:
        page = drawn[number - 1]
        scale = min(DPI / POINTS_PER_INCH, MAX_SIDE_PIXELS / max(*page.get_size(), 1))
        return _file(number, "image/jpeg", _jpeg(page.render(scale=scale).to_pil()))
    except (pdfium.PdfiumError, *_DAMAGED_IMAGE) as exc:
        return {"page": number, "problem": f"the page cannot be drawn: {exc}"}


def _cut(reader: PdfReader, number: int) -> bytes | None:
    """The page alone as a PDF; None when it is to be drawn: too large, damaged, or with fields of a form in it."""
    try:
        page = reader.pages[number - 1]
        if _has_fields(page):
            return None
        writer = PdfWriter()
        writer.add_page(page, excluded_keys=_LEAVE_OUT)
        stream = BytesIO()
        writer.write(stream)
    except BROKEN:
        return None
    return stream.getvalue() if stream.tell() <= MAX_PDF_BYTES else None


def _has_fields(page: PageObject) -> bool:
    return any(note.get_object().get("/Subtype") == "/Widget" for note in page.get("/Annots") or ())


def _drawn(path: Path) -> pdfium.PdfDocument:
    logging.getLogger("pypdfium2").setLevel(logging.CRITICAL)
    try:
        return pdfium.PdfDocument(path)  # type: ignore[no-untyped-call]  # none upstream
    except pdfium.PdfiumError as exc:
        raise DocumentUnreadable("corrupt", f"The PDF is damaged: {exc}") from exc


def _frames(path: Path, limits: ParseLimits) -> int:
    with _opened(path) as image:
        count = getattr(image, "n_frames", 1)
    if count > limits.max_pages:
        raise DocumentUnreadable("too_large", f"The image has {count:,} pages, the limit is {limits.max_pages:,}.")
    return int(count)


def _opened(path: Path) -> Image.Image:
    Image.MAX_IMAGE_PIXELS = MAX_SOURCE_PIXELS // 2  # Pillow refuses twice as much
    try:
        return Image.open(path)
    except Image.DecompressionBombError as exc:
        raise DocumentUnreadable("too_large", f"The image is too large: {exc}") from exc
    except _DAMAGED_IMAGE as exc:
        # What Pillow says of it names the path, which is nobody's business but the server's.
        raise DocumentUnreadable("corrupt", "The image is damaged, or no image at all.") from exc


def _pictures(path: Path, pages: list[int]) -> list[Json]:
    with _opened(path) as image:
        return list(_of_frames(image, pages))


def _of_frames(image: Image.Image, pages: list[int]) -> Iterator[Json]:
    frames = ImageSequence.Iterator(image)
    for number in pages:
        try:
            yield _file(number, "image/jpeg", _jpeg(ImageOps.exif_transpose(frames[number - 1])))
        except _DAMAGED_IMAGE as exc:
            yield {"page": number, "problem": f"the image is damaged: {exc}"}


def _jpeg(image: Image.Image) -> bytes:
    """On white, of bounded sides and bytes, without anything but the picture in it."""
    image = _plain(image)
    image.thumbnail((MAX_SIDE_PIXELS, MAX_SIDE_PIXELS), Image.Resampling.LANCZOS)
    while True:
        stream = BytesIO()
        image.save(stream, "JPEG", quality=JPEG_QUALITY)
        if stream.tell() <= MAX_IMAGE_BYTES:
            return stream.getvalue()
        smaller = (max(1, int(image.width * _SHRINK)), max(1, int(image.height * _SHRINK)))
        image = image.resize(smaller, Image.Resampling.LANCZOS)


def _plain(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):
        return image.point(lambda value: value * (1 / 256)).convert("L")
    if "A" in image.getbands() or "transparency" in image.info:
        seen = image.convert("RGBA")
        white = Image.new("RGBA", seen.size, "white")
        return Image.alpha_composite(white, seen).convert("RGB")
    return image.convert("L") if image.mode in ("1", "L") else image.convert("RGB")


def _file(page: int, media_type: str, data: bytes) -> Json:
    return {"page": page, "media_type": media_type, "data": base64.b64encode(data).decode()}
