"""Parts of a page that stand beside its text: advertisements, sign-up boxes, comments of readers, boxes on the author.

Their names are words that a page may be about. What holds most of a page is its text, whatever it is called.
"""

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from selectolax.lexbor import LexborNode

from chunksmith.ingest.parsers.html_nodes import BLOCKS, SKIPPED, names_of, visit

_COMMENTS = "comments"
_BOX = (
    r"(?:[-_]?(?:area|banner|bar|block|bottom|box|button|buttons|card|container|content|cta|footer|form|icons|inner|"
    r"inline|links|list|module|popup|prompt|section|sign-?up|slot|top|unit|widget|wrap|wrapper))"
)
_KINDS = {
    "advertisement": rf"ads?{_BOX}{{0,2}}|(?:google|banner|side)-?ads?|adsbygoogle|advertisement\w*|sponsored(?:-\w+)?",
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
_WRITTEN_IN = frozenset(("form", "textarea", "iframe"))


class _Part(NamedTuple):
    node: int
    kind: str
    start: int


def side_parts(root: LexborNode) -> frozenset[int]:
    """The nodes by their ``mem_id``."""
    survey = _Survey()
    visit(root, survey.enter, survey.leave)
    return survey.found()


@dataclass(slots=True)
class _Survey:
    """Units: characters of text that have been passed."""

    length: int = 0
    open: _Part | None = None
    has_comments: bool = False
    nodes: dict[str, list[int]] = field(default_factory=dict)
    lengths: dict[str, int] = field(default_factory=dict)

    def enter(self, node: LexborNode) -> bool:
        tag = node.tag or ""
        if tag == "-text":
            self.length += len((node.text_content or "").strip())
            return False
        if tag in _WRITTEN_IN:
            self.has_comments = True
        if tag in SKIPPED:
            return False
        if self.open is None:
            kind = _kind(node, tag)
            if kind is not None:
                self.open = _Part(node.mem_id, kind, self.length)
                self.has_comments = False
        elif self.open.kind == _COMMENTS and not self.has_comments:
            self.has_comments = bool(_COMMENT.search(" ".join(names_of(node))))
        return True

    def leave(self, node: LexborNode) -> None:
        part = self.open
        if part is None or part.node != node.mem_id:
            return
        self.open = None
        # A section on comments is no list of them.
        if part.kind != _COMMENTS or self.has_comments or self.length == part.start:
            self.nodes.setdefault(part.kind, []).append(part.node)
            self.lengths[part.kind] = self.lengths.get(part.kind, 0) + self.length - part.start

    def found(self) -> frozenset[int]:
        return frozenset(
            node for kind, nodes in self.nodes.items() if 2 * self.lengths[kind] < self.length for node in nodes
        )


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
