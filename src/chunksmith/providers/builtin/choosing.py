"""Answers to benchmark questions by rule: a floor to compare models with, not an attempt to be right.

Of lettered options the one that shares most words with the question, in doubt the first; of labels the first; for a
free answer the sentence of the passage that shares most words with the question.
"""

import math
import re

from chunksmith.domain.calls import Task
from chunksmith.providers.builtin.grammar.passage import sentences
from chunksmith.providers.builtin.summary import terms


def answer(task: Task) -> str:
    """Empty where there is nothing to answer from."""
    question = str(task.context.get("question", ""))
    options: dict[str, str] | None = task.context.get("options")
    if options:
        if task.context.get("form") != "choice":
            return next(iter(options))
        return max(options, key=lambda letter: _shared(question, options[letter]))  # the first of equals
    found = [one.text for one in sentences(task.passage, ())]
    return max(found, key=lambda text: _shared(question, text), default="")


def _shared(question: str, text: str) -> float:
    """Words in common, by the square root of the length, so that the longest does not always win."""
    asked, said = _words(question), _words(text)
    return len(asked & said) / math.sqrt(max(1, len(said)))


def _words(text: str) -> set[str]:
    return set(terms(text, "en")) | set(re.findall(r"\d+", text))
