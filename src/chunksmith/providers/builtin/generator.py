"""Writes entries without a language model: rules over the sentences of the passage, answers cut out of it.

Offered for demonstrations, tests and flash cards. What it cannot ask well it leaves out.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from chunksmith.domain.calls import Task
from chunksmith.errors import InvalidRequest
from chunksmith.providers.builtin.acceptance import Candidate
from chunksmith.providers.builtin.blanks.cloze import Cloze, clozes, in_context
from chunksmith.providers.builtin.blanks.runs import run_clozes
from chunksmith.providers.builtin.choosing import answer
from chunksmith.providers.builtin.examples import of_examples
from chunksmith.providers.builtin.extraction import extract, judge
from chunksmith.providers.builtin.grammar.passage import Sentence, sentences
from chunksmith.providers.builtin.grammar.reading import has_clause
from chunksmith.providers.builtin.grammar.terse import reads_as_prose
from chunksmith.providers.builtin.languages import SUMMARIZE, detect, has_few_function_words
from chunksmith.providers.builtin.likeness import alike, repeats, share_answer
from chunksmith.providers.builtin.questions import (
    candidates,
    further,
    last_resort,
    opened,
    predicated,
    readings_of,
    standing,
)
from chunksmith.providers.builtin.remaining import remaining
from chunksmith.providers.builtin.summary import central, is_statement, statements, terms
from chunksmith.providers.builtin.taxonomy import categories

Item = dict[str, object]
MAX_ITEMS = 64
BENCHMARK = "benchmark"
_ENOUGH = 2
"""open questions: a passage that gives as many is not asked further ones"""
_MOSTLY = 0.65
"""the share of a passage's words that stand in whole sentences, where it is made of prose"""
_AGAIN = 0.6
"""what it costs that a sentence gives a second entry"""


@dataclass(frozen=True, slots=True)
class Source:
    """A passage after reading: its prose and its language."""

    prose: Sequence[Sentence]
    language: str
    count: int
    seed: int
    examples: frozenset[int] = frozenset()
    """the sentences of an example, which are not asked about"""
    terse: bool = False
    """English without articles, as notes are"""


def generate(task: Task) -> list[Item]:
    """Entries for one passage in the reply shape of ``task.mode``, best first.

    Shapes: at most ``task.count`` items, each with ``kind`` beside the keys of the mode; none when the passage holds
            no prose that can be asked about. ``answer``, ``output``, ``quote`` and ``key_points`` are verbatim.
    Errors: InvalidRequest when there is no such mode.
    """
    whole = TASKS.get(task.mode)
    if whole is not None:
        return whole(task)
    write = MODES.get(task.mode)
    if write is None:
        raise InvalidRequest.field("/mode", f"builtin cannot do {task.mode!r}; it knows {', '.join(MODES)}")
    # A sentence that is nothing but markup has no words of the passage to quote.
    prose = [one for one in sentences(task.passage, headings_of(task)) if one.quote.strip()]
    if not prose or task.count < 1:
        return []
    text = " ".join(sentence.text for sentence in prose)
    language = detect(text)
    english = language == "en"
    examples = of_examples(prose) if english else frozenset()
    terse = english and has_few_function_words(text)
    return write(Source(prose, language, min(task.count, MAX_ITEMS), task.seed, examples, terse))


def headings_of(task: Task) -> tuple[str, ...]:
    """The headings the passage stands under, outermost first, when the caller knows them."""
    given = task.context.get("headings")
    return tuple(str(heading) for heading in given) if isinstance(given, list | tuple) else ()


def reply_text(task: Task) -> str:
    """The same as a model would send it."""
    if task.mode == BENCHMARK:
        return answer(task)
    return json.dumps({"entries": generate(task)}, ensure_ascii=False)


def _open_questions(source: Source) -> list[Candidate]:
    """Distinct questions, best first: one per sentence before a second one, kinds mixed, ties turned by the seed."""
    if source.language != "en":
        return []
    reads = readings_of(source.prose)
    chosen = _spread(_ranked(candidates(reads), source), source.count)
    wanted = min(source.count, _ENOUGH)
    for rank in (further, last_resort, standing, opened, predicated, remaining):
        if len(chosen) >= wanted:
            break
        ranked = _ranked(rank(reads), source)
        for again in (False, True):
            chosen = _filled(chosen, ranked, wanted, again, mentions=rank in _LAST)
    return chosen


_LAST = (predicated, remaining)


def _filled(
    chosen: Sequence[Candidate], ranked: Iterable[Candidate], count: int, again: bool, mentions: bool
) -> list[Candidate]:
    """``chosen`` and as many of the others as are missing.

    ``again``: a sentence may be asked for another part too; ``mentions``: a long answer may hold another one.
    """
    filled = list(chosen)
    for item in ranked:
        if len(filled) < count and not any(repeats(item, one, again, mentions) for one in filled):
            filled.append(item)
    return filled


