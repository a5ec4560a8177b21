"""Pages as files: which wait for a model, and how they look when they are sent."""

import base64
from collections.abc import Sequence
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from fpdf import FPDF
from PIL import Image
from pypdf import PdfReader

from chunksmith.errors import DocumentUnreadable
from chunksmith.ingest import page_files
from chunksmith.ingest.pages import media_type_of, render_pages, survey_pages
from chunksmith.ingest.parsers.document import ParseLimits
from reading_parts import PROSE, pdf, picture, picture_file

LIMITS: dict[str, Any] = {"timeout_s": 30.0, "memory_bytes": 1 << 30}
PDF = "application/pdf"


def survey(path: Path, media_type: str = PDF, **limits: int) -> list[tuple[int, int, str]]:
    order = {"path": str(path), "media_type": media_type, "limits": asdict(ParseLimits(**limits))}
    return [(part["page"], part["last_page"], part["state"]) for part in page_files.survey(order)["parts"]]


def render(path: Path, form: str, pages: Sequence[int] = (1,), media_type: str = PDF) -> list[tuple[str, bytes]]:
    order = {"path": str(path), "media_type": media_type, "pages": list(pages), "form": form}
    found = page_files.render(order)["files"]
    return [(one["media_type"], base64.b64decode(one["data"])) for one in found]


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    path = tmp_path / "mixed.pdf"
    path.write_bytes(pdf(PROSE, PROSE, "scan: three", "", "scan: five", PROSE))
    return path


def test_runs_of_good_pages_are_read_and_the_others_wait(mixed: Path) -> None:
    assert survey(mixed) == [
        (1, 2, "text_layer"),
        (3, 3, "waiting"),
        (4, 4, "blank"),
        (5, 5, "waiting"),
        (6, 6, "text_layer"),
    ]


def test_a_page_as_a_pdf_has_that_page_only(mixed: Path) -> None:
    ((media_type, data),) = render(mixed, "pdf", [3])
    pages = PdfReader(BytesIO(data)).pages
    assert (media_type, len(pages), len(pages[0].images)) == (PDF, 1, 1)


def test_a_page_as_a_picture_has_the_size_that_is_stated(mixed: Path) -> None:
    ((media_type, data),) = render(mixed, "image", [3])
    drawn = Image.open(BytesIO(data))
    a4 = (210 / 25.4 * page_files.DPI, 297 / 25.4 * page_files.DPI)
    assert media_type == "image/jpeg"
    assert drawn.size == pytest.approx(a4, abs=2)
    darkest, lightest = drawn.convert("L").getextrema()
    assert (darkest < 60, lightest > 200) == (True, True)


def test_a_huge_page_is_drawn_smaller(tmp_path: Path) -> None:
    path = tmp_path / "poster.pdf"
    poster = FPDF(format=(3000, 1000))
    poster.add_page()
    poster.image(picture("poster"), 0, 0, 3000, 1000)
    path.write_bytes(bytes(poster.output()))
    ((_, data),) = render(path, "image")
    assert max(Image.open(BytesIO(data)).size) <= page_files.MAX_SIDE_PIXELS


def test_a_page_that_is_too_large_as_a_pdf_is_drawn(mixed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_files, "MAX_PDF_BYTES", 100)
    assert [media_type for media_type, _ in render(mixed, "pdf", [3])] == ["image/jpeg"]


def test_a_picture_is_made_smaller_until_it_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_files, "MAX_IMAGE_BYTES", 20_000)
    path = tmp_path / "noise.png"
    Image.effect_noise((600, 600), 90).save(path)
    ((_, data),) = render(path, "image", media_type="image/png")
    assert len(data) <= 20_000


@pytest.mark.parametrize("form", ["pdf", "image"])
def test_a_page_is_the_same_every_time(mixed: Path, form: str) -> None:
    assert render(mixed, form, [3, 5]) == render(mixed, form, [3, 5])


@pytest.mark.parametrize(
    ("form", "media_type"),
    [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("TIFF", "image/tiff"), ("WEBP", "image/webp"), ("GIF", None)],
)
def test_a_file_is_known_by_its_first_bytes(tmp_path: Path, form: str, media_type: str | None) -> None:
    path = tmp_path / "page"
    path.write_bytes(picture_file("x", form))
    assert media_type_of(path) == media_type


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_pictures_of_every_mode_become_jpegs(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "page.tiff"
    Image.new(mode, (20, 30)).save(path)
    ((media_type, data),) = render(path, "image", media_type="image/tiff")
    assert (media_type, Image.open(BytesIO(data)).size) == ("image/jpeg", (20, 30))


def test_what_is_transparent_is_white(tmp_path: Path) -> None:
    path = tmp_path / "page.png"
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(path)
    ((_, data),) = render(path, "image", media_type="image/png")
    assert Image.open(BytesIO(data)).convert("L").getextrema() == (255, 255)


def test_each_frame_of_a_tiff_is_a_page(tmp_path: Path) -> None:
    path = tmp_path / "fax.tiff"
    picture("one").save(path, save_all=True, append_images=[picture("two")])
    assert survey(path, "image/tiff") == [(1, 1, "waiting"), (2, 2, "waiting")]
    one, two = render(path, "image", [1, 2], "image/tiff")
    assert one != two


def test_too_many_pages_are_refused(mixed: Path) -> None:
    with pytest.raises(DocumentUnreadable) as caught:
        survey(mixed, max_pages=3)
    assert caught.value.kind == "too_large"


@pytest.mark.parametrize(("media_type", "content"), [(PDF, b"%PDF-1.7 x"), ("image/png", b"\x89PNG\r\n\x1a\nx")])
async def test_a_damaged_file_is_an_error_of_its_own(tmp_path: Path, media_type: str, content: bytes) -> None:
    path = tmp_path / "damaged"
    path.write_bytes(content)
    with pytest.raises(DocumentUnreadable) as caught:
        await survey_pages(path, media_type, **LIMITS)
    assert caught.value.kind == "corrupt"


async def test_pages_come_back_from_the_limited_process(mixed: Path) -> None:
    plan = await survey_pages(mixed, PDF, **LIMITS)
    (file,) = await render_pages(mixed, PDF, [3], "pdf", **LIMITS)
    assert (plan.page_count, plan.parts[0].text[:14]) == (6, "The kiln dries")
    assert file.attachment is not None
    assert file.attachment.data.startswith(b"%PDF-")


async def test_memory_is_limited_for_pages_too(mixed: Path) -> None:
    with pytest.raises(DocumentUnreadable):
        await survey_pages(mixed, PDF, timeout_s=30.0, memory_bytes=40_000_000)


def test_what_is_said_of_a_damaged_image_does_not_tell_where_it_lies(tmp_path: Path) -> None:
    path = tmp_path / "fake.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\nrubbish")
    with pytest.raises(DocumentUnreadable) as caught:
        render(path, "image", media_type="image/png")
    assert (caught.value.kind, str(tmp_path) in caught.value.detail) == ("corrupt", False)
