"""All acceptable questions on the sentences of an English passage."""

import re
from collections.abc import Iterator, Sequence

from chunksmith.providers.builtin.acceptance import Candidate, finished
from chunksmith.providers.builtin.clauses import Clause, parse
from chunksmith.providers.builtin.framing import Vocabulary
from chunksmith.providers.builtin.openings import clause_drafts, with_lead
from chunksmith.providers.builtin.passage import Sentence
from chunksmith.providers.builtin.reading import Antecedent, Reading, last_word, next_antecedent, past_opening
from chunksmith.providers.builtin.verbs import reading
from chunksmith.providers.builtin.views import Draft, clause_end
from chunksmith.providers.builtin.words import PLURALS, is_plural, tokens

_BLOCKED_OPENINGS = frozenset(
    """
    otherwise instead then next second secondly first firstly third conversely alternatively or nor yet see such again
    besides meanwhile afterwards here there rather though
    """.split()
)


_BLOCKED_TEXT = re.compile(
    r"\b(?:I|we|our|let's|lets|[Pp]lease|e\.g\.|i\.e\.|see|[Ff]or example|[Ff]or instance|above|below|as follows|"
    r"following)\b|\?|!$|^\W*\(|\bsee\b"
)


_MAX_TOKENS = 64


def candidates(sentences: Sequence[Sentence]) -> list[Candidate]:
    """All acceptable questions on these sentences, in their order."""
    vocabulary = Vocabulary.of(sentences)
    found: list[Candidate] = []
    antecedent: Antecedent | None = None
    for number, sentence in enumerate(sentences):
        if number and sentences[number - 1].paragraph != sentence.paragraph:
            antecedent = None
        parts = tokens(sentence.text)
        earlier = " ".join(previous.text for previous in sentences[max(0, number - 6) : number])
        read = Reading(sentence, number, parts, last_word(parts), vocabulary, earlier, antecedent)
        antecedent = next_antecedent(read)
        if len(parts) <= _MAX_TOKENS and not _BLOCKED_TEXT.search(sentence.text):
            found.extend(_accepted(read))
    return found


def _accepted(read: Reading) -> Iterator[Candidate]:
    for draft, prefix, penalty in _all_drafts(read):
        candidate = finished(read, draft, prefix, penalty)
        if candidate is not None:
            yield candidate


def _all_drafts(read: Reading) -> Iterator[tuple[Draft, str, float]]:
    first = read.tokens[0]
    if first.text.isalpha() and first.text.islower():
        return
    if first.lower == "there" and read.tokens[1:2] and read.tokens[1].lower in {"is", "are", "was", "were"}:
        yield from ((draft, "", 0.0) for draft in _existential(read))
        return
    start = past_opening(read)
    if start >= read.last or read.tokens[start].lower in _BLOCKED_OPENINGS:
        return
    opening = read.tokens[start]
    if opening.tag in ("prep", "sub", "to", "adv") or opening.lower in {"in"}:
        yield from with_lead(read, start)
        return
    if opening.lower == "use":
        yield from ((draft, "", 0.0) for draft in _advice(read, start))
        return
    if clause := parse(read.tokens, start, read.last):
        yield from clause_drafts(read, clause, "")
        yield from _second(read, clause)


def _second(read: Reading, clause: Clause) -> Iterator[tuple[Draft, str, float]]:
    """A clause after ``, and`` or ``;`` stands as well as the first when it has a subject of its own."""
    end = clause_end(clause)
    place = end
    while place < read.last and (
        read.tokens[place].text in {",", ";"} or read.tokens[place].lower in {"and", "but", "so", "while", "whereas"}
    ):
        place += 1
    if end < place < read.last and read.tokens[place].tag != "pron":
        other = parse(read.tokens, place, read.last)
        if other is not None:
            yield from ((draft, prefix, penalty + 0.5) for draft, prefix, penalty in clause_drafts(read, other, ""))


def _advice(read: Reading, start: int) -> Iterator[Draft]:
    """``Use a probe to measure the depth.``"""
    text, parts = read.sentence.text, read.tokens
    if start + 1 >= read.last or parts[start + 1].tag not in ("det", "word", "quoted"):
        return
    for place in range(start + 2, read.last - 2):
        if parts[place].tag in ("rel", "conj", "sub", "wh") or parts[place].text == ",":
            return
        if (
            parts[place].tag == "to"
            and reading(parts[place + 1].lower, "b")
            and parts[place - 1].tag in ("word", "quoted")
        ):
            goal = text[parts[place].start : parts[read.last - 1].end]
            yield Draft("what", f"What should you use {goal}", f"State what to use {goal}", start + 1, place, 8.0)
            return


def _existential(read: Reading) -> Iterator[Draft]:
    """``There are three kinds of rock.``"""
    parts, text = read.tokens, read.sentence.text
    if parts[1].lower not in {"are", "were"} or len(parts) < 5 or parts[2].tag != "num":
        return
    end = next((place for place in range(3, read.last) if parts[place].text in {",", ":", ";", "—"}), read.last)
    if any(token.tag in ("rel", "conj", "sub", "be", "modal") for token in parts[3:end]):
        return
    place = 3
    while place < end and parts[place].tag == "word" and not is_plural(parts[place].text):
        place += 1
    if place >= end or not (is_plural(parts[place].text) or parts[place].lower in PLURALS):
        return
    while place + 2 < end and parts[place + 1].lower == "of" and parts[place + 2].tag == "word":
        place += 2
        while place + 1 < end and parts[place + 1].tag == "word":
            place += 1
    noun = text[parts[3].start : parts[place].end]
    rest = text[parts[place].end : parts[end - 1].end]
    verb = parts[1].lower
    if len(noun.split()) < 2 and not rest:
        return
    yield Draft(
        "how many", f"How many {noun} {verb} there{rest}", f"State how many {noun} there {verb}{rest}", 2, 3, 8.0
    )