def _ranked(found: Sequence[Candidate], source: Source) -> list[Candidate]:
    size = len(source.prose)
    found = [item for item in found if item.sentence not in source.examples]
    if source.terse:
        found = [item for item in found if reads_as_prose(item.question, item.answer)]
    answers: dict[str, set[str]] = {}
    for item in found:
        answers.setdefault(item.question, set()).add(item.answer)
    return sorted(
        # A question with two answers in one passage cannot be answered.
        (item for item in found if len(answers[item.question]) == 1),
        key=lambda item: (
            -round((item.score + _topical(item, source.prose)) * 2),
            (item.sentence + source.seed) % size,
        ),
    )


def _topical(item: Candidate, prose: Sequence[Sentence]) -> float:
    """Questions about what the heading names come first."""
    heading = set(terms(prose[item.sentence].heading, "en"))
    return 0.5 if heading & set(terms(item.question, "en")) else 0.0


def _spread(ranked: Sequence[Candidate], count: int) -> list[Candidate]:
    chosen: list[Candidate] = []
    later: list[Candidate] = []
    for item in ranked:
        if len(chosen) == count:
            return chosen
        if any(alike(item, other) for other in chosen):
            continue
        (later if any(item.sentence == other.sentence for other in chosen) else chosen).append(item)
    for item in later:
        same = [other for other in chosen if other.sentence == item.sentence]
        if len(chosen) < count and len(same) < 2 and not any(alike(item, other) for other in chosen):
            chosen.append(item)
    return chosen + _other_end(chosen[0], ranked) if len(chosen) == 1 < count else chosen


def _other_end(first: Candidate, ranked: Sequence[Candidate]) -> list[Candidate]:
    """Where there is one question only, its sentence may be asked for another part as well, as may a like sentence."""
    for item in ranked:
        if item.question.lower() != first.question.lower() and not share_answer(item, first):
            return [item]
    return []


def _questions_and_clozes(source: Source) -> list[Item]:
    chosen = _open_questions(source)
    items: list[Item] = [
        {"question": item.question, "answer": item.answer, "quote": item.quote, "kind": item.kind} for item in chosen
    ]
    for gap in _cloze_items(source, chosen)[: source.count - len(items)]:
        items.append({"question": gap.question, "answer": gap.answer, "quote": gap.quote, "kind": "cloze"})
    return items


def _cloze_items(source: Source, chosen: Sequence[Candidate]) -> list[Cloze]:
    """What is filled in beside the open questions; where two entries are not reached, from ever more places."""
    rest = _beside(source, chosen)
    for rank in (_elsewhere, _in_context, _in_runs, _in_notes):
        missing = _ENOUGH - len(chosen) - len(rest)
        if missing > 0:
            rest += rank(source, chosen, rest)[:missing]
    return rest


