"""The statements inside a sentence: behind a colon, a semicolon, ``this shows that once A, B``, ``As noted, A``."""

import re
from collections.abc import Iterator
from dataclasses import replace

from chunksmith.providers.builtin.grammar.clauses import parse
from chunksmith.providers.builtin.grammar.reading import Reading, past_opening

_SHORTEST = 6  # tokens


def inward(read: Reading) -> Iterator[Reading]:
    """The sentence as it is read from each of them on; its text and its neighbours stay the same."""
    aside = _aside(read)
    if aside is not None:
        yield aside
    for start in _starts(read):
        end = next((at for at in range(start, read.last) if read.tokens[at].text in _STOPS), read.last)
        words = (token.lower for token in read.tokens[start : start + 4])
        if end - start >= _SHORTEST and read.tokens[end].text != ":" and not _LEANING.match(" ".join(words)):
            yield replace(read, tokens=read.tokens[start : end + 1], last=end - start, told=False)


def _aside(read: Reading) -> Reading | None:
    """``The period — from A to B — is seven days``: without what stands between the dashes."""
    dashes = [at for at in range(2, read.last) if read.tokens[at].text in {"—", "–"}]
    if len(dashes) != 2 or dashes[1] + 3 > read.last:
        return None
    tokens = (*read.tokens[: dashes[0]], *read.tokens[dashes[1] + 1 :])
    return replace(read, tokens=tokens, last=read.last - (dashes[1] + 1 - dashes[0]))


def _starts(read: Reading) -> Iterator[int]:
    parts, first = read.tokens, past_opening(read)
    for place in range(first + 2, read.last - _SHORTEST):
        token, following = parts[place], parts[place + 1]
        if token.text == ":":
            stated = following.tag in ("det", "word") and parse(parts, place + 1, read.last) is not None
            opens = (following.text[0].isupper() or stated) and parts[place - 1].lower not in _NO_STATEMENT
        elif token.text == ";":
            opens = following.tag in ("det", "word", "quoted", "num")
        else:
            opens = token.lower == "that" and following.lower in _OCCASIONS and parts[place - 1].lower in _STATING
        if opens:
            yield place + 1
    remark = _past_remark(read, first)
    if remark:
        yield remark


_STOPS = frozenset({";", ":", "—", "–"})
_LEANING = re.compile(r"\W*//|in the same way\b|[a-z]+['’](?:ll|re|ve|d|s)\b")
_NO_STATEMENT = frozenset("example examples note question".split())
_OCCASIONS = frozenset("once when if after unless as while".split())
_STATING = frozenset("shows show means mean implies states says note guarantees ensures".split())


def _past_remark(read: Reading, start: int) -> int:
    """Behind ``As noted before,``, ``Later,``, ``Having said that,``, which tell nothing of the statement; else 0."""
    parts = read.tokens
    opening = [token.lower for token in parts[start : start + 4]]
    noted = opening[0] == "as" and (opening[1] in _NOTED or opening[1:3] == ["you", "know"])
    if not noted and opening[:2] != ["having", "said"] and opening[:3] not in _SIDES:
        return 0
    comma = next((at for at in range(start + 2, min(start + 12, read.last - _SHORTEST)) if parts[at].text == ","), 0)
    return comma + 1 if comma and parse(parts, comma + 1, read.last) is not None else 0


_SIDES = (["on", "the", "other"], ["for", "the", "same"])
_NOTED = frozenset("noted mentioned described explained pointed discussed seen shown stated said".split())
