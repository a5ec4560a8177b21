"""A deck of flash cards as Anki keeps it: a SQLite database in a ZIP, filled row by row."""

import hashlib
import itertools
import shutil
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

from chunksmith.domain.clock import parse_time
from chunksmith.exports.archive import LARGE_ROWS, Archive
from chunksmith.exports.cards import Card, card, deck_name
from chunksmith.exports.columns import DatasetHeader, Row
from chunksmith.exports.protocols import BuiltIn, Sink, Writer

# Ours for good: another number would be another note type to those who imported before.
MODEL_ID = 1_763_812_441_101
FIELDS = ("Front", "Back", "Evidence", "Source", "Entry")
FRONT = "{{Front}}"
BACK = """{{FrontSide}}<hr id="answer">{{Back}}
{{#Evidence}}<blockquote>{{Evidence}}</blockquote>{{/Evidence}}<div class="source">{{Source}}</div>"""
STYLE = """.card { font-family: sans-serif; font-size: 20px; text-align: left; }
blockquote { font-size: 80%; border-left: 3px solid #999; margin-left: 0; padding-left: 1em; }
.source { font-size: 60%; color: #777; }
"""
_COPIED_BYTES = 1 << 18


class Anki(BuiltIn):
    name = "anki"
    extension = "apkg"
    media_type = "application/vnd.anki"
    description = "Flash cards as a package for Anki; importing a later one updates the cards"
    passages = True
    one_file = True
    packed = True

    def open(self, sink: Sink, header: DatasetHeader) -> "AnkiWriter":
        return AnkiWriter(sink, header)


class AnkiWriter(Writer):
    """The database grows in a temporary folder: an archive says sizes before contents, and SQLite needs a file.

    Each call may come in another thread, one after the other.
    """

    def __init__(self, sink: Sink, header: DatasetHeader) -> None:
        self._sink = sink
        self._header = header
        self._rows = 0
        self._changed_at = parse_time(header.updated_at)
        self._ids = itertools.count(int(self._changed_at * 1000))
        self._folder = Path(tempfile.mkdtemp(prefix="chunksmith-anki-"))
        self._deck = _genanki().Deck(_number(f"deck {header.dataset_id}"), deck_name(header))
        self._model = _model()
        self._deck.add_model(self._model)
        self._database = sqlite3.connect(self._folder / "collection.anki2", check_same_thread=False)
        self._database.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
        self._cursor = self._database.cursor()
        _genanki().Package(self._deck).write_to_db(self._cursor, self._changed_at, self._ids)

    def write(self, rows: list[Row]) -> None:
        for row in rows:
            note = self._note(card(row, self._header), row["id"])
            note.write_to_db(self._cursor, self._changed_at, self._deck.deck_id, self._ids)
        self._rows += len(rows)

    def close(self) -> None:
        try:
            self._database.commit()
            self._database.close()
            self._pack()
        finally:
            self.abandon()

    def abandon(self) -> None:
        self._database.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _note(self, card: Card, entry_id: str) -> Any:
        fields = [card.front, card.back, card.evidence, card.source, entry_id]
        return _genanki().Note(self._model, fields, tags=card.tags, guid=card.guid)

    def _pack(self) -> None:
        archive = Archive(self._sink)
        member = archive.member("collection.anki2", large=self._rows > LARGE_ROWS)
        with (self._folder / "collection.anki2").open("rb") as stream:
            while piece := stream.read(_COPIED_BYTES):
                member.write(piece)
        member.close()
        archive.add("media", b"{}")
        archive.close()


def _model() -> Any:
    return _genanki().Model(
        MODEL_ID,
        "Chunksmith",
        fields=[{"name": name} for name in FIELDS],
        templates=[{"name": "Card", "qfmt": FRONT, "afmt": BACK}],
        css=STYLE,
    )


def _number(text: str) -> int:
    """An id as Anki has them: milliseconds of some time, positive and below 2^53."""
    return 1_000_000_000_000 + int.from_bytes(hashlib.sha256(text.encode()).digest()[:5])


def _genanki() -> Any:
    import genanki  # noqa: PLC0415 - 0.1 s that only flash cards need

    return genanki
