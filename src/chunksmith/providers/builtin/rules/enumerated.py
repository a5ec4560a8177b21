"""The entries of a numbered list that its introduction names: ``The parts of the lamp are as follows:``."""

import re
from collections.abc import Iterator

from chunksmith.providers.builtin.grammar.reading import Proposal, Reading, has_clause
from chunksmith.providers.builtin.grammar.views import Draft

_NUMBER = re.compile(r"(\d{1,2})[.)]\s+\Z")
_ITEM = re.compile(r"\s*(?:\d{1,2}[.)]\s|\Z)")
_INTRODUCTION = re.compile(
    r"(?:The )?(?P<things>[A-Z]?[a-z]+(?: [a-z-]+)? (?:of|from|in|for) (?:the|an?) [\w `-]+?) "
    r"are (?:as follows|the following|these):",
    re.I,
)
_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth".split()
_SCORE = 5.0


def enumerated(read: Reading) -> Iterator[Proposal]:
    """What is the first of the parts of the lamp? An entry that is a noun phrase answers."""
    before = read.sentence.passage[: read.sentence.origins[0]]
    number = _NUMBER.search(before)
    alone = read.sentence.item and read.tokens[0].tag == "det" and not has_clause(read.sentence.text)
    if number is None or not alone or not 0 < int(number[1]) <= len(_ORDINALS):
        return
    things = _introduced(before[: number.start()])
    if things:
        asked = f"What is the {_ORDINALS[int(number[1]) - 1]} of the {things}"
        yield Proposal(Draft("what", asked, f"State w{asked[1:]}", 0, read.last, _SCORE))


def _introduced(before: str) -> str:
    """What the line above the list names; empty when it names nothing."""
    line = next((line for line in reversed(before.splitlines()) if not _ITEM.match(line)), "")
    found = _INTRODUCTION.fullmatch(line.strip())
    return found["things"][0].lower() + found["things"][1:] if found else ""
