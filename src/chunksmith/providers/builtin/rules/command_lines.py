"""Entries of a reference card: ``tar -x file`` and, beside or below it, ``Unpack the file.``: what does it do?"""

import re
from collections.abc import Iterator

from chunksmith.providers.builtin.grammar.reading import Proposal, Reading
from chunksmith.providers.builtin.grammar.verbs import reading
from chunksmith.providers.builtin.grammar.views import Draft
from chunksmith.providers.builtin.grammar.words import tokens

_COMMAND = re.compile(r"[a-z][a-z0-9+.-]*(?: [^\s.:;!?\"]+)+")
_LONGEST = 8
"""words of a command with its arguments"""
_SCORE = 5.0


def command_lines(read: Reading) -> Iterator[Proposal]:
    """What each command does: that of the line above, and those before an order in the same line."""
    begin = 0
    for end in [at for at, token in enumerate(read.tokens) if token.text == "."]:
        order = next((at for at in range(begin, end) if read.tokens[at].text[0].isupper()), end)
        command = read.sentence.text[read.tokens[begin].start : read.tokens[order].start].rstrip()
        if order == begin == 0:
            command = _line_above(read)
        if end - order > 1 and _is_order(read, order, end) and _is_command(command):
            asked, told = f'What does "{command}" do', f'State what "{command}" does'
            yield Proposal(Draft("what", asked, told, order, end, _SCORE))
        begin = end + 1


def _line_above(read: Reading) -> str:
    """The line before a paragraph that is nothing but the order."""
    if not read.starts or read.sentence.item:
        return ""
    above = read.sentence.passage[: read.sentence.origins[0]].rstrip()
    return above.rpartition("\n")[2].strip()


def _is_command(line: str) -> bool:
    words = all(token.tag in ("word", "quoted", "num", "punct") for token in tokens(line)[1:])
    return bool(_COMMAND.fullmatch(line)) and len(line.split()) <= _LONGEST and words


def _is_order(read: Reading, start: int, end: int) -> bool:
    verb = read.tokens[start].lower
    return reading(verb, "b") is not None and verb != "default" and read.tokens[end - 1].lower not in _CUT


_CUT = frozenset("e.g i.e etc incl excl approx like as see".split())
