"""Parts of a page that stand beside its text: advertisements, sign-up boxes, comments of readers, boxes on the author.

Their names are words that a page may be about. What tells something, or holds much of a page, is its text, whatever it
is called.
"""

import re
from dataclasses import dataclass, field

from selectolax.lexbor import LexborNode

from chunksmith.ingest.parsers.html_nodes import BLOCKS, is_left_out, names_of, visit
from chunksmith.ingest.parsers.told import Told

_COMMENTS = "comments"
_BOX = (
    r"(?:[-_]?(?:area|banner|bar|block|bottom|box|button|buttons|card|container|content|cta|footer|form|icons|inner|"
    r"inline|links|list|module|popup|prompt|section|sign-?up|slot|top|unit|widget|wrap|wrapper))"
)
_KINDS = {
    "advertisement": rf"ads?{_BOX}{{0,2}}|(?:google|banner|side)-?ads?|adsbygoogle|advert[-\w]*|sponsored(?:-\w+)?",
    "newsletter": rf"(?:e?mail-?)?(?:newsletter|subscribe|subscription|mailing-?list|sign-?up){_BOX}{{0,2}}",
    _COMMENTS: rf"comments?{_BOX}|comments|commentlist|disqus(?:_thread)?|respond|comment-respond|user-comments",
    "author": r"(?:post-|entry-)?(?:author|about-(?:the-)?author|bio)-(?:box|bio|card|info|section|block|description)",
    "tags": r"(?:post|entry|article|page|meta)[-_]tags?|tags|tags?[-_](?:list|links|cloud)|tagcloud|taglist",
    "share": r"(?:social|share|sharing)[-_](?:bar|box|buttons?|icons?|links|list|media|share|sharing|widget)|"
    r"post-share|sharedaddy|addthis\w*|follow-us",
    "related": r"(?:related|recommended|popular|recent)[-_](?:posts?|articles?|stories|content|links|entries)",
}
_NAMES = {kind: re.compile(rf"(?:^|\s)(?:{names})(?=\s|$)", re.IGNORECASE) for kind, names in _KINDS.items()}
_ANY = re.compile("|".join(pattern.pattern for pattern in _NAMES.values()), re.IGNORECASE)
# A word of the language may be the address of a section on it; the name of a box is none.
_PLAIN_WORD = re.compile(r"[A-Za-z]+")
_COMMENT = re.compile(r"(?:^|\s)(?:comment(?:[-_][\w-]+)?|commentlist|reply|avatar)(?=\s|$)", re.IGNORECASE)
_SIGNED = re.compile(
    r"(?:^|\s)(?:comment[-_]?(?:author|by|date|info|meta|metadata|reply|time|user\w*)|reply|avatar|author|user-?name)(?=\s|$)",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"\b\d{1,2}:\d{2}\b|\b\d{4}-\d\d-\d\d\b|\b\d{1,2}([./])\d{1,2}\1\d{2,4}\b|\b[^\W\d_]{3,} \d{1,2}, \d{4}\b|"
    r"\b\d{1,2}\.? [^\W\d_]{3,} \d{4}\b|\b(?:minutes?|hours?|days?|weeks?|months?|years?) ago\b"
)
_WRITTEN_IN = frozenset(("form", "input", "textarea", "iframe"))
# Less than one in so many characters of a page stands beside its text; of those in doubt, still less.
_SHARE = 2
_DOUBTFUL_SHARE = 3


def side_parts(root: LexborNode) -> frozenset[int]:
    """The nodes by their ``mem_id``."""
    survey = _Survey()
    visit(root, survey.enter, survey.leave)
    return survey.found()


@dataclass(slots=True)
class _Part:
    node: int
    kind: str
    start: int
    told: Told = field(default_factory=Told)
    has_form: bool = False
    has_comments: bool = False
    is_signed: bool = False

    def enter(self, node: LexborNode, tag: str) -> None:
        self.told.enter(node, tag)
        if self.kind != _COMMENTS:
            return
        if tag == "-text":
            self.is_signed = self.is_signed or bool(_DATE.search(node.text_content or ""))
            return
        names = " ".join(names_of(node))
        self.has_comments = self.has_comments or (tag in BLOCKS and bool(_COMMENT.search(names)))
        self.is_signed = self.is_signed or tag == "time" or bool(_SIGNED.search(names))

    def is_beyond_doubt(self) -> bool:
        """Signed comments, a form for newsletters, buttons to share."""
        if self.kind == _COMMENTS:
            return self.has_comments and self.is_signed
        return self.kind == "share" or (self.kind == "newsletter" and self.has_form and not self.told.has_paragraph)

    def is_prose(self) -> bool:
        told = self.told
        if told.has_paragraph or told.has_section:
            return True
        if self.kind == _COMMENTS and not self.has_comments:
            return not self.has_form or told.sentences > 1
        return self.kind == "tags" and told.sentences > 0


@dataclass(slots=True)
class _Survey:
    """Units: characters of text that have been passed, and of those in parts that are no text."""

    length: int = 0
    certain: int = 0
    doubtful: int = 0
    certain_nodes: list[int] = field(default_factory=list)
    doubtful_nodes: list[int] = field(default_factory=list)
    open: _Part | None = None

    def enter(self, node: LexborNode) -> bool:
        tag = node.tag or ""
        part = self.open
        if part is not None and tag in _WRITTEN_IN:
            part.has_form = True
        if tag != "-text" and is_left_out(node, tag):
            return False
        if part is not None:
            part.enter(node, tag)
        if tag == "-text":
            self.length += len((node.text_content or "").strip())
            return False
        if part is None:
            kind = _kind(node, tag)
            if kind is not None:
                self.open = _Part(node.mem_id, kind, self.length)
        return True

    def leave(self, node: LexborNode) -> None:
        part = self.open
        if part is None:
            return
        part.told.leave(node, node.tag or "")
        if part.node != node.mem_id:
            return
        self.open = None
        if part.is_beyond_doubt():
            self.certain_nodes.append(part.node)
            self.certain += self.length - part.start
        elif not part.is_prose():
            self.doubtful_nodes.append(part.node)
            self.doubtful += self.length - part.start

    def found(self) -> frozenset[int]:
        if _SHARE * (self.certain + self.doubtful) >= self.length:
            return frozenset()
        are_few = _DOUBTFUL_SHARE * self.doubtful < self.length - self.certain
        return frozenset(self.certain_nodes + self.doubtful_nodes if are_few else self.certain_nodes)


def _kind(node: LexborNode, tag: str) -> str | None:
    if tag not in BLOCKS or tag in {"main", "article", "body", "html"} or (tag[0] == "h" and tag != "header"):
        return None
    classes, identity = names_of(node)
    names = f"{classes} {identity}"
    if not _ANY.search(names):
        return None
    if _PLAIN_WORD.fullmatch(identity) and identity.lower() != _COMMENTS:
        names = classes
    return next((kind for kind, pattern in _NAMES.items() if pattern.search(names)), None)
