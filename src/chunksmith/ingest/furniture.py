"""Text that says nothing: menus, tables of contents, page numbers, headings without a body, copyright lines."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import groupby, pairwise

from chunksmith.domain.rights import is_notice_of_rights
from chunksmith.domain.sentences import Span
from chunksmith.ingest.blocks import Block
from chunksmith.ingest.contents import contents_runs, is_contents_title
from chunksmith.ingest.leaders import is_contents_line

_WORD = re.compile(r"\w+")
_NUMBERED = re.compile(
    r"^(?:chapter|appendix|part)?\s*(?:[A-Z]|\d{1,3}|[IVX]{1,5})(?P<more>(?:\.\d{1,3})*)\.?\s+\S.{0,100}$", re.I
)
_PAGE_NUMBER = re.compile(
    r"^(?:page\s+)?[-–—\[(]?\s*(?:\d{1,4}|[ivxlc]{1,6})\s*(?:(?:of|/)\s*\d{1,4})?\s*[-–—\])]?$", re.I
)
_RULE = re.compile(r"^(?:[-=*_~#.]\s?){3,}$")
# A picture that is a link, as a row of which tells the state of a build.
_BADGE = re.compile(
    r"\[!\[[^\]\n]{0,300}\](?:\([^)\n]{0,500}\)|\[[^\]\n]{0,100}\])\](?:\([^)\n]{0,500}\)|\[[^\]\n]{0,100}\])"
)
_LINK = re.compile(_BADGE.pattern + r"|!?\[[^\]\n]{0,300}\]\([^)\n]{0,500}\)|<?https?://\S{1,500}")
_LINK_REST = re.compile(r"[\s|•·»«>/,;:*+\-\d.()]*")
_NOTICE = re.compile(
    r"^(?:copyright\b|©|\(c\)\s|all rights reserved|this (?:page|document) (?:was )?last (?:modified|updated)|"
    r"last (?:modified|updated)|(?:table of )?contents$|on this page$|(?:previous|next|up|home|index|top)$)",
    re.I,
)
_NO_ENTRY = "."
_CONTENT_MARKS = ("```", "~~~")
_LONGEST_LINE = 4000
_RIGHTS_TITLE = re.compile(
    r"^(?:legal notices?|copyright(?: notice)?|licen[sc]e|rechtlicher hinweis|rechtliche hinweise|impressum|lizenz|"
    r"mentions légales|aviso legal|note legali|著作権(?:表示)?|ライセンス|法的通知|版权声明|许可证)$",
    re.I,
)
_CHANGED = re.compile(r"^(?:(?:this|the) (?:page|document) (?:was )?)?last (?:modified|updated|changed)\b", re.I)
_NOTICE_WORDS = 14
_LEADER_PAGE = re.compile(r"(?:(?:\.[ \t]?){4,}|…{2,}|(?:·[ \t]?){4,}|_{4,})[ \t]*(?:\d{1,4}|[ivxlc]{1,6})$")
_TAGS = re.compile(r"(?:</?(?:p|a|img|br|hr|div|center|picture|source|span|h[1-6])(?:\s[^<>\n]{0,500})?/?>\s*)+")
# A line that leads back within the document.
_WITHIN = re.compile(r"\W*\[[^\]\n]{0,100}\]\(#[^)\n]{0,200}\)\W*")
_TO_TOP = re.compile(
    r"\W*(?:(?:go |jump )?back to (?:the )?top|return to (?:the )?top|(?:zurück )?nach oben|volver arriba|"
    r"retour en haut|torna su)\W*",
    re.I,
)
_LINK_NAME = re.compile(r"(?<!!)\[([^\]\n]{0,300})\]\(")
_SAID = re.compile(r"\w+(?:\W+\w+){4,}\W*[.!。]$")
# End notes: "[12] See …", "^[12] …" as browsers for terminals write them, "[^12]: …" as Markdown does.
_NOTE = re.compile(r"(?:\[\d{1,4}\]|(?P<sure>\^\[\d{1,4}\]|\[\^[\w-]{1,20}\]:))[ \t]+(?=\S)")
_POINTS = re.compile(
    r"(?:see|refer to|siehe|vergleiche|voir|véase|vea|vedi|zie)\b|(?:cf|vgl|zob|см)\.|参见|参考|請參閱|请参阅|"
    r".{1,200}(?:を参照(?:してください)?|をご覧ください)。?$",
    re.I,
)
_SECOND_SENTENCE = re.compile(r"[.!?]\)?\s+[A-Z]\w*,? [a-z]")
_CITATION = re.compile(
    r"\b(?:pp?\. ?\d|vol\. ?\d|doi:|doi\.org|isbn\b|issn\b|arxiv\b|proc\. |proceedings of|"
    r"(?:retrieved|accessed) (?:on )?\w+ \d)",
    re.I,
)
_LONGEST_POINTER, _LONGEST_REMARK = 300, 8
_ITEM_MARK = re.compile(r"^(?:[-*+•‣▪◦]|\d{1,4}[.)])\s+")


def is_furniture(text: str) -> bool:
    """Whether nothing can be learned from ``text``: no question about its subject could be answered from it.

    True for headings alone, page numbers, rules, dot leaders and numbered tables of contents, lists of bare links,
    copyright and "last modified" lines, and any mixture of these. Tables of data, code and every sentence are content.
    """
    lines = [line for line in (raw.strip() for raw in text.splitlines()) if line]
    if any(line.startswith(_CONTENT_MARKS) for line in lines):
        return False
    rest = [line for line in lines if not _says_nothing(line)]
    if not rest:
        return True
    if len(rest) < 5:
        return sum(map(_words, rest)) < 3 and not _has_wide(rest)
    return _is_contents(rest)


def is_silent(text: str) -> bool:
    """Whether each line of ``text`` is furniture, whatever stands beside it. A heading is none, nor are a few words."""
    lines = _lines_of(text)
    return all(map(_is_silent_line, lines)) or _is_outline(lines)


def furniture_spans(text: str, parts: Sequence[Block]) -> list[Span]:
    """Where the furniture stands among ``parts``, the blocks of ``text``: menus, contents, footers, lists of links.

    Stricter than ``is_furniture``: a rule, a picture, one link or a page number by itself cuts nothing in two, for
    they stand in the middle of prose. A heading right above furniture goes with it, a contents list with its title.
    Shapes: in order, apart from each other, from the start of a block to the end of one.
    """
    found: list[Span] = []
    contents = _contents(text, parts)
    at = 0
    while at < len(parts):
        first = at
        while at < len(parts) and parts[at].kind == "heading" and at not in contents:
            at += 1
        body = at
        titled = body > first and is_contents_title(_plain(parts[body - 1].title))
        while at < len(parts) and (at in contents or _is_silent(text, parts[at], titled=titled)):
            at += 1
        lines = [line for block in parts[body:at] for line in _lines_of(text[block.start : block.end])]
        if lines and (titled or body in contents or _has_evidence(lines)):
            found.append(Span(parts[first].start, parts[at - 1].end))
        at = max(at, first + 1)
    return found


def _contents(text: str, parts: Sequence[Block]) -> frozenset[int]:
    """The blocks of tables of contents: their entries are lines, items or paragraphs, those of chapters headings."""
    lines: list[str] = []
    owners: list[int] = []
    for index, block in enumerate(parts):
        if block.kind in {"prose", "list"}:
            own = [line for line in text[block.start : block.end].splitlines() if line.strip()]
        else:
            own = [block.title if block.kind == "heading" else _NO_ENTRY]
        lines += own
        owners += [index] * len(own)
    are_headings = [parts[owner].kind == "heading" for owner in owners]
    found = {at for run in contents_runs(lines, are_headings) for at in range(run.start, run.end)}
    for is_numbered, group in groupby(
        range(len(lines)), lambda at: not are_headings[at] and bool(_numbered(lines[at]))
    ):
        outline = list(group)
        if is_numbered and _is_outline([lines[at] for at in outline]):
            found.update(outline)
    within, whole = Counter(owners[at] for at in found), Counter(owners)
    return frozenset(index for index, count in within.items() if count == whole[index])


def _lines_of(text: str) -> list[str]:
    """Those with words; a notice of rights that goes over several lines, or a note, is one."""
    lines = [line for line in (raw.strip() for raw in text.splitlines()) if line]
    if len(lines) < 2 or len(text) > _LONGEST_LINE:
        return lines
    whole = " ".join(lines)
    if is_notice_of_rights(_plain(whole)):
        return [whole]
    if not _NOTE.match(lines[0]):
        return lines
    notes: list[str] = []
    for line in lines:
        if _NOTE.match(line):
            notes.append(line)
        else:
            notes[-1] += f" {line}"
    return notes


def _is_silent(text: str, block: Block, *, titled: bool) -> bool:
    """``titled``: it stands below the title of a contents list."""
    if block.kind not in {"prose", "list"}:
        return False
    piece = text[block.start : block.end]
    return is_silent(piece) or (titled and block.kind == "list" and all(map(_is_title, _lines_of(piece))))


def _is_silent_line(line: str) -> bool:
    if len(line) > _LONGEST_LINE:
        return False
    plain = _plain(line)
    if _PAGE_NUMBER.match(plain) or _RULE.match(line) or _is_notice(plain) or is_contents_line(line):
        return True
    if _RIGHTS_TITLE.match(plain) or _is_pointer(line) or _leads_back(line) or _TAGS.fullmatch(line):
        return True
    without = _LINK.sub("", plain)
    if len(without) == len(plain) or not _LINK_REST.fullmatch(without):
        return False
    return not any(_SAID.search(name) for name in _LINK_NAME.findall(_BADGE.sub("", plain)))


def _leads_back(line: str) -> bool:
    """``[Back to top](#start)``, or the same in tags."""
    if _WITHIN.fullmatch(line):
        return not any(map(_SAID.search, _LINK_NAME.findall(line)))
    return bool(_TO_TOP.fullmatch(_TAGS.sub("", line)))


def _has_evidence(lines: list[str]) -> bool:
    """What only furniture has: a notice; two links, lines with leaders to a page or notes; numbered titles in order."""
    if any(_is_notice(_plain(line)) or is_contents_title(_plain(line)) or _leads_back(line) for line in lines):
        return True
    links = sum(len(_LINK_NAME.findall(_BADGE.sub("[badge](", line))) for line in lines)
    leaders = sum(1 for line in lines if _LEADER_PAGE.search(line[-200:]))
    pointers = sum(map(_is_pointer, lines))
    return links > 1 or leaders > 1 or pointers > 1 or _is_outline(lines)


def _is_notice(line: str) -> bool:
    if is_contents_title(line) or is_notice_of_rights(line):
        return True
    return bool(_CHANGED.match(line)) and len(_WORD.findall(line)) <= _NOTICE_WORDS


def _is_pointer(line: str) -> bool:
    """An end note that tells nothing but where to look: one sentence of reference, a citation, words that are none."""
    mark = _NOTE.match(line)
    if mark is None or len(line) > _LONGEST_POINTER:
        return False
    rest = line[mark.end() :]
    if _LINK_REST.fullmatch(_LINK.sub("", rest)) or _CITATION.search(rest):
        return True
    if _SECOND_SENTENCE.search(rest):
        return False
    return bool(_POINTS.match(rest)) or (
        mark["sure"] is not None and rest[-1] not in ".!?。！？" and len(rest.split()) <= _LONGEST_REMARK
    )


def _is_outline(lines: list[str]) -> bool:
    """Numbered titles of several levels whose numbers rise: measures and versions do not.

    A number behind each, too, may as well be a price or a time: that is for ``contents_runs`` to tell.
    """
    if len(lines) < 5 or not _is_contents(lines) or 2 * sum(line[-1:].isdigit() for line in lines) > len(lines):
        return False
    numbers = [match[0] for match in (re.match(r"\d{1,3}(?:\.\d{1,3})*", _plain(line)) for line in lines) if match]
    steps = [tuple(map(int, number.split("."))) for number in numbers]
    whole = sum(1 for step in steps if len(step) == 1)
    return whole > 1 and all(before < after for before, after in pairwise(steps))


def _is_title(line: str) -> bool:
    plain = _plain(_ITEM_MARK.sub("", line))
    return len(plain) < 100 and not plain.endswith((".", "!", ";", ":"))


def _plain(line: str) -> str:
    return line.strip().strip("*_").strip().rstrip(":").rstrip("*_")


def _says_nothing(line: str) -> bool:
    if line.startswith("#") and line.lstrip("#").startswith((" ", "\t")):
        return True
    if len(line) > 400:
        return False
    if _PAGE_NUMBER.match(line) or _RULE.match(line) or _NOTICE.match(line) or is_contents_line(line):
        return True
    if _leads_back(line) or _TAGS.fullmatch(line):
        return True
    without = _LINK.sub("", line)
    return len(without) < len(line) and _LINK_REST.fullmatch(without) is not None


def _is_contents(lines: list[str]) -> bool:
    """Numbered titles of several levels, none of which is a sentence."""
    titles = [match for match in map(_numbered, lines) if match]
    deep = sum(1 for match in titles if match["more"])
    ended = sum(1 for line in lines if line.endswith((".", "!", "?", ":", ";")))
    return len(titles) >= 0.8 * len(lines) and deep >= 0.3 * len(lines) and ended <= 0.1 * len(lines)


def _numbered(line: str) -> re.Match[str] | None:
    return _NUMBERED.match(line.lstrip("-*+ "))


def _words(line: str) -> int:
    """Scripts without spaces, and addresses, make long runs; they count by their length."""
    return sum(1 + len(word) // 12 for word in _WORD.findall(line))


def _has_wide(lines: list[str]) -> bool:
    """Chinese and Japanese put no spaces between words, so that words cannot be counted."""
    return sum(1 for line in lines for character in line if character > "\u2e7f") > 6
