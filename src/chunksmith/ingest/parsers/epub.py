"""EPUB: the pages in the order of the spine, each through the HTML walk."""

import posixpath
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from selectolax.lexbor import LexborHTMLParser, LexborNode

from chunksmith.errors import DocumentUnreadable
from chunksmith.ingest.parsers.archives import read_member
from chunksmith.ingest.parsers.document import ParsedDocument, ParseLimits
from chunksmith.ingest.parsers.encodings import decode, is_binary
from chunksmith.ingest.parsers.html import is_link_page, markdown_from_tree, page_tree
from chunksmith.ingest.parsers.html_nodes import is_navigation_type
from chunksmith.ingest.parsers.xhtml import html_from_xhtml

_MAX_WARNINGS = 10
# The least that prose has, and no entry of a table of contents.
_PARAGRAPH = 200
_FONT_ALGORITHMS = frozenset(("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"))
# Of a file, in order, by their names without the prefix of a namespace, which is the file's own choice.
_Elements = Mapping[str, list[LexborNode]]


class _Book(NamedTuple):
    """Addresses in ``package`` are relative to ``folder``."""

    archive: zipfile.ZipFile
    package: _Elements
    folder: str


class _Page(NamedTuple):
    text: str
    warnings: tuple[str, ...]


class _Read(NamedTuple):
    """The pages with text, why others were left out, and whether one of those is damaged."""

    pages: list[_Page]
    lost: list[str]
    is_damaged: bool


def parse_epub(path: Path, name: str, limits: ParseLimits) -> ParsedDocument:
    """Pages that are not in the file or cannot be read are left out; warnings name them, and guessed encodings."""
    del name, limits
    with zipfile.ZipFile(path) as archive:
        if read_member(archive, "META-INF/encryption.xml") is not None and read_member(archive, "META-INF/rights.xml"):
            raise DocumentUnreadable("encrypted", "The book is protected by DRM and cannot be read.")
        book = _book(archive)
        spine = _spine(book.package)
        if not _encrypted(archive).isdisjoint(_member(book.folder, href) for href in spine):
            raise DocumentUnreadable("encrypted", "The pages of the book are encrypted and cannot be read.")
        read = _read(book, spine)
    title = next(iter(book.package["title"]), None)
    text = "\n\n".join(_without_last_headings([page.text for page in read.pages]))
    if not text:
        why = " ".join(["The book has no text.", *read.lost[:1]])
        raise DocumentUnreadable("corrupt" if read.is_damaged else "empty", why)
    guesses = dict.fromkeys(warning for page in read.pages for warning in page.warnings)
    warnings = (*guesses, *_warnings(read.lost))
    return ParsedDocument(text, "application/epub+zip", title.text().strip() if title is not None else None, warnings)


def _read(book: _Book, spine: list[str]) -> _Read:
    navigation = set(_navigation(book))
    pages: list[_Page] = []
    lost: list[str] = []
    is_damaged = False
    for href in spine:
        member = _member(book.folder, href)
        try:
            page = _page(book.archive, member, is_navigation=member in navigation)
        except DocumentUnreadable as exc:
            lost.append(f"The page {href!r} of the book was left out: {exc.detail}.")
            is_damaged = is_damaged or exc.kind == "corrupt"
            continue
        if page.text.strip():
            pages.append(page)
    return _Read(pages, lost, is_damaged)


def _encrypted(archive: zipfile.ZipFile) -> set[str]:
    """The members that are encrypted; fonts made unreadable to other programs are not."""
    content = read_member(archive, "META-INF/encryption.xml")
    encrypted: set[str] = set()
    for data in _elements(content)["encrypteddata"] if content is not None else ():
        attributes = [node.attributes for node in data.traverse()]
        algorithms = {one["algorithm"] for one in attributes if one.get("algorithm")}
        if algorithms.isdisjoint(_FONT_ALGORITHMS):
            encrypted.update(_member("", one["uri"] or "") for one in attributes if one.get("uri"))
    return encrypted


def _book(archive: zipfile.ZipFile) -> _Book:
    container = read_member(archive, "META-INF/container.xml")
    if container is None:
        raise DocumentUnreadable("corrupt", "The book has no META-INF/container.xml.")
    root = next(iter(_elements(container)["rootfile"]), None)
    name = unquote((root.attributes.get("full-path") or "") if root is not None else "")
    package = read_member(archive, name) if name else None
    if package is None:
        raise DocumentUnreadable("corrupt", "The book names a package file that is not in it.")
    return _Book(archive, _elements(package), posixpath.dirname(name))


def _elements(content: bytes) -> _Elements:
    found: defaultdict[str, list[LexborNode]] = defaultdict(list)
    root = LexborHTMLParser(html_from_xhtml(decode(content, markup=True).text)).root
    for node in root.traverse() if root is not None else ():
        found[(node.tag or "").rpartition(":")[2]].append(node)
    return found


def _spine(package: _Elements) -> list[str]:
    """The addresses of the pages, each once: more than one place of a page may be in the order."""
    items = {item.attributes.get("id"): item.attributes.get("href") for item in package["item"]}
    # What has no address is looked for by its identity, and so named as missing.
    identities = [reference.attributes.get("idref") for reference in package["itemref"]]
    return list(dict.fromkeys((items.get(one) or one or "").partition("#")[0] for one in identities))


def _navigation(book: _Book) -> Iterator[str]:
    """The pages of which the package, its guide or its landmarks say that they are for finding one's way."""
    for item in book.package["item"]:
        if "nav" in (item.attributes.get("properties") or "").split():
            member = _member(book.folder, item.attributes.get("href") or "")
            yield member
            content = read_member(book.archive, member)
            links = _elements(content)["a"] if content is not None else []
            yield from _navigation_pages(links, "epub:type", posixpath.dirname(member))
    yield from _navigation_pages(book.package["reference"], "type", book.folder)


def _navigation_pages(references: list[LexborNode], attribute: str, folder: str) -> Iterator[str]:
    """Whole pages: a place in a page may have prose around it."""
    for reference in references:
        href = reference.attributes.get("href")
        if href and "#" not in href and is_navigation_type(reference.attributes.get(attribute)):
            yield _member(folder, href)


def _member(folder: str, href: str) -> str:
    return posixpath.normpath(posixpath.join(folder, unquote(href.partition("#")[0])))


def _page(archive: zipfile.ZipFile, member: str, *, is_navigation: bool) -> _Page:
    content = read_member(archive, member)
    if content is None:
        raise DocumentUnreadable("corrupt", "it is not in the file")
    if is_binary(content):
        raise DocumentUnreadable("binary", "it is a picture, or something else that is not text")
    decoded = decode(content, markup=True)
    tree = page_tree(html_from_xhtml(decoded.text))
    text = "" if is_link_page(tree) else markdown_from_tree(tree, in_book=True).text
    # Books call their first page the table of contents, whatever else it tells.
    is_left_out = is_navigation and max(map(len, text.split("\n\n"))) < _PARAGRAPH
    return _Page("" if is_left_out else text, decoded.warnings)


def _without_last_headings(pages: list[str]) -> list[str]:
    """Without pages at the end that have only a heading, as an index without entries; before text it is a title."""
    end = len(pages)
    while end > 1 and all(block.startswith("#") for block in pages[end - 1].split("\n\n")):
        end -= 1
    return pages[:end]


def _warnings(lost: list[str]) -> tuple[str, ...]:
    more = len(lost) - _MAX_WARNINGS
    return (*lost[:_MAX_WARNINGS], f"So were {more} more of its pages.") if more > 0 else tuple(lost)
