"""How much a part of a page tells: headings with sentences below them, and long paragraphs."""

import re
from dataclasses import dataclass, field

from selectolax.lexbor import LexborNode

from chunksmith.ingest.parsers.html_nodes import BLOCKS, HEADINGS

_PARAGRAPH_WORDS = 40
# Below a heading: of one sentence, and of two or more.
_SENTENCE_WORDS = 15
_SENTENCES_WORDS = 10
# Scripts without spaces have a word in about every character.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|\w+")
_SENTENCE_END = re.compile(r"[.!?…][\"'”’»)\]]*(?=\s|$)|[。！？]")


@dataclass(slots=True)
class Told:
    """Words in links to other pages are not told here. Feed with the nodes in the order of the page."""

    sentences: int = 0
    has_paragraph: bool = False
    has_section: bool = False
    _inline: list[str] = field(default_factory=list)
    _links: int = 0
    _is_titled: bool = False
    _sentences_below: int = 0
    _words_below: int = 0

    def enter(self, node: LexborNode, tag: str) -> None:
        if tag == "-text":
            if not self._links:
                self._inline.append(node.text_content or "")
        elif tag in BLOCKS:
            self._end_paragraph()
        elif _is_link(node, tag):
            self._links += 1

    def leave(self, node: LexborNode, tag: str) -> None:
        if tag in HEADINGS:
            self._is_titled = bool("".join(self._inline).strip())
            self._sentences_below = self._words_below = 0
            self._inline.clear()
        elif tag in BLOCKS:
            self._end_paragraph()
        elif _is_link(node, tag):
            self._links -= 1

    def _end_paragraph(self) -> None:
        text = "".join(self._inline)
        self._inline.clear()
        sentences = len(_SENTENCE_END.findall(text))
        if not sentences:
            return
        words = len(_WORD.findall(text))
        self.sentences += sentences
        self.has_paragraph = self.has_paragraph or words >= _PARAGRAPH_WORDS
        self._sentences_below += sentences
        self._words_below += words
        least = _SENTENCES_WORDS if self._sentences_below > 1 else _SENTENCE_WORDS
        self.has_section = self.has_section or (self._is_titled and self._words_below >= least)


def _is_link(node: LexborNode, tag: str) -> bool:
    return tag == "a" and not (node.attributes.get("href") or "#").startswith("#")
