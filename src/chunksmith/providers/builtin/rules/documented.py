"""Entries of a reference that begin with their verb: ``Returns the colour.`` below ``colour()``.

What they tell of stands on the line above or in the heading.
"""

from collections.abc import Iterator

from chunksmith.providers.builtin.grammar.clauses import Clause, parse_from_verb
from chunksmith.providers.builtin.grammar.neighbours import lacks_subject
from chunksmith.providers.builtin.grammar.orders import orders
from chunksmith.providers.builtin.grammar.reading import Proposal, Reading
from chunksmith.providers.builtin.grammar.verbs import reading
from chunksmith.providers.builtin.grammar.views import Draft, View, clause_end
from chunksmith.providers.builtin.rules.named_things import documented_name
from chunksmith.providers.builtin.rules.objects import objects

_SCORE = 6.0
_LEAST_PREDICATE = 4  # tokens


def documented(read: Reading) -> Iterator[Proposal]:
    """What does the function return? What must it return? What does the option do?"""
    first = read.tokens[0]
    if first.tag == "word" and reading(first.lower, "b") and read.last > _LEAST_PREDICATE:
        yield from _ordered(read)
        return
    states = first.tag == "modal" or (lacks_subject(read.tokens, 0, read.last) and first.lower.endswith("s"))
    name = documented_name(read) if states and read.sentence.text[-1] == "." else ""
    clause = parse_from_verb(read.tokens, read.last) if name else None
    if clause is None or clause.negated:
        return
    view = View(read.sentence.text, clause, name, clause_end(clause))
    asked = list(objects(view))
    yield from (Proposal(draft) for draft in asked or _deed(view, clause))


def _ordered(read: Reading) -> Iterator[Proposal]:
    """``Light the lamp of the tower.`` below ``--light``: what does the option do?"""
    name = documented_name(read)
    if name.endswith(" option") and orders(read.tokens[0], read.tokens[1]) and read.sentence.text[-1] == ".":
        asked, told = f"What does {name} do", f"State what {name} does"
        yield Proposal(Draft("what", asked, told, 0, read.last, _SCORE))


def _deed(view: View, clause: Clause) -> Iterator[Draft]:
    """The whole predicate."""
    start = clause.main if clause.kind == "modal" else clause.verb
    if clause.kind not in {"lexical", "modal"} or clause.base == "be" or view.end - start < _LEAST_PREDICATE:
        return
    finite = "does" if clause.kind == "lexical" else view.tokens[clause.verb].lower
    told = f"State what {view.subject} {finite} do"
    yield Draft("what", f"What {finite} {view.subject} do", told, start, view.end, _SCORE)
