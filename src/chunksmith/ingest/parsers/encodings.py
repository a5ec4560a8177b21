"""Bytes to text: byte order mark, zero bytes, escape sequences, UTF-8, western letters, statistics, then cp1252."""

import codecs
import re
from typing import NamedTuple

from chunksmith.ingest.parsers.accents import encoding_of_accents

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(
    rb"<(?:meta|\?xml)[^>]{0,200}?(?:charset|encoding)\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE
)
_SAMPLE = 65_536
_HIGH = bytes(range(128, 256))
_JAPANESE_ESCAPE = re.compile(rb"\x1b\$[@B]")
_KANA = re.compile("[\u3041-\u30fe]")
_CONTROL = bytes({*range(32)} - {7, 8, 9, 10, 11, 12, 13, 27})


def _as_cp1252(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


_STRAY_BYTES = "chunksmith-stray-bytes"
codecs.register_error(_STRAY_BYTES, _as_cp1252)


class Decoded(NamedTuple):
    text: str
    encoding: str
    is_guess: bool = False

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to tell the reader of the document."""
        if not self.is_guess:
            return ()
        return (f"The encoding was guessed: {self.encoding}. If letters are wrong, save the file as UTF-8.",)


def decode(data: bytes, *, markup: bool = False) -> Decoded:
    """Never fails: what no encoding explains is read as cp1252. ``markup``: a charset declared in the text counts."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return Decoded(data[len(mark) :].decode(encoding, "replace"), encoding)
    wide = _wide_encoding(data)
    if wide is not None:
        return Decoded(data.decode(wide, "replace"), wide)
    if _JAPANESE_ESCAPE.search(data) and data.isascii():
        return Decoded(data.decode("iso2022_jp_2", "replace"), "iso2022_jp_2")
    try:
        return Decoded(data.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        return _decode_legacy(data, markup=markup)


def is_binary(data: bytes) -> bool:
    """Whether the beginning of a file has control characters that no text has in any encoding we read."""
    head = data[:8192]
    if any(head.startswith(mark) for mark, _ in _MARKS) or _wide_encoding(head) is not None:
        return False
    return b"\x00" in head or len(head) - len(head.translate(None, _CONTROL)) > len(head) * 0.02


def _wide_encoding(data: bytes) -> str | None:
    """UTF-16 without a mark: mostly Latin text has a zero in every second byte."""
    head = data[: _SAMPLE - _SAMPLE % 2]
    if len(head) < 4 or b"\x00" not in head:
        return None
    half = len(head) // 2
    even, odd = head[0::2].count(0) / half, head[1::2].count(0) / half
    if odd > 0.4 and even < 0.05:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 and odd < 0.05 else None


def _decode_legacy(data: bytes, *, markup: bool) -> Decoded:
    declared = _DECLARED.search(data[:4096]) if markup else None
    if declared is not None:
        try:
            encoding = codecs.lookup(declared[1].decode("ascii")).name
            return Decoded(data.decode(encoding, "replace"), encoding)
        except (LookupError, ValueError):
            pass
    replaced = data.decode("utf-8", "replace")
    lost = replaced.count("\ufffd")
    # Sequences of several bytes that are right are seldom chance: files were put together of several encodings.
    right = len(replaced) - len(replaced.encode("ascii", "ignore")) - lost
    if lost * 2_000 < len(replaced) or lost * 2 <= right:
        return Decoded(data.decode("utf-8", _STRAY_BYTES), "utf-8")
    return _decode_unsaid(data)


def _decode_unsaid(data: bytes) -> Decoded:
    sample = data[:_SAMPLE]
    # Western single-byte text is far the most common, and statistics mistake it for its rarer neighbours.
    if _has_accents(sample):
        accented = encoding_of_accents(sample)
        if accented is not None:
            return Decoded(data.decode(accented, "replace"), accented, is_guess=accented != "cp1252")
        if _share_of_high(sample) <= 0.15:
            return Decoded(data.decode("cp1252", "replace"), "cp1252")
    encoding = _japanese_encoding(sample)
    if encoding is None:
        from charset_normalizer import from_bytes  # noqa: PLC0415 - takes as long as the rest of a short text

        best = from_bytes(sample).best()
        encoding = best.encoding if best is not None else "cp1252"
    return Decoded(data.decode(encoding, "replace"), encoding, is_guess=True)


def _japanese_encoding(sample: bytes) -> str | None:
    """Text is Japanese when it can be read as such without a fault, and much of it is kana then."""
    for encoding in ("euc_jp", "cp932"):
        try:
            text = codecs.getincrementaldecoder(encoding)().decode(sample)
        except UnicodeDecodeError:
            continue
        if len(_KANA.findall(text)) * 5 > sum(1 for character in text if character > "\x7f"):
            return encoding
    return None


def _has_accents(sample: bytes) -> bool:
    """Whether high bytes are few and stand where accented letters and quotation marks stand."""
    share = _share_of_high(sample)
    if share > 0.25:
        return False
    runs = re.findall(r"[\u0080-\uffff]{3,}", sample.decode("cp1252", "replace"))
    return sum(map(len, runs)) <= share * len(sample) * 0.2


def _share_of_high(sample: bytes) -> float:
    return 1 - len(sample.translate(None, _HIGH)) / len(sample)
