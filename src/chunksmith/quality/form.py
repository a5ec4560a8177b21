"""Whether an entry is put together as it should be, whatever it says. Each fault multiplies the score by its factor."""

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from chunksmith.domain.datasets import Entry
from chunksmith.domain.generation import ModeShape
from chunksmith.domain.sentences import spans
from chunksmith.quality.fields import grounded_text, prompt_text, text_of, whole_text
from chunksmith.quality.folding import Folded, fold, folded
from chunksmith.quality.passages import read
from chunksmith.quality.words import has_any, is_unspaced, terms, tokens, words_of

MAX_PROMPT_CHARS = 2_000
MAX_TEXT_CHARS = 20_000
MIN_PROMPT_CHARS = 8
_SENTENCE_WORDS = 5  # a shorter text is a phrase, and needs no full stop
_LOOP_WORDS, _LOOP_SHARE = 20, 0.6
# Of the runs of so many words of a passage, a copy has this share: all but a sentence, in any order.
_COPY_MIN_CHARS, _COPY_RUN, _COPY_SHARE = 300, 4, 0.6
_PLACES = 16  # of a verbatim answer in the passage that are looked at
_LEAD_CHARS = 3  # of markup before the first word of a sentence
_SEEN_CHARS = 4_000  # of a text, for the checks that need no more


class Fault(NamedTuple):
    """``factor`` 0 makes the entry worthless; near 1 is a blemish."""

    name: str
    factor: float


MISSING = Fault("a required field is empty", 0.0)
ECHO = Fault("the answer repeats the question", 0.0)
REFUSAL = Fault("a refusal or talk about being a model", 0.1)
LEFTOVER = Fault("markup, JSON or a placeholder was left over", 0.2)
TRUNCATED = Fault("breaks off in the middle", 0.15)
LOOP = Fault("repeats itself", 0.2)
UNFINISHED = Fault("a sentence without an end mark", 0.6)
NO_QUESTION = Fault("neither a question, a gap nor an order", 0.7)
TOO_SHORT = Fault("the question is too short", 0.5)
TOO_LONG = Fault("too long", 0.5)
COPIED = Fault("copies the whole passage", 0.4)
UNBALANCED = Fault("quotation marks or brackets do not pair up", 0.8)
DAMAGED = Fault("damaged characters", 0.5)

# Of the patterns below, each match has one of its signs, or is nothing.
_REFUSAL_SIGNS = ("as a", "i am ", "i'm ", "i can", "als ", "en tant qu", " does")
_NOTHING = re.compile(r"(?:n/?a|none|null|undefined|nan|unknown|tbd|todo|\.\.\.|-+)\W*$")
_LEFTOVER_SIGNS = ("<", "[", "{", ":", "`", "lorem ipsum")
_REFUSAL = re.compile(
    r"\bas an? (?:ai\b|artificial intelligence|language model|large language model)"
    r"|\bi(?: am|'m) (?:sorry|unable to|not able to)"
    r"|\bi (?:cannot|can't|can not) (?:answer|help|assist|provide|fulfill|generate|comply)"
    r"|\bals (?:ki|sprachmodell)\b|\ben tant qu(?:e modele|'ia)\b"
    rf"|^{_NOTHING.pattern}"
    r"|\bthe (?:passage|text|context|document) does(?: not|n't) (?:contain|mention|say|provide|specify)"
)
_LEFTOVER = re.compile(
    r"```json|<\|\w+\|>|\[/?inst\]|lorem ipsum|^\s*[\[{]\s*\"\w+\"\s*:"
    r"|</?(?:think|thinking|answer|question|passage|document|div|span|p|br|td|tr|table|script)\b[^>]{0,80}>"
    r"|\"(?:question|answer|instruction|output|summary)\"\s*:"
    r"|\{\{(?!c\d+::)|\{(?:chunk|taxonomy|entities|count|audience|purpose|domain|complexity)\}"
    r"|\[(?:insert|your|placeholder|fill in)\b[^\]]{0,80}\]|^\s*(?:q|a|question|answer)\s*\d{0,3}\s*:"
)
_ASKS = re.compile(r"[?？؟\u037e՞፧⁇⁈]|か[。．]?\s*$|_{2,}|\.\.\.|…|\{\{c\d+::", re.MULTILINE)
_ORDERS = frozenset(
    "explain describe define list name identify compare contrast discuss outline summarize summarise give state write "
    "translate classify calculate compute analyze analyse complete fill choose select find show tell provide determine "
    "evaluate rewrite extract convert create draft suggest arrange match explique décrivez décris nommez définissez "
    "erkläre erklären beschreibe beschreiben nenne nennen definiere definieren vergleiche explica describe define "
    "enumera spiega descrivi definisci elenca".split()
)
_END_MARKS = frozenset(".!?。！？｡।॥؟۔)]}\"'”’»›」』>|`*%")
_DANGLING_MARKS = (*",:;([{&", "...", "…")
_DASHES = frozenset("-–—")
_DANGLING_WORDS = frozenset(
    "the a an and or but of to in on at by for from with as that which who is are was were be been has have had into "
    "than if because its their this these such not "
    "every each while der die das und oder aber mit von zu für dem den ein eine einer im "
    "le la les un une et ou de du des à dans pour avec que qui el los las y o en con para por".split()
)
_CLAUSE_MARK = re.compile(r"\W*?(?:[,;:)\]]|\s[-–—]|\s\()(?:\s|\Z|(?<=\())")
_CLAUSE_END = re.compile(r"[,;:]\s|\s\(")
_STEM = 5  # letters by which two forms of a word are taken for one
_AUXILIARIES = frozenset(
    "is are was were has have had can could may might must shall should will would does did ist sind waren hat haben "
    "wird werden kann können muss müssen est sont était ont peut doit han puede debe è sono".split()
)
_ENDINGS = frozenset("s es ed d ing er ers ly al ion ions n en e em es r".split())
_PAIRS = ("()", "[]", "{}", "“”", "«»", "「」")
_BRACKET = re.compile(f"[{re.escape(''.join(_PAIRS))}]")
_LIST_MARK = re.compile(r"(?:^|\s)(?:\w{1,3}|\d{1,3})\)")


