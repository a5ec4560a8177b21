"""EPUB: the pages in the order of the spine, each through the HTML walk."""

import posixpath
import zipfile
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote

from selectolax.lexbor import LexborHTMLParser, LexborNode

from chunksmith.errors import DocumentUnreadable
from chunksmith.ingest.parsers.archives import read_member
from chunksmith.ingest.parsers.document import ParsedDocument, ParseLimits
from chunksmith.ingest.parsers.encodings import decode
from chunksmith.ingest.parsers.html import markdown_from_html
from chunksmith.ingest.parsers.xhtml import html_from_xhtml

_NOT_TEXT = frozenset(("nav", "toc", "genindex", "cover", "titlepage", "copyright", "index-of-terms", "search"))
_MAX_WARNINGS = 10


def parse_epub(path: Path, name: str, limits: ParseLimits) -> ParsedDocument:
    """Pages that are not in the file or cannot be read are left out, and named in a warning."""
    del name, limits
    with zipfile.ZipFile(path) as archive:
        if read_member(archive, "META-INF/encryption.xml") is not None and read_member(archive, "META-INF/rights.xml"):
            raise DocumentUnreadable("encrypted", "The book is protected by DRM and cannot be read.")
        package_name, package = _package(archive)
        folder = posixpath.dirname(package_name)
        pages: list[str] = []
        lost: list[str] = []
        for href in _spine(package):
            try:
                pages.append(_page(archive, posixpath.normpath(posixpath.join(folder, unquote(href)))))
            except DocumentUnreadable as exc:
                lost.append(f"The page {href!r} of the book was left out: {exc.detail}.")
    title = next(iter(package["title"]), None)
    text = "\n\n".join(page for page in pages if page.strip())
    if not text:
        raise DocumentUnreadable("corrupt" if lost else "empty", " ".join(["The book has no text.", *lost[:1]]))
    return ParsedDocument(
        text, "application/epub+zip", title.text().strip() if title is not None else None, _warnings(lost)
    )


def _page(archive: zipfile.ZipFile, member: str) -> str:
    content = read_member(archive, member)
    if content is None:
        raise DocumentUnreadable("corrupt", "it is not in the file")
    return markdown_from_html(html_from_xhtml(decode(content, markup=True).text)).text


def _warnings(lost: list[str]) -> tuple[str, ...]:
    more = len(lost) - _MAX_WARNINGS
    return (*lost[:_MAX_WARNINGS], f"So were {more} more of its pages.") if more > 0 else tuple(lost)


_Elements = Mapping[str, list[LexborNode]]


def _package(archive: zipfile.ZipFile) -> tuple[str, _Elements]:
    container = read_member(archive, "META-INF/container.xml")
    if container is None:
        raise DocumentUnreadable("corrupt", "The book has no META-INF/container.xml.")
    root = next(iter(_elements(container)["rootfile"]), None)
    name = unquote((root.attributes.get("full-path") or "") if root is not None else "")
    package = read_member(archive, name) if name else None
    if package is None:
        raise DocumentUnreadable("corrupt", "The book names a package file that is not in it.")
    return name, _elements(package)


def _elements(content: bytes) -> _Elements:
    """Those of a file, in order, by their names without the prefix of a namespace, which is the file's own choice."""
    found: defaultdict[str, list[LexborNode]] = defaultdict(list)
    root = LexborHTMLParser(html_from_xhtml(decode(content, markup=True).text)).root
    for node in root.traverse() if root is not None else ():
        found[(node.tag or "").rpartition(":")[2]].append(node)
    return found


def _spine(package: _Elements) -> list[str]:
    """The addresses of the pages, each once: more than one place of a page may be in the order."""
    items = {item.attributes.get("id"): item for item in package["item"]}
    hrefs: list[str] = []
    for reference in package["itemref"]:
        identity = reference.attributes.get("idref")
        item = items.get(identity)
        href = item.attributes.get("href") if item is not None else None
        # What has no address is looked for by its identity, and so named as missing.
        if item is None or not href:
            hrefs.append(identity or "")
        elif _is_text(item):
            hrefs.append(href)
    return list(dict.fromkeys(href.partition("#")[0] for href in hrefs))


def _is_text(item: LexborNode) -> bool:
    attributes = item.attributes
    href = attributes.get("href") or ""
    stem = posixpath.splitext(posixpath.basename(href))[0].lower()
    properties = (attributes.get("properties") or "").split()
    return "nav" not in properties and stem not in _NOT_TEXT
