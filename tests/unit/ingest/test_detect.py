"""What a file is taken for, and which declarations of entities make it one that is not read."""

from pathlib import Path

import pytest

from chunksmith.errors import DocumentUnreadable
from chunksmith.ingest.parsers import ParsedDocument, parse_file

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
