"""Questions on ``it`` and ``there`` that stand for nothing: ``It would be foolish to …``, ``There is no way …``."""

from collections.abc import Iterator, Sequence

from chunksmith.providers.builtin.grammar.clauses import inverted, parse, text_of
from chunksmith.providers.builtin.grammar.framing import is_free
from chunksmith.providers.builtin.grammar.reading import Proposal, Reading
from chunksmith.providers.builtin.grammar.verbs import reading
from chunksmith.providers.builtin.grammar.views import Draft
from chunksmith.providers.builtin.grammar.words import Token

_IT_IS = frozenset({"it's", "it’s"})
_LINKING_ADVERBS = frozenset("also however therefore thus then still often usually of course just".split())
_LEANING = frozenset("they them their its than this these".split())
_STOPS = frozenset({";", ":", "—", "–"})
# "It would be able to", "it's rewritten our code", "it is the best way to": there "it" is a thing.
_OF_THINGS = frozenset("able unable our your my its their the".split())
_LONGEST_QUALITY = 4  # tokens
_FARTHEST_GOAL = 18  # tokens


def it_is(read: Reading, start: int) -> Iterator[Proposal]:
    """``It is a bad idea to …``, ``It is safe for X to …``: what is it safe for X to do?"""
    parts = read.tokens
    begin, finite = _predicate(parts, start)
    if not finite:
        return
    goal = next((at for at in range(begin, min(start + _FARTHEST_GOAL, read.last - 3)) if parts[at].tag == "to"), 0)
    agent = next((at for at in range(begin, goal) if parts[at].lower == "for"), goal)
    aside = parts[agent + 1].lower in {"example", "instance"}
    between = parts[begin : agent - (aside and parts[agent - 1].text == ",")]
    kept = [token for token in between if token.lower not in _LINKING_ADVERBS]
    if not 1 <= len(kept) <= _LONGEST_QUALITY or any(token.tag not in ("word", "adv", "det") for token in kept):
        return
    if any(token.lower in _OF_THINGS for token in kept):
        return
    told = parts[goal + 1] if parts[goal + 1].tag != "adv" and parts[goal + 1].lower != "first" else parts[goal + 2]
    if not (reading(told.lower, "b") or told.lower in {"be", "have", "do"}):
        return
    end = _end(read, goal)
    if end is None or any(token.lower in _LEANING for token in parts[goal + 1 : end]):
        return
    quality = " ".join(token.text for token in kept)
    whose = "" if aside else read.sentence.text[parts[agent].start : parts[goal].start].strip()
    if whose and any(token.tag in ("pron", "rel", "sub") for token in parts[agent:goal]):
        return
    # "for an index to be a tree": what is it common for an index to be?
    being = bool(whose) and told.lower == "be"
    asked = " ".join(word for word in (quality, whose, "to be" if being else "to do") if word)
    auxiliary, _, rest = finite.partition(" ")
    question, said = f"What {auxiliary} it {rest}{asked}", f"State what it {finite}{'' if rest else ' '}{asked}"
    yield Proposal(Draft("what", question, said, goal + 1 + being, end, 6.0), leans=not being)


def _predicate(parts: Sequence[Token], start: int) -> tuple[int, str]:
    """Where what is said of ``it`` begins, and its verb, with ``be`` behind a modal: ``would be ``."""
    if parts[start].lower in _IT_IS:
        return start + 1, "is"
    if parts[start].lower != "it":
        return 0, ""
    verb = parts[start + 1]
    if verb.lower in {"is", "was"}:
        return start + 2, verb.lower
    if verb.lower == "makes":
        return start + 2, "does make "
    be = start + 2 + (parts[start + 2].tag == "adv")
    if verb.tag == "modal" and parts[be].lower == "be":
        return be + 1, f"{verb.lower} be "
    return 0, ""


def _end(read: Reading, goal: int) -> int | None:
    """Before a second statement; None when an "and" leaves open where the first is over."""
    parts = read.tokens
    for at in range(goal + 2, read.last):
        following = parts[min(at + 1, read.last)]
        if parts[at].text in _STOPS or (parts[at].text == "," and following.lower in {"but", "so"}):
            return at
        if parts[at].text == "," and following.tag == "conj":
            return None
        if parts[at].tag == "conj" and following.tag in ("det", "pron"):
            states = any(token.tag in ("be", "modal") for token in parts[at + 2 : read.last])
            relates = any(token.tag in ("rel", "sub", "wh") for token in parts[at + 2 : read.last])
            if states:
                return None if relates else at
    return read.last


_ANY = {"no": "any", "nothing": "anything", "nobody": "anybody"}


def there_is(read: Reading, start: int) -> Iterator[Proposal]:
    """``There is no way …``: is there any way …? ``There is a light under A``: what is there under A?"""
    parts = read.tokens
    if parts[start].lower != "there" or parts[start + 1].lower not in {"is", "are", "was", "were"}:
        return
    begin = start + 2 + (parts[start + 2].lower in {"actually", "generally", "usually", "currently", "really"})
    end = next((at for at in range(begin, read.last) if _breaks(parts, at)), read.last)
    finite = parts[start + 1].lower
    if end - begin < 3:
        return
    absent = _ANY.get(parts[begin].lower)
    if absent is not None:
        if parts[end].text == "," and parts[end + 1].lower in {"with", "except", "unless", "but"}:
            return
        rest = read.sentence.text[parts[begin].end : parts[end - 1].end]
        asked = f"{absent}{rest}"
        yield Proposal(
            Draft("whether", f"{finite} there {asked}", f"State whether there {finite} {asked}", start, end, 5.4)
        )
    elif parts[begin].lower in {"a", "an", "another"}:
        yield from _located(read, begin, end, finite)
        yield from _in_which(read, begin, end)


def _breaks(parts: Sequence[Token], at: int) -> bool:
    """A second statement, or a remark on the first."""
    joined = parts[at].tag == "conj" and parts[at + 1].tag in ("pron", "det") and parts[at].lower != "or"
    return parts[at].text in _STOPS or parts[at].text == "," or joined


def _located(read: Reading, begin: int, end: int, finite: str) -> Iterator[Proposal]:
    for at in range(begin + 2, end - 2):
        token = read.tokens[at]
        if token.tag in ("rel", "sub", "wh", "to", "conj", "punct"):
            return
        if token.tag == "prep":
            if token.lower in _WHERE and read.tokens[at + 1].tag in ("det", "quoted", "word"):
                rest = read.sentence.text[token.start : read.tokens[end - 1].end]
                asked = f"{finite} there {rest}"
                draft = Draft("what", f"What {asked}", f"State what there {finite} {rest}", begin, at, 5.4)
                yield Proposal(draft, leans=True)
            return


def _in_which(read: Reading, begin: int, end: int) -> Iterator[Proposal]:
    """``There is a book in which A is kept``: in what is A kept?"""
    parts = read.tokens
    for at in range(begin + 2, end - 4):
        if parts[at].tag == "prep" and parts[at + 1].lower == "which":
            clause = parse(parts, at + 2, end)
            if clause is None or not is_free(parts[clause.first : clause.subject_end]):
                return
            text = read.sentence.text
            subject = text_of(clause, text, clause.first, clause.subject_end)
            asked = f"{parts[at].text.capitalize()} what {inverted(clause, text, subject, end)}"
            yield Proposal(Draft("what", asked, f"Answer: {asked}?", begin, at, 5.6))
            return
        if parts[at].tag in ("rel", "sub", "wh", "conj", "punct"):
            return


_WHERE = frozenset("in on under inside within between near behind beside at".split())
