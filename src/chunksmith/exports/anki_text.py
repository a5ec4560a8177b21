"""Flash cards as text: Anki imports it as it is, for the note type Basic, and updates what it imported before."""

from chunksmith.exports.cards import Card, card, deck_name
from chunksmith.exports.columns import DatasetHeader, Row
from chunksmith.exports.protocols import BuiltIn, Sink, Writer


class AnkiText(BuiltIn):
    name = "anki-text"
    extension = "txt"
    media_type = "text/plain; charset=utf-8"
    description = "Flash cards for Anki's text import: tab-separated, with the headers that make it need no questions"
    passages = True
    one_file = True

    def open(self, sink: Sink, header: DatasetHeader) -> "AnkiTextWriter":
        return AnkiTextWriter(sink, header)


class AnkiTextWriter(Writer):
    def __init__(self, sink: Sink, header: DatasetHeader) -> None:
        self._sink = sink
        self._header = header
        lines = (
            "#separator:tab",
            "#html:true",
            "#notetype:Basic",
            f"#deck:{deck_name(header)}",
            "#guid column:1",
            "#tags column:4",
            "#columns:Guid\tFront\tBack\tTags",
        )
        sink.write("".join(f"{line}\n" for line in lines).encode())

    def write(self, rows: list[Row]) -> None:
        self._sink.write("".join(_line(card(row, self._header)) for row in rows).encode())

    def close(self) -> None:
        """The last line is already complete."""


def _line(card: Card) -> str:
    quoted = f"<blockquote>{card.evidence}</blockquote>" if card.evidence else ""
    back = f"{card.back}<br><br>{quoted}<small>{card.source}</small>"
    return "\t".join((card.guid, card.front, back, " ".join(card.tags))) + "\n"
