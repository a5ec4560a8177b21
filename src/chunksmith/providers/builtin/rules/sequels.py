"""Questions on what a sentence makes of the one before, which is printed: ``A. What follows from that?``"""

import re
from collections.abc import Iterator

from chunksmith.providers.builtin.grammar.clauses import parse
from chunksmith.providers.builtin.grammar.reading import Proposal, Reading
from chunksmith.providers.builtin.grammar.views import Draft
from chunksmith.providers.builtin.rules.conditions import statement_end
from chunksmith.providers.builtin.rules.consequents import deed_of_reader
from chunksmith.providers.builtin.rules.directives import directive_at, is_deed, what_to_do
from chunksmith.providers.builtin.rules.unturned import told_of

_SCORE = 6.0


def sequels(read: Reading) -> Iterator[Proposal]:
    """``So B``, ``Then B``, ``In that case, B``, ``That way B``: asked behind A."""
    found = _LINK.match(read.sentence.text)
    if found is None or read.sentence.text[-1] != ".":
        return
    begin = next((place for place, token in enumerate(read.tokens) if token.start >= found.end()), read.last)
    stops = (place for place in range(begin, read.last) if read.tokens[place].text in {";", "—", "–", ":"})
    end = next(stops, read.last)
    if end - begin < _SHORTEST or read.tokens[begin].lower in _NO_STATEMENT:
        return
    asked = _ASKED.get(found.lastgroup or "", "")
    link = found[found.lastgroup or 0]
    lead = asked.format(link[0].lower() + link[1:])
    order = directive_at(read, begin, end)
    occasion = lead.rpartition("|")[2]
    if order is not None and is_deed(order):
        if occasion:
            question, told = what_to_do(order, occasion)
            yield Proposal(Draft("condition", question, told, order.verb, end, _SCORE))
        return
    if occasion and (deed := deed_of_reader(read, begin, end, occasion, _SCORE)):
        yield Proposal(deed)
        return
    if order is not None or found.lastgroup == "meanwhile":
        return
    if parse(read.tokens, begin, end) is None and statement_end(read, begin) != end:
        return
    question = lead.replace("|", "")
    # Three words are enough behind a statement.
    score = _SCORE + 2 * (len(question.split()) < 4)
    yield Proposal(Draft("condition", question, told_of(question), begin, end, score))


_SHORTEST = 5  # tokens
_NO_STATEMENT = frozenset("i we he she far if when to for in as that these those".split())
_THIS = r"(?:this|that)"
_LINK = re.compile(
    r"(?:(?:And|But|So|However|Even),? )?(?:"
    r"(?P<result>so(?! that\b)|hence|therefore|thus|consequently|accordingly|as a result|as a consequence|"
    rf"for {_THIS} reason|because of {_THIS})|"
    r"(?P<next>then|subsequently|after that|afterwards)|"
    rf"(?P<case>in (?:{_THIS}|such a|these|those) (?:cases?|event|situation)|"
    rf"(?:if|when|whenever|once|unless|until) {_THIS} (?:happens|occurs|is (?:so|done|the case)))|"
    rf"(?P<way>in {_THIS} way|{_THIS} way)|"
    r"(?P<otherwise>otherwise)|(?P<instead>instead(?! of\b))|"
    r"(?P<same>for the same reason)|(?P<meanwhile>at the same time)"
    r"),? (?=\w|[`\"“'/-])",
    re.I,
)
_ASKED = {
    "result": "What follows from that|",
    "next": "What happens |then",
    "case": "What applies |{}",
    "way": "What is achieved |{}",
    "otherwise": "What happens |otherwise",
    "instead": "What happens |instead of that",
    "same": "What applies |{}",
    "meanwhile": "What applies |{}",
}
