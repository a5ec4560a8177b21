"""Pages and pictures that come with a request: checked as a provider would, and turned into something to say."""

import base64
import binascii
import hashlib

from fakellm.messages import Asked

PAGE_TOKENS = 258
_MARKS = {"application/pdf": b"%PDF-", "image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}


def decoded(media_type: object, data: object) -> bytes:
    """Errors: ValueError: not Base64, of a kind that is not read, or not of the kind that it says."""
    if not isinstance(data, str) or not data:
        raise ValueError("the data is missing")
    if media_type not in _MARKS:
        raise ValueError(f"Unsupported MIME type: {media_type}")
    try:
        content = base64.b64decode(data, validate=True)
    except binascii.Error as exc:
        raise ValueError("Base64 decoding failed") from exc
    if not content.startswith(_MARKS[str(media_type)]):
        raise ValueError("Unable to process input image.")
    return content


def kind_of(data: object) -> str:
    """The media type of a picture that comes without one."""
    try:
        content = base64.b64decode(data, validate=True) if isinstance(data, str) else b""
    except binascii.Error:
        return ""
    return next((name for name, mark in _MARKS.items() if content.startswith(mark)), "")


def seen_in(asked: Asked) -> str:
    """What stands on the pages: text that is as different as they are."""
    return "\n\n".join(_page(content) for content in asked.files)


def _page(content: bytes) -> str:
    mark = hashlib.sha256(content).hexdigest()[:12]
    number = int(mark[:6], 16)
    return (
        f"# Page {mark}\n\nThe page with the mark {mark} describes sample {number}. "
        f"Its keeper stored it in drawer {number % 97} because the shelf was full. It weighs {number % 1009} grams."
    )
