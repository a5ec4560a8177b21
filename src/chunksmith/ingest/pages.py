"""Pages for models that read: which of them need it, and each as a small file, made in the limited process."""

import base64
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal, NamedTuple

from chunksmith.domain.calls import Attachment
from chunksmith.domain.reading import PagePart, ReadingPlan
from chunksmith.ingest.parsers.document import ParseLimits
from chunksmith.ingest.sandbox import run_limited

# As a PDF of one page where the provider reads PDF, else as a JPEG.
PageForm = Literal["pdf", "image"]
PDF = "application/pdf"
_HEAD = 1024
_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
)


class PageFile(NamedTuple):
    """A page as it can be sent, or why it cannot."""

    page: int
    attachment: Attachment | None
    problem: str = ""


def media_type_of(path: Path) -> str | None:
    """``application/pdf`` or the type of an image that can be read page by page; None for everything else."""
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    if b"%PDF-" in head:
        return PDF
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return next((media_type for mark, media_type in _SIGNATURES if head.startswith(mark)), None)


async def survey_pages(
    path: Path, media_type: str, *, timeout_s: float, memory_bytes: int, limits: ParseLimits | None = None
) -> ReadingPlan:
    """Read the text layers that are good; the other pages wait for a model.

    Units, Errors: as ``parse_limited``.
    """
    order = {"path": str(path), "media_type": media_type, "limits": asdict(limits or ParseLimits())}
    found = await run_limited("survey", order, timeout_s=timeout_s, memory_bytes=memory_bytes)
    return ReadingPlan(media_type, found["title"], tuple(PagePart(**part) for part in found["parts"]))


async def render_pages(
    path: Path, media_type: str, pages: Sequence[int], form: PageForm, *, timeout_s: float, memory_bytes: int
) -> list[PageFile]:
    """Each page as a file that is the same every time. Units, Errors: as ``parse_limited``."""
    order = {"path": str(path), "media_type": media_type, "pages": list(pages), "form": form}
    found = await run_limited("render", order, timeout_s=timeout_s, memory_bytes=memory_bytes)
    return [_page_file(one) for one in found["files"]]


def _page_file(found: dict[str, Any]) -> PageFile:
    if "data" not in found:
        return PageFile(found["page"], None, found["problem"])
    return PageFile(found["page"], Attachment(found["media_type"], base64.b64decode(found["data"])))