def _beside(source: Source, chosen: Sequence[Candidate]) -> list[Cloze]:
    used = {item.sentence for item in chosen}
    gaps = (item for item in _gaps(source) if item.sentence not in used)
    rest = _once_each(gaps) if len(chosen) < source.count else []
    if len(chosen) < _ENOUGH:
        return rest
    # Beside open questions names and numbers are worth filling in, other words only for half of what is wanted,
    # and nothing that may need its page.
    rest = [item for item in rest if not item.leans]
    telling = [item for item in rest if item.telling]
    others = [item for item in rest if not item.telling]
    return [*telling, *others[: max(0, source.count // 2 - len(chosen) - len(telling))]]


def _elsewhere(source: Source, chosen: Sequence[Candidate], rest: Sequence[Cloze]) -> list[Cloze]:
    """A sentence that was asked about or filled in, at another place."""
    return _fresh(_gaps(source, 8), chosen, rest)


def _in_context(source: Source, chosen: Sequence[Candidate], rest: Sequence[Cloze]) -> list[Cloze]:
    """The heads of compounds, and sentences that lean, behind what they lean on."""
    if source.language != "en":
        return []
    leaning = (*clozes(source.prose, "en", 8, compounds=True), *in_context(source.prose))
    asked = (item for item in leaning if item.sentence not in source.examples)
    ranked = sorted(_fresh(asked, chosen, rest), key=lambda item: -item.score)
    once = _once_each(ranked)
    return once + [item for item in ranked if item not in once and item.answer not in {one.answer for one in once}]


def _in_runs(source: Source, chosen: Sequence[Candidate], rest: Sequence[Cloze]) -> list[Cloze]:
    """Runs of sentences, those not used yet first; only of passages that are mostly sentences."""
    passage = source.prose[0].passage
    words = sum(len(sentence.text.split()) for sentence in source.prose)
    if source.language != "en" or words < _MOSTLY * len(passage.split()):
        return []
    used = [item.sentence for item in chosen] + [item.sentence for item in rest]
    printed = run_clozes(readings_of(source.prose), source.examples)
    found = _fresh(printed, chosen, rest) or _fresh(printed, chosen, rest, elsewhere=True)
    taken: list[Cloze] = []
    while found and len(taken) < _ENOUGH:
        taken.append(max(found, key=lambda item: item.score - _AGAIN * (item.sentence in used)))
        used.append(taken[-1].sentence)
        found = [item for item in found if item.answer.lower() != taken[-1].answer.lower()]
    return taken


def _in_notes(source: Source, chosen: Sequence[Candidate], rest: Sequence[Cloze]) -> list[Cloze]:
    """Statements of notes, which are too short for the rules of English prose."""
    if not source.terse:
        return []
    found = clozes(source.prose, "other", 8)
    stated = [item for item in found if has_clause(source.prose[item.sentence].text)]
    return _once_each(_fresh(sorted(stated, key=lambda item: -item.score), chosen, rest))


def _fresh(
    found: Iterable[Cloze], chosen: Sequence[Candidate], rest: Sequence[Cloze], elsewhere: bool = False
) -> list[Cloze]:
    """Those whose answer neither an entry nor a part of one gives; ``elsewhere``: one on the same sentence, that is."""
    filled = {item.answer.lower() for item in rest}
    other = [item for item in found if item.answer.lower() not in filled]
    return [gap for gap in other if not _told(gap, [one for one in chosen if not elsewhere or _is_of(one, gap)])]


def _is_of(item: Candidate, gap: Cloze) -> bool:
    """They are made of the same sentence, or one asks for the very word that the other blanks out."""
    return item.sentence == gap.sentence or gap.answer.lower() == item.answer.lower()


def _gaps(source: Source, each: int = 1) -> list[Cloze]:
    size = len(source.prose)
    found = (item for item in clozes(source.prose, source.language, each) if item.sentence not in source.examples)
    return sorted(found, key=lambda item: (-round(item.score * 2), (item.sentence + source.seed) % size))


def _once_each(found: Iterable[Cloze]) -> list[Cloze]:
    by_sentence: dict[int, Cloze] = {}
    for item in found:
        by_sentence.setdefault(item.sentence, item)
    return list(by_sentence.values())


def _told(gap: Cloze, chosen: Sequence[Candidate]) -> bool:
    return any(gap.answer.lower() in item.answer.lower() for item in chosen)


def _questions_only(source: Source) -> list[Item]:
    return [{key: item[key] for key in ("question", "quote", "kind")} for item in _questions_and_clozes(source)]


def _statements(source: Source) -> list[Item]:
    ranked = statements(source.prose, source.language)
    return [
        {"answer": sentence.quote, "quote": sentence.quote, "kind": "statement"} for sentence in ranked[: source.count]
    ]


def _instructions(source: Source) -> list[Item]:
    items: list[Item] = []
    for found in _open_questions(source):
        whole = is_statement(source.prose[found.sentence], source.language)
        output = found.quote if whole else found.answer
        items.append(
            {"instruction": found.instruction, "input": "", "output": output, "quote": found.quote, "kind": found.kind}
        )
    summary = _summary_task(source)
    if summary is not None:
        items.insert(min(2, len(items)), summary)
    return items[: source.count]


def _summary_task(source: Source) -> Item | None:
    best = central(source.prose, source.language, 1)
    group = [sentence for sentence in source.prose if best and sentence.paragraph == best[0].paragraph]
    if len(group) < 3:
        return None
    passage = group[0].passage[group[0].origins[0] : group[-1].origins[-1] + 1]
    asked = SUMMARIZE.get(source.language, SUMMARIZE["en"])
    return {
        "instruction": asked,
        "input": passage,
        "output": best[0].quote,
        "quote": best[0].quote,
        "kind": "summary",
    }


def _summaries(source: Source) -> list[Item]:
    """One for the whole passage, then one for each of its headed sections."""
    groups: list[Sequence[Sentence]] = [source.prose]
    headings = list(dict.fromkeys(sentence.heading for sentence in source.prose))
    if len(headings) > 1:
        groups += [[sentence for sentence in source.prose if sentence.heading == heading] for heading in headings]
    items: list[Item] = []
    for group in groups:
        item = _summary(group, source.language)
        if item is not None and all(item["summary"] != other["summary"] for other in items):
            items.append(item)
    return items[: source.count]


def _summary(group: Sequence[Sentence], language: str) -> Item | None:
    if len(group) < 2:
        return None
    size = 1 if len(group) < 4 else 2 if len(group) < 9 else 3
    chosen = central(group, language, size)
    if not chosen:
        return None
    points = central(group, language, size + 2)
    joint = "" if language in {"ja", "zh"} else " "
    return {
        "summary": joint.join(sentence.quote for sentence in chosen),
        "key_points": [sentence.quote for sentence in points],
        "quote": statements(group, language)[0].quote,
        "kind": "summary",
    }


MODES: Mapping[str, Callable[[Source], list[Item]]] = {
    "default": _questions_and_clozes,
    "question and answer": _questions_and_clozes,
    "question": _questions_only,
    "answer": _statements,
    "instruction following": _instructions,
    "summarization": _summaries,
}
# Work that is not about the prose of one passage.
TASKS: Mapping[str, Callable[[Task], list[Item]]] = {
    "taxonomy": categories,
    "extract": extract,
    "judge extraction": judge,
}
