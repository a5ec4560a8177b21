"""Questions on who said what is quoted: ``"A," said B.``"""

import re
from collections.abc import Iterator

from chunksmith.providers.builtin.acceptance import Candidate
from chunksmith.providers.builtin.grammar.humans import is_human
from chunksmith.providers.builtin.grammar.reading import Reading

_SAID = re.compile(
    r"[\"“](?P<quoted>[^\"“”]{15,150}?)[,.]?[\"”],? (?P<verb>said|says|explained|added|warned|wrote) "
    r"(?P<who>(?:[Tt]he [a-z]+(?: [a-z]+)?|[A-Z][\w’'-]*)[^\",;:“”]{0,60}?)(?=[.,])"
)
_SCORE = 8.0
_LONGEST = 28  # words of what is quoted


def sayings(read: Reading) -> Iterator[Candidate]:
    """``Who said "A"?``, answered by a name or a person; what is said may point to anything."""
    match = _SAID.match(read.sentence.text)
    answer = read.sentence.original(*match.span("who")) if match else None
    if match is None or answer is None or not _is_somebody(read, answer) or len(match["quoted"].split()) > _LONGEST:
        return
    verb = "said" if match["verb"] in {"explained", "added"} else match["verb"]
    asked = f'Who {verb} "{match["quoted"]}"'
    yield Candidate("who", f"{asked}?", f"State w{asked[1:]}.", answer, read.sentence.quote, _SCORE, read.number)


def _is_somebody(read: Reading, who: str) -> bool:
    named = who[0].isupper() and who.split()[0] not in {"The", "He", "She", "They", "It", "This", "One", "I", "We"}
    return named or any(is_human(word) for word in who.split()[:3]) or read.people.named(who) is not None
