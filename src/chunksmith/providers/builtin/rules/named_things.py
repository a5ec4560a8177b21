"""What ``this field`` or ``it`` is, by the heading, the line above or the label before it: ``**xDelete:**``.

A question on such a sentence is drafted as if the sentence stood behind its context; then the name is put in.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from chunksmith.providers.builtin.grammar.reading import Proposal, Reading
from chunksmith.providers.builtin.grammar.topic import heading_text, is_generic, named

_FIRST = re.compile(r"[Tt]his (?:[a-z-]+ ){0,2}?([a-z]+) (?=(?:can|may|must|should|will|[a-z]+s)\b)")
_MANY = re.compile(r"(?:[A-Z]\w+,? )?[Tt]hese ([a-z]+s)\b")
# "man2: System calls" before "This section tells of A", "Section 2 tells of A".
_LABEL = re.compile(r"([a-z][\w.-]*): [A-Z][a-z]+(?: [a-z]+){0,6} ")
_PAGED = re.compile(r"(?:This|Section \d+)(?: section)?(?= [a-z])")
_CODE = re.compile(r"[a-z][\w.]*(?:[A-Z_]\w*|\([\w, ]*\))")


def name_of(read: Reading) -> tuple[str, str]:
    """The words that stand for the thing and its name: ``this function``, ``the xDelete function``; empty ones else."""
    if found := _MANY.match(read.sentence.text):
        # "These machines" below *Debian machines*
        topic = read.topic.text if read.topic is not None and read.topic.kind == "noun" else ""
        return (found[1], topic) if topic.lower().endswith(f" {found[1]}") else ("", "")
    opener = next((one for one in (*read.lines, read) if one.sentence.paragraph == read.sentence.paragraph), read)
    text = opener.sentence.text
    label = _LABEL.fullmatch(text[: read.tokens[0].start]) if opener is read else None
    opener_at = opener.tokens[0].start if opener is read else 0
    if label is not None and (paged := _PAGED.match(text, opener_at)):
        return paged[0].lower(), label[1]
    found = _FIRST.match(text, opener_at)
    if found is None:
        return "", ""
    noun = found[1]
    name = _label_above(opener) or _heading_of(read, noun)
    if not name or name.lower().split()[-1] == noun or named(read.topic, noun):
        return "", ""
    return noun, f"the {name} {noun}"


def _label_above(read: Reading) -> str:
    """``**xDelete:**``, ``first_value(expr)``, ``--wick=HEIGHT``: a name in code on a line of its own."""
    above = read.sentence.passage[: read.sentence.origins[0]].rstrip(" \n-*").rpartition("\n")
    line = above[2].strip(" -*:`")
    option = _OPTION.match(above[2].strip(" *:"))
    return f"`{option[1]}`" if option else line if _CODE.fullmatch(line) else ""


def documented_name(read: Reading) -> str:
    """What an entry tells of that begins with its verb: ``the `--wick` option``, a function, a code heading."""
    if not read.starts:
        return ""
    label = _label_above(read)
    if label.startswith("`-"):
        return f"the {label} option"
    topic = read.topic
    if label or topic is None or not topic.code or not read.opens_section or topic.text.isupper():
        return label
    return topic.text if topic.text.strip("`") in heading_text(read.sentence.heading) else ""


_OPTION = re.compile(r"`?(--?[A-Za-z][\w-]*)(?:`|[=\s\[<]|\Z)")


def _heading_of(read: Reading, noun: str) -> str:
    """``error`` under *Type*: the headings above the innermost one tell what sort of thing it names."""
    titles = [heading_text(heading) for heading in read.sentence.headings]
    if len(titles) < 2 or len(titles[-1].split()) > 2 or not titles[-1].isalpha():
        return ""
    above = {word.removesuffix("s") for title in titles[:-1] for word in title.lower().split()}
    # "This datatype" below *Type* and *note*
    kind = any(noun.endswith(word) and noun != word for word in above if len(word) >= _LONG_ENOUGH)
    return titles[-1] if kind or (noun in above and not is_generic(titles[-1])) else ""


_LONG_ENOUGH = 4  # letters


def with_name(read: Reading, drafted: Iterator[Proposal]) -> Iterator[Proposal]:
    """The drafts with the name of the thing in the place of what stands for it."""
    noun, name = name_of(read)
    if not noun:
        return
    thing = noun if " " in noun else rf"th(?:is|ese) (?:[a-z-]+ ){{0,2}}?{noun}"
    pattern = re.compile(rf"\b(?:{thing}|it)\b(?!.*\bthis {noun}\b)", re.I)
    for proposal in drafted:
        draft = proposal.draft
        question, told = (pattern.sub(name, text, count=1) for text in (draft.question, draft.instruction))
        if question != draft.question and proposal.lead == "":
            yield proposal._replace(draft=replace(draft, question=question, instruction=told), leans=False)
