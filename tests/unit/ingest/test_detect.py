"""What a file is taken for, and which declarations of entities make it one that is not read."""

import io
import random
import zipfile
from pathlib import Path

import pytest

from chunksmith.errors import DocumentUnreadable
from chunksmith.ingest.parsers import ParsedDocument, parse_file
from word_parts import word_document

_PROSE = "The tower was built in 1759 and stood for more than a hundred years."


def _read(tmp_path: Path, name: str, content: str | bytes) -> ParsedDocument:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return parse_file(path, name)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(
            f'<p align="center">Towers</p>\n\n{_PROSE}\n\n```xml\n<!DOCTYPE a [ <!ENTITY b "c"> ]>\n```\n', id="code"
        ),
        pytest.param(f"<h1>Towers</h1>\n\n{_PROSE} In prose, <!ENTITY b> is a word.\n", id="prose"),
        pytest.param(f'<!-- <!DOCTYPE a [ <!ENTITY b "c"> ]> -->\n\n{_PROSE}\n', id="comment"),
        pytest.param(f'<!-- Towers -->\n{_PROSE}\n\n<!DOCTYPE a [ <!ENTITY b "c"> ]>', id="behind a comment"),
    ],
)
def test_markdown_that_mentions_entities_is_read(tmp_path: Path, content: str) -> None:
    assert _PROSE in _read(tmp_path, "towers.md", content).text


@pytest.mark.parametrize(
    "prolog",
    [
        pytest.param('<!DOCTYPE a SYSTEM "a>[.dtd">', id="outside"),
        pytest.param("<!DOCTYPE a [ <!ELEMENT a (#PCDATA)> <!-- <!ENTITY b 'c'> ] --> ]>", id="in a comment"),
        pytest.param("<!DOCTYPE a [ <!ATTLIST a b CDATA '<!ENTITY'> ]>", id="in a value"),
    ],
)
def test_document_type_without_entities_is_read(tmp_path: Path, prolog: str) -> None:
    content = f'<?xml version="1.0"?>\n{prolog}\n<a>{_PROSE}<![CDATA[ <!ENTITY ]]></a>'
    assert _PROSE in _read(tmp_path, "towers.xml", content).text


@pytest.mark.parametrize(
    "content",
    [
        pytest.param('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', id="without a declaration"),
        pytest.param(
            '<?xml version="1.0"?><!-- a --><?b c?>\n<!DOCTYPE a [<!entity b "c">]><a>&b;</a>', id="behind all"
        ),
        pytest.param('<!DOCTYPE a PUBLIC "]>" "a" [<!ELEMENT a ANY><!-- ] --><!ENTITY b "c">]><a>&b;</a>', id="quoted"),
        pytest.param(f'<!DOCTYPE a [<!ENTITY b "c">{"<!ELEMENT a ANY>" * 9_000}]><a>&b;</a>', id="long"),
    ],
)
def test_document_type_that_declares_entities_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(DocumentUnreadable, match="XML entities"):
        _read(tmp_path, "towers.xml", content)


_DRAWING = (
    '<?xml version="1.0"?><!DOCTYPE svg [ <!ENTITY ns_svg "http://www.w3.org/2000/svg"> ]><svg xmlns="&ns_svg;"/>'
)
_DECLARING = '<?xml version="1.0"?><!DOCTYPE a [ <!ENTITY b "c"> ]><a>&b;</a>'


def _word(tmp_path: Path, members: dict[str, str | bytes]) -> str:
    """A document of one paragraph, and ``members`` beside or instead of its own."""
    document = word_document()
    document.add_paragraph(_PROSE)
    stream = io.BytesIO()
    document.save(stream)
    changed = io.BytesIO()
    with zipfile.ZipFile(stream) as made, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in {*made.namelist()} - {*members}:
            archive.writestr(name, made.read(name))
        for name, content in members.items():
            archive.writestr(name, content)
    return _read(tmp_path, "towers.docx", changed.getvalue()).text


def test_picture_that_declares_entities_is_no_reason_to_refuse_a_document(tmp_path: Path) -> None:
    assert _word(tmp_path, {"word/media/tower.SVG": _DRAWING}) == _PROSE


def test_part_that_mentions_entities_is_read(tmp_path: Path) -> None:
    mention = f'<?xml version="1.0"?><a><!-- {_DECLARING[21:]} --></a>'
    assert _word(tmp_path, {"customXml/item1.xml": mention}) == _PROSE


@pytest.mark.parametrize("name", ["customXml/item1.xml", "word/comments.xml", "word/odd.part"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be"])
def test_part_that_declares_entities_is_refused(tmp_path: Path, name: str, encoding: str) -> None:
    with pytest.raises(DocumentUnreadable, match="XML entities"):
        _word(tmp_path, {name: _DECLARING.encode(encoding)})


def test_declaration_far_behind_the_beginning_of_a_part_is_found(tmp_path: Path) -> None:
    content = random.Random(1).randbytes(400_000).hex()
    with pytest.raises(DocumentUnreadable, match="XML entities"):
        _word(tmp_path, {"customXml/item1.xml": f"<!-- {content} -->{_DECLARING[21:]}"})


def test_entities_of_a_picture_that_calls_itself_the_document_grow_to_nothing(tmp_path: Path) -> None:
    laughs = "".join(f'<!ENTITY e{level} "{f"&e{level - 1};" * 30}">' for level in range(1, 9))
    bomb = f'<!DOCTYPE a [<!ENTITY e0 "ha ha ha ha ha ha">{laughs}]><a>&e8;</a>'
    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r" Type="http:'
        '//schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/a.svg"/></Relationships>'
    )
    with pytest.raises(DocumentUnreadable):
        _word(tmp_path, {"word/a.svg": bomb, "_rels/.rels": relations})


@pytest.mark.parametrize(
    ("space", "encoding"), [(" ", "utf-8"), ("\r\n", "utf-8"), (" ", "utf-16"), ("\t", "utf-16-le")]
)
def test_text_behind_much_white_space_is_read(tmp_path: Path, space: str, encoding: str) -> None:
    assert _PROSE in _read(tmp_path, "towers.txt", (space * 200_000 + _PROSE * 2).encode(encoding)).text


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        pytest.param(b" \n" * 100_000, "empty", id="white space"),
        pytest.param(bytes(200_000), "empty", id="zeros"),
        pytest.param(bytes(200_000) + _PROSE.encode(), "binary", id="text behind zeros"),
    ],
)
def test_file_of_white_space_or_zeros_is_not_read(tmp_path: Path, content: bytes, kind: str) -> None:
    with pytest.raises(DocumentUnreadable) as caught:
        _read(tmp_path, "towers.txt", content)
    assert caught.value.kind == kind
