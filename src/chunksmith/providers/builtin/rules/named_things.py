"""What ``this field`` or ``it`` is, by the heading or the line above: *Choices* below *Fields*, ``**xDelete:**``.

A question on such a sentence is drafted as if the sentence stood behind its context; then the name is put in.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from chunksmith.providers.builtin.grammar.reading import Proposal, Reading
from chunksmith.providers.builtin.grammar.topic import heading_text, is_generic, named

_FIRST = re.compile(r"This (?:[a-z-]+ ){0,2}?([a-z]+) (?=(?:can|may|must|should|will|[a-z]+s)\b)")
_MANY = re.compile(r"(?:[A-Z]\w+,? )?[Tt]hese ([a-z]+s)\b")
_CODE = re.compile(r"[a-z]\w*(?:[A-Z_]\w*|\([\w, ]*\))")


def name_of(read: Reading) -> tuple[str, str]:
    """The words that stand for the thing and its name: ``this function``, ``the xDelete function``; empty ones else."""
    if found := _MANY.match(read.sentence.text):
        # "These machines" below *Debian machines*
        topic = read.topic.text if read.topic is not None and read.topic.kind == "noun" else ""
        return (found[1], topic) if topic.lower().endswith(f" {found[1]}") else ("", "")
    opener = next((one for one in (*read.lines, read) if one.sentence.paragraph == read.sentence.paragraph), read)
    found = _FIRST.match(opener.sentence.text)
    if found is None:
        return "", ""
    noun = found[1]
    name = _label_above(opener) or _heading_of(read, noun)
    if not name or name.lower().split()[-1] == noun or named(read.topic, noun):
        return "", ""
    return noun, f"the {name} {noun}"


def _label_above(read: Reading) -> str:
    """``**xDelete:**``, ``first_value(expr)``: a name in code on a line of its own."""
    above = read.sentence.passage[: read.sentence.origins[0]].rstrip(" \n-*").rpartition("\n")
    line = above[2].strip(" -*:`")
    return line if _CODE.fullmatch(line) else ""


def _heading_of(read: Reading, noun: str) -> str:
    """``error`` under *Type*: the headings above the innermost one tell what sort of thing it names."""
    titles = [heading_text(heading) for heading in read.sentence.headings]
    if len(titles) < 2 or len(titles[-1].split()) > 2 or is_generic(titles[-1]) or not titles[-1].isalpha():
        return ""
    above = {word.removesuffix("s") for title in titles[:-1] for word in title.lower().split()}
    return titles[-1] if noun in above else ""


def with_name(read: Reading, drafted: Iterator[Proposal]) -> Iterator[Proposal]:
    """The drafts with the name of the thing in the place of what stands for it."""
    noun, name = name_of(read)
    if not noun:
        return
    pattern = re.compile(rf"\b(?:th(?:is|ese) (?:[a-z-]+ ){{0,2}}?{noun}|it)\b(?!.*\bthis {noun}\b)", re.I)
    for proposal in drafted:
        draft = proposal.draft
        question, told = (pattern.sub(name, text, count=1) for text in (draft.question, draft.instruction))
        if question != draft.question and proposal.lead == "":
            yield proposal._replace(draft=replace(draft, question=question, instruction=told), leans=False)