def faults(entry: Entry, shape: ModeShape, passage: str | None) -> list[Fault]:
    """Everything that is wrong with the form, worst first."""
    if any(not text_of(entry, name).strip() for name in shape.required):
        return [MISSING]
    whole, prompt, answer = whole_text(entry, shape), prompt_text(entry, shape), grounded_text(entry, shape)
    found = _in_whole(whole, fold(passage or ""))
    if prompt:
        found.extend(_in_prompt(prompt, is_question="question" in shape.columns))
    if shape.grounded != "question":
        found.extend(_in_answer(answer, prompt, passage))
    return sorted(dict.fromkeys(found), key=lambda fault: (fault.factor, fault.name))


def well_formed(found: list[Fault]) -> float:
    score = 1.0
    for fault in found:
        score *= fault.factor
    return score


def _in_whole(text: str, passage: str) -> list[Fault]:
    lines = [fold(line) for line in text[:_SEEN_CHARS].splitlines()]
    checks = (
        (REFUSAL, _speaks(_REFUSAL, [line for line in lines if _may_refuse(line)], passage)),
        (LEFTOVER, _speaks(_LEFTOVER, [line for line in lines if has_any(line, _LEFTOVER_SIGNS)], passage)),
        (DAMAGED, "\ufffd" in text or "Ã©" in text or "â€" in text),
        (UNBALANCED, _is_unbalanced(text)),
        (LOOP, _is_loop(text)),
    )
    return [fault for fault, holds in checks if holds]


def _may_refuse(line: str) -> bool:
    return has_any(line, _REFUSAL_SIGNS) or _NOTHING.match(line) is not None


def _speaks(pattern: re.Pattern[str], lines: list[str], passage: str) -> bool:
    """What the passage says too is its subject, not a fault: a manual about HTML has tags."""
    return any(match[0].strip() not in passage for line in lines for match in pattern.finditer(line))


