"""The forms that trainers read: an instruction with its output, and conversations of two turns.

Modes whose entries have one side only are trained on with the passage: it is what the model is given, the entry is
what it should say.
"""

from functools import partial
from typing import NamedTuple

from chunksmith.domain.generation import Mode
from chunksmith.exports.columns import PASSAGE, DatasetHeader, Row, about_columns
from chunksmith.exports.json_text import JsonLinesWriter
from chunksmith.exports.protocols import BuiltIn, Sink

TASKS: dict[Mode, str] = {
    "question": "Write a question that the following passage answers.",
    "answer": "State one fact that the following passage gives.",
    "summarization": "Summarize the following passage.",
}


class Turn(NamedTuple):
    instruction: str
    input: str
    output: str

    @property
    def prompt(self) -> str:
        return f"{self.instruction}\n\n{self.input}" if self.input else self.instruction


def turn(row: Row, mode: Mode) -> Turn:
    """What the model is asked, and what it should answer."""
    match mode:
        case "default" | "question and answer":
            return Turn(row["question"] or "", "", row["answer"] or "")
        case "instruction following":
            return Turn(row["instruction"] or "", row["input"], row["output"] or "")
        case "question":
            return Turn(TASKS[mode], passage(row), row["question"] or "")
        case "answer":
            return Turn(TASKS[mode], passage(row), row["answer"] or "")
        case "summarization":
            return Turn(TASKS[mode], passage(row), summary(row))


def passage(row: Row) -> str:
    """The chunk's text; where it is no longer stored, what was quoted of it."""
    quotes = [item["quote"] for item in row.get("evidence") or ()]
    return row.get(PASSAGE) or "\n".join(quotes)


def summary(row: Row) -> str:
    points = "\n".join(f"- {point}" for point in row["key_points"])
    return "\n\n".join(part for part in (row["summary"], points) if part)


class _Conversation(BuiltIn):
    """One JSON object a line: the training columns of the form, then what is known about the row."""

    extension = "jsonl"
    media_type = "application/x-ndjson"
    passages = True

    def open(self, sink: Sink, header: DatasetHeader) -> JsonLinesWriter:
        names = [column.name for column in about_columns(header)]
        return JsonLinesWriter(sink, partial(self._shaped, header.mode, names))

    def _shaped(self, mode: Mode, names: list[str], row: Row) -> Row:
        return {**self.form(turn(row, mode)), **{name: row[name] for name in names}}

    def form(self, turn: Turn) -> Row:
        raise NotImplementedError


class Alpaca(_Conversation):
    name = "alpaca"
    description = "Alpaca: instruction, input and output, one JSON object on each line"

    def form(self, turn: Turn) -> Row:
        return turn._asdict()


class ShareGpt(_Conversation):
    name = "sharegpt"
    description = "ShareGPT: conversations of human and gpt, one JSON object on each line"

    def form(self, turn: Turn) -> Row:
        return {"conversations": [{"from": "human", "value": turn.prompt}, {"from": "gpt", "value": turn.output}]}


class ChatMl(_Conversation):
    name = "chatml"
    description = (
        "Chat messages with role and content, as chat templates and trainers read them, one object on each line"
    )

    def form(self, turn: Turn) -> Row:
        messages = [{"role": "user", "content": turn.prompt}, {"role": "assistant", "content": turn.output}]
        return {"messages": messages}
