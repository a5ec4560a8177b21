"""The statements inside a sentence: behind a colon, a semicolon, a label, ``Whether A,``, ``As noted,``."""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from chunksmith.providers.builtin.grammar.clauses import parse
from chunksmith.providers.builtin.grammar.framing import ORDINALS
from chunksmith.providers.builtin.grammar.reading import Reading, past_opening
from chunksmith.providers.builtin.grammar.topic import named

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
    yield from past_label(read)


def past_label(read: Reading) -> Iterator[Reading]:
    """The statement behind a title that has run into it, or behind a remark."""
    start = _past_title(read) or _past_remark(read, past_opening(read))
    if start:
        yield _from(read, start, read.last)


def excepted(read: Reading) -> Iterator[Reading]:
    """``Like the first lamp, except A``: A, of what the heading names."""
    begin = next((at for at in range(2, read.last - _SHORTEST) if read.tokens[at].lower == "except"), 0) + 1
    if begin > 1 and read.tokens[0].lower == "like":
        yield _from(read, begin + (read.tokens[begin].lower == "that"), read.last)


def _from(read: Reading, start: int, end: int) -> Reading:
    first = read.tokens[start]
    opened = first._replace(text=first.text[0].upper() + first.text[1:]) if first.tag != "word" else first
    return replace(read, tokens=(opened, *read.tokens[start + 1 : end + 1]), last=end - start, told=False)


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


_STOPS = frozenset({";", ":", "—", "–"})
_LEANING = re.compile(r"\W*//|in the same way\b|[a-z]+['’](?:ll|re|ve|d|s)\b")
_NO_STATEMENT = frozenset("example examples note question".split())
_OCCASIONS = frozenset("once when if after unless as while".split())
_STATING = frozenset("shows show means mean implies states says note guarantees ensures".split())


def _past_remark(read: Reading, start: int) -> int:
    """Behind ``As noted before,``, ``Having said that,``, ``Whether A or B,``: it holds without them; else 0."""
    parts = read.tokens
    opening = [token.lower for token in parts[start : start + 4]]
    if len(opening) < 4:
        return 0
    form = next((at for at in range(2, len(opening)) if opening[at] == "form"), 0)
    if form and opening[0] == "in" and opening[form - 1] in ORDINALS and start + form + _SHORTEST < read.last:
        told = any(one.lower == "this" and named(read.topic, two.lower) for one, two in pairwise(parts))
        return start + form + 2 if told and parts[start + form + 2].tag == "sub" else 0
    noted = opening[0] == "as" and (opening[1] in _NOTED or opening[1:3] == ["you", "know"])
    instead = opening[:2] == ["rather", "than"] and opening[2].endswith("ing")
    noted = noted or instead or opening[0] == "whether" or opening[:2] == ["having", "said"]
    if not noted and opening[:3] not in _SIDES:
        return 0
    comma = next((at for at in range(start + 2, min(start + 12, read.last - _SHORTEST)) if parts[at].text == ","), 0)
    return comma + 1 if comma and parse(parts, comma + 1, read.last) is not None else 0


def _past_title(read: Reading) -> int:
    """``man2: System calls This section tells of A``: a printed title has run into the statement; 0 where none has."""
    parts = read.tokens
    labelled = read.last > _SHORTEST and parts[1].text == ":"
    for place in range(3, min(_LONGEST_TITLE, read.last - _SHORTEST)) if labelled else ():
        before, token = parts[place - 1], parts[place]
        if token.tag == "punct":
            break
        opens = token.tag in ("det", "pron") or parts[place + 1].tag == "num"
        if token.text[0].isupper() and before.text.islower() and opens:
            return place if parse(parts, place, read.last) is not None else 0
    return 0


_LONGEST_TITLE = 12  # tokens
_SIDES = (["on", "the", "other"], ["for", "the", "same"])
_NOTED = frozenset("noted mentioned described explained pointed discussed seen shown stated said".split())