def _in_prompt(prompt: str, *, is_question: bool) -> list[Fault]:
    first_word = fold(prompt).strip().split(" ", 1)[0].strip(".,:;!")
    asks = (
        "?" in prompt
        or bool(_ASKS.search(prompt))
        or first_word in _FOLDED_ORDERS
        or prompt.rstrip().endswith((":", "!"))
    )
    checks = (
        (NO_QUESTION, is_question and not asks),
        (TOO_SHORT, len(prompt.strip()) < (MIN_PROMPT_CHARS // 2 if is_unspaced(prompt) else MIN_PROMPT_CHARS)),
        (TOO_LONG, len(prompt) > MAX_PROMPT_CHARS),
    )
    return [fault for fault, holds in checks if holds]


def _in_answer(answer: str, prompt: str, passage: str | None) -> list[Fault]:
    found = [ECHO] if prompt and _bare(answer) == _bare(prompt) else []
    if len(answer) > MAX_TEXT_CHARS:
        found.append(TOO_LONG)
    if passage is not None and len(passage) >= _COPY_MIN_CHARS and _is_copy(answer, passage):
        found.append(COPIED)
    if _breaks_off(answer, prompt, passage):
        found.append(TRUNCATED)
    elif _is_unfinished(answer) and not (passage is not None and _is_span(answer, passage)):
        found.append(UNFINISHED)
    return found


def _is_copy(answer: str, passage: str) -> bool:
    """Whether it has most of what the passage says in a row. A much shorter text cannot, and is not looked at."""
    if len(answer) < _COPY_SHARE * len(passage) / 2:
        return False
    there = _runs_of_words(passage)
    return len(there & _runs_of_words(answer)) >= _COPY_SHARE * len(there) > 0


@lru_cache(maxsize=4)
def _runs_of_words(text: str) -> frozenset[tuple[str, ...]]:
    words = terms(fold(text))
    return frozenset(zip(*(words[start:] for start in range(_COPY_RUN)), strict=False))


def _breaks_off(answer: str, prompt: str, passage: str | None) -> bool:
    """Signs of a text that was cut: what it ends with, or where in the passage it stops."""
    last_line = _last_line(answer)
    if _dangles(last_line):
        return True
    if last_line[-1:] in _END_MARKS or is_unspaced(answer):
        return False
    words = fold(last_line).split()
    if len(words) > 2 and words[-1] in _FOLDED_DANGLING:
        return True
    if passage is not None and _is_unfinished(answer) and _is_piece(words[-1], passage):
        return True
    return passage is not None and _stops_inside_passage(answer, prompt, passage)


def _dangles(line: str) -> bool:
    return line.endswith(_DANGLING_MARKS) or (line[-1:] in _DASHES and line[-2:-1].isspace())


def _last_line(text: str) -> str:
    """Without white space behind it."""
    return text.rstrip().rsplit("\n", 1)[-1]


def _is_piece(word: str, passage: str) -> bool:
    """Whether it is no word of the passage, but the beginning of one; a form of a word is no piece of it."""
    known = read(passage).words
    if not word.isalpha() or word in known:
        return False
    return any(other.startswith(word) and other[len(word) :] not in _ENDINGS for other in known)


def _stops_inside_passage(answer: str, prompt: str, passage: str) -> bool:
    """A verbatim answer that ends in a word, or that begins with a sentence and leaves off before its thought ends."""
    text, needle = fold(passage), fold(answer).strip()
    length = needle.count(" ") + 1
    if length < 2 or needle not in text:
        return False
    whole = [at for at in islice(_occurrences(needle, text), _PLACES) if not _is_inside_word(text, at + len(needle))]
    if not whole:
        return True
    if length < _SENTENCE_WORDS:
        return False
    hay = folded(passage)
    return all(_is_cut_sentence(passage, hay, at, at + len(needle), prompt) for at in whole)


def _occurrences(needle: str, text: str) -> Iterator[int]:
    """Where it begins, one behind the end of the other."""
    at = text.find(needle)
    while at >= 0:
        yield at
        at = text.find(needle, at + len(needle))


def _is_inside_word(text: str, at: int) -> bool:
    return at < len(text) and text[at].isalnum() and text[at - 1].isalnum()


def _is_cut_sentence(passage: str, hay: Folded, start: int, end: int, prompt: str) -> bool:
    place = hay.sources[start]
    sentence = next((span for span in spans(passage) if span.start <= place < span.end), None)
    if sentence is None or place - sentence.start > _LEAD_CHARS:
        return False
    stop = hay.original_end(end - 1)
    answer, rest = fold(passage[place:stop]), fold(passage[stop : sentence.end])
    if not any(character.isalnum() for character in rest) or _CLAUSE_MARK.match(rest):
        return False
    return not (_is_told(rest, prompt) or _is_subject(answer, rest))


def _is_told(rest: str, prompt: str) -> bool:
    """The question says what the answer leaves out: "What keeps the lamp dry?" - "A coat of oil"."""
    clause = _CLAUSE_END.split(rest, maxsplit=1)[0]
    left_out = {word[:_STEM] for word in tokens(clause).words if len(word) >= _STEM - 1}
    asked = {word[:_STEM] for word in tokens(prompt).words}
    return bool(left_out) and len(left_out & asked) >= len(left_out) / 2


def _is_subject(answer: str, rest: str) -> bool:
    """A noun phrase that ends right before the auxiliary of its sentence, and holds none itself."""
    words, following = answer.split(), rest.split()
    return bool(following) and following[0] in _FOLDED_AUXILIARIES and not _FOLDED_AUXILIARIES & set(words)


def _is_unfinished(answer: str) -> bool:
    last_line = _last_line(answer).lstrip()
    if last_line[-1:] in _END_MARKS or not last_line[:1].isupper() or is_unspaced(answer):
        return False
    return len(last_line.split()) > _SENTENCE_WORDS


def _is_span(answer: str, passage: str) -> bool:
    """Cut out of the passage: a phrase needs no end mark."""
    return fold(answer).strip() in fold(passage)


def _is_unbalanced(text: str) -> bool:
    if text.count('"') % 2:
        return True
    if _BRACKET.search(text) is None:
        return False
    plain = _LIST_MARK.sub(" ", text) if ")" in text else text
    return any(plain.count(pair[0]) != plain.count(pair[1]) for pair in _PAIRS)


def _is_loop(text: str) -> bool:
    """Degenerate output: very few different words, or the same word many times in a row."""
    words = words_of(fold(text[:_SEEN_CHARS]))
    if len(words) < _LOOP_WORDS or len(set(words)) - 2 >= len(words) * _LOOP_SHARE:  # each word but two ends a triple
        return False
    triples = list(zip(words, words[1:], words[2:], strict=False))
    if len(set(triples)) >= len(words) * _LOOP_SHARE:
        return False
    return max(Counter(triples).values()) >= max(5, len(words) // 10)


def _bare(text: str) -> str:
    return " ".join(tokens(text).words) or fold(text).strip()


_FOLDED_ORDERS = frozenset(fold(word) for word in _ORDERS)
_FOLDED_AUXILIARIES = frozenset(fold(word) for word in _AUXILIARIES)
_FOLDED_DANGLING = frozenset(fold(word) for word in _DANGLING_WORDS)
