"""All acceptable questions on the sentences of an English passage."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from chunksmith.providers.builtin.acceptance import Candidate, behind, finished, headed
from chunksmith.providers.builtin.grammar.clauses import Clause, parse
from chunksmith.providers.builtin.grammar.framing import Vocabulary
from chunksmith.providers.builtin.grammar.passage import Sentence, enumerates, first_end
from chunksmith.providers.builtin.grammar.persons import people_of
from chunksmith.providers.builtin.grammar.reading import (
    MAX_FARTHER,
    MAX_LINES,
    Antecedent,
    Proposal,
    Reading,
    last_word,
    next_antecedent,
    past_opening,
)
from chunksmith.providers.builtin.grammar.topic import topic_of
from chunksmith.providers.builtin.grammar.verbs import reading
from chunksmith.providers.builtin.grammar.views import Draft, clause_end
from chunksmith.providers.builtin.grammar.words import PLURALS, Token, is_plural, tokens
from chunksmith.providers.builtin.pointing import points_away, stands_alone, without_told
from chunksmith.providers.builtin.quoting import LONGEST_RUN, context_of, taking_up
from chunksmith.providers.builtin.rules.addressed import addressed
from chunksmith.providers.builtin.rules.consequents import adjunct_questions
from chunksmith.providers.builtin.rules.directives import directive_at, directive_proposals
from chunksmith.providers.builtin.rules.documented import documented
from chunksmith.providers.builtin.rules.glossaries import entries
from chunksmith.providers.builtin.rules.in_place import asked_in_place
from chunksmith.providers.builtin.rules.openings import clause_proposals, with_lead
from chunksmith.providers.builtin.rules.own_questions import own_questions
from chunksmith.providers.builtin.rules.plain import plain_questions
from chunksmith.providers.builtin.rules.polar import whether
from chunksmith.providers.builtin.rules.predications import predications, taken_up_behind, under_heading
from chunksmith.providers.builtin.rules.reasons import reasons
from chunksmith.providers.builtin.rules.sayings import sayings
from chunksmith.providers.builtin.rules.sequels import sequels
from chunksmith.providers.builtin.rules.standing import as_it_stands, standing_questions
from chunksmith.providers.builtin.rules.taken_up import taken_up, told_deeds
from chunksmith.providers.builtin.rules.unturned import unturned
from chunksmith.providers.builtin.wording import names_variable

_BLOCKED_OPENINGS = frozenset(
    """
    otherwise second secondly firstly third conversely alternatively or nor yet see such besides meanwhile
    afterwards here there rather
    """.split()
)
_BLOCKED_TEXT = re.compile(r"\?|!$|^\W*\(|^[Ll]ike |^Let['’]s ")
_BLOCKED_AS = re.compile(r"^as ", re.I)
# They open a sentence together with the word behind them: "Prior to", "Instead of", "Due to".
_OPENING_PAIRS = frozenset("prior beginning starting instead due owing thanks contrary".split())
_MAX_TOKENS = 64
MAX_OPENED = 96


def candidates(reads: Sequence[Reading]) -> list[Candidate]:
    """All acceptable questions on the sentences of a passage, in their order."""
    return [*(candidate for read in reads for candidate in _of_sentence(read)), *own_questions(reads)]


def further(reads: Sequence[Reading]) -> list[Candidate]:
    """Acceptable questions of the second rank, for a passage that gives too few of the first."""
    return [candidate for read in reads if _is_readable(read) for candidate in _second_rank(read)]


def _second_rank(read: Reading) -> Iterator[Candidate]:
    drafted = (*documented(read), *unturned(read), *taken_up(read), *plain_questions(read), *whether(read))
    yield from (candidate for proposal in drafted if (candidate := finished(read, proposal)))
    yield from _behind_context(read)


def _behind_context(read: Reading) -> Iterator[Candidate]:
    """Questions that take up what the sentences before name, which are printed with them."""
    context = context_of(read)
    if context is None:
        return
    told = taking_up(read)
    for proposal in drafted_behind(told):
        candidate = behind(told, proposal, context.text, context.quote)
        if candidate is not None:
            yield candidate


def drafted_behind(told: Reading) -> Iterator[Proposal]:
    yield from (*proposals(told), *unturned(told), *plain_questions(told), *whether(told), *told_deeds(told))


def last_resort(reads: Sequence[Reading]) -> list[Candidate]:
    """Questions for the end of a sentence: where a passage gives nothing better."""
    return [found for read in reads if is_plain(read) for found in _in_place(read)]


def standing(reads: Sequence[Reading]) -> list[Candidate]:
    """Questions on sentences that stand alone, for a passage that gives nothing else."""
    return [found for read in reads if is_plain(read) for found in standing_questions(read)]


def predicated(reads: Sequence[Reading]) -> list[Candidate]:
    """The plainest questions, on any statement whose subject is certain."""
    return [found for read in reads if _is_readable(read) for found in _predicated(read)]


def _predicated(read: Reading) -> Iterator[Candidate]:
    drafted = (*addressed(read), *predications(read))
    found = [one for proposal in drafted if (one := as_it_stands(read, proposal))]
    found += [one for proposal in under_heading(read) if (one := finished(read, raised(proposal)))]
    context = None if found else context_of(read, LONGEST_RUN)
    if context is not None:
        told = taking_up(read)
        drafted = (*drafted_behind(told), *taken_up_behind(told))
        found = [one for proposal in drafted if (one := behind(told, raised(proposal), *context, last=True))]
    yield from found


def raised(proposal: Proposal) -> Proposal:
    """In the last place a question may be worth less."""
    return proposal._replace(penalty=proposal.penalty - 2.0)


def opened(reads: Sequence[Reading]) -> list[Candidate]:
    """Questions on what a sentence begins with, however long, for a passage where even fewer stand alone."""
    return [found for read in reads if is_plain(read, MAX_OPENED) for found in _behind_adjunct(read)]


def _behind_adjunct(read: Reading) -> Iterator[Candidate]:
    """Behind what the sentence begins with: asked alone, under the heading or after the sentences before."""
    found = [one for proposal in adjunct_questions(read) if (one := finished_somewhere(read, proposal))]
    context = None if found else context_of(read)
    if context is not None:
        told = taking_up(read)
        drafted = (*sequels(read), *adjunct_questions(told))
        found = [one for proposal in drafted if (one := behind(told, proposal, context.text, context.quote))]
    yield from found


def finished_somewhere(read: Reading, proposal: Proposal) -> Candidate | None:
    """A draft that stands alone goes out as it is, one that leans with its heading."""
    if proposal.leans:
        return finished(read, proposal._replace(needs_lead=True))
    found = as_it_stands(read, proposal)
    if (
        found is None
        or "^" in found.question
        or not stands_alone(found.question, whole=True)
        or names_variable(found.question, found.answer)
    ):
        return None
    answer = without_told(found.answer, found.question)
    # "If you want to remove X, note this in Y": the wish is what is noted.
    answer = _BARE_THIS.sub("", answer) if _WISH.search(found.question) else answer
    return None if points_away(answer) else found


_WISH = re.compile(r"\bif [^,]*\b(?:want|wish|needs?|like|requires?)\b")
_BARE_THIS = re.compile(r"\bthis(?= (?:in|by|with|to)\b|\Z)")


def _in_place(read: Reading) -> Iterator[Candidate]:
    found = [one for proposal in asked_in_place(read) if (one := finished(read, proposal))]
    context = None if found else context_of(read)
    if context is not None:
        told = taking_up(read)
        behind_it = (behind(told, proposal, context.text, context.quote) for proposal in asked_in_place(told))
        found = [one for one in behind_it if one]
    yield from found


def _of_sentence(read: Reading) -> Iterator[Candidate]:
    yield from headed(read)
    yield from reasons(read)
    yield from sayings(read)
    for proposal in proposals(read):
        candidate = finished(read, proposal)
        if candidate is not None:
            yield candidate


def _begins_headed(sentence: Sentence) -> bool:
    """Whether the passage begins with the heading of its first sentence."""
    above = sentence.passage[: sentence.origins[0]]
    return above.lstrip().startswith("#") or (sentence.heading.endswith("?") and sentence.heading in above)


def readings_of(sentences: Sequence[Sentence]) -> list[Reading]:
    """Each sentence with what the ones before it and its headings tell."""
    people = people_of(sentences)
    vocabulary = Vocabulary.of(sentences, people.words)
    antecedent: Antecedent | None = None
    lines: tuple[Reading, ...] = ()
    reads: list[Reading] = []
    told: list[Reading] = []
    for number, sentence in enumerate(sentences):
        before = sentences[number - 1] if number else None
        if before is not None and before.paragraph != sentence.paragraph:
            antecedent = None
            lines = lines if _adjoin(before, sentence) else ()
        parts = tokens(sentence.text)
        earlier = " ".join(previous.text for previous in sentences[max(0, number - 6) : number])
        opens = before.headings != sentence.headings if before else _begins_headed(sentence)
        topic = topic_of(sentence.headings, vocabulary.lower, vocabulary.capital)
        near = before if before and before.paragraph == sentence.paragraph else None
        previous = near.text if near else ""
        end = first_end(sentence.text)
        last = min(last_word(parts), next((at for at, token in enumerate(parts) if token.start >= end), len(parts)))
        read = Reading(
            sentence,
            number,
            parts,
            last,
            vocabulary,
            earlier,
            antecedent,
            topic,
            opens,
            previous,
            near,
            lines,
            tuple(one for one in told[-MAX_FARTHER:] if one.sentence.headings == sentence.headings),
            near is None,
            people,
        )
        antecedent = next_antecedent(read)
        told.append(replace(read, lines=(), farther=()))
        lines = (*lines, told[-1])[-MAX_LINES:]
        reads.append(read)
    return reads


def _adjoin(before: Sentence, after: Sentence) -> bool:
    """Two paragraphs of one section with nothing between them: no list, table, listing or fragment."""
    between = before.passage[before.origins[-1] + 1 : after.origins[0]]
    return before.headings == after.headings and not (before.item or after.item) and between.isspace()


def proposals(read: Reading) -> Iterator[Proposal]:
    """Everything that could be asked about one sentence, good or not."""
    first = read.tokens[0]
    yield from (Proposal(draft) for draft in entries(read))
    if not _is_readable(read):
        return
    if first.lower == "there" and read.tokens[1:2] and read.tokens[1].tag == "be":
        yield from (Proposal(draft, leans=True) for draft in _existential(read))
        return
    start = past_opening(read)
    if first.lower in _BLOCKED_OPENINGS or start >= read.last or read.tokens[start].lower in _BLOCKED_OPENINGS:
        return
    opening = read.tokens[start]
    paired = opening.lower in _OPENING_PAIRS and read.tokens[start + 1].lower in {"to", "with", "in", "from", "of"}
    if opening.tag in ("prep", "sub", "to") or paired:
        yield from with_lead(read, start)
        return
    clause = parse(read.tokens, start, read.last)
    order = directive_at(read, start, read.last)
    if order is not None:
        yield from directive_proposals(order)
    elif clause is not None:
        yield from clause_proposals(read, clause)
    if clause is not None:
        yield from _second(read, clause)
    yield from _embedded(read, start)


def _is_readable(read: Reading) -> bool:
    """Not too long, no question, no remark in brackets, not the end of a sentence that a page has cut."""
    turned = not _BLOCKED_AS.match(read.sentence.text)
    return is_plain(read) and turned


_CHANGED = frozenset(
    """
    added fixed changed removed improved updated renamed stabilized deprecated introduced reverted switched refactored
    bumped dropped extended reworked implemented documented
    """.split()
)


def is_plain(read: Reading, longest: int = _MAX_TOKENS) -> bool:
    first = read.tokens[0]
    cut = first.text.isalpha() and first.text.islower()
    if read.sentence.item and first.lower in _CHANGED:
        # "Fixed scripts triggering builds": somebody has, and no statement has a subject.
        return False
    if enumerates(read.sentence.text):
        return False
    return len(read.tokens) <= longest and not _BLOCKED_TEXT.search(read.sentence.text) and not cut


def _second(read: Reading, clause: Clause) -> Iterator[Proposal]:
    """A clause after ``, and`` or ``;`` stands as well as the first when it has a subject of its own."""
    end = clause_end(clause)
    place = end
    while place < read.last and (
        read.tokens[place].text in {",", ";"} or read.tokens[place].lower in {"and", "but", "so"}
    ):
        place += 1
    if end < place < read.last and read.tokens[place].tag != "pron":
        other = parse(read.tokens, place, read.last)
        if other is not None:
            yield from clause_proposals(read, other, penalty=0.5)


_BEFORE_FACT = frozenset("because since although though while whereas and but so".split())
_STATING = frozenset(
    """
    mean means note ensure ensures guarantee guarantees show shows imply implies is fact
    """.split()
)


def _embedded(read: Reading, start: int) -> Iterator[Proposal]:
    """Clauses inside the sentence that are facts of their own: ``… because X``, ``this means that X``."""
    for place in range(start + 2, read.last - 3):
        token, before, after = read.tokens[place], read.tokens[place - 1], read.tokens[place + 1]
        fact = (
            token.text == ";"
            or (token.lower in _BEFORE_FACT and (token.tag != "conj" or before.text in {",", ";"}))
            or (token.lower == "that" and before.lower in _STATING and (place > start + 2 or before.lower == "note"))
        )
        if (
            not fact
            or after.tag == "pron"
            or (after.lower == "the" and read.tokens[place + 2].lower in {"same", "other"})
        ):
            continue
        clause = parse(read.tokens, place + 1, read.last)
        if clause is not None and clause.subject_end - clause.first >= 2:
            yield from clause_proposals(read, clause, penalty=1.0)
            return


def _existential(read: Reading) -> Iterator[Draft]:
    """``There are three kinds of rock``, ``There is no way to …``, ``There is a device attached to …``."""
    parts = read.tokens
    if len(parts) < 6:
        return
    if parts[1].lower in {"are", "were"} and parts[2].tag == "num":
        yield from _counted(read)
    be = parts[1].lower
    if be == "is" and parts[2].lower == "no" and parts[3].lower in {"way", "need", "reason"} and parts[4].tag == "to":
        asked = f"there no {parts[3].lower} to do"
        yield Draft(
            "what", f"What is {asked}", f"State what {asked.replace('there', 'there is', 1)}", 5, read.last, 7.0
        )
    elif be in {"is", "are"} and parts[2].lower != "no":
        for place in range(3, min(read.last - 2, 14)):
            token = parts[place]
            if token.tag == "punct" or token.tag in ("conj", "rel", "sub", "wh", "be", "modal", "to"):
                return
            if (
                reading(token.lower, "n")
                and parts[place + 1].tag == "prep"
                and parts[place - 1].tag in ("word", "quoted")
            ):
                rest = read.sentence.text[token.start : parts[_clear_end(parts, place, read.last) - 1].end]
                yield Draft("what", f"What is {rest}", f"State what is {rest}", 2, place, 7.0)
                return


def _clear_end(parts: Sequence[Token], start: int, last: int) -> int:
    stops = (place for place in range(start, last) if parts[place].text in {",", ";", ":", "—", "–"})
    return next(stops, last)


def _counted(read: Reading) -> Iterator[Draft]:
    parts, text = read.tokens, read.sentence.text
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
