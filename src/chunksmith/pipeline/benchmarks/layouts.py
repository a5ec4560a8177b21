"""Rows of public sets that are nested, or come in two layouts, as flat rows of one shape."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from chunksmith.domain.benchmarks import Layout

Row = dict[str, Any]


def flat_rows(layout: Layout, row: Row) -> Iterator[Row]:
    """Errors: KeyError, TypeError for what is not in that layout."""
    return _LAYOUTS[layout](row)


def _rows(row: Row) -> Iterator[Row]:
    yield row


def _pubmedqa(row: Row) -> Iterator[Row]:
    """``QUESTION, CONTEXTS, final_decision`` by id (the authors' file), or ``pubid, question, context`` (the hub's)."""
    if "QUESTION" in row:
        yield {
            "id": str(row["id"]),
            "question": row["QUESTION"],
            "abstract": "\n".join(row["CONTEXTS"]),
            "final_decision": row["final_decision"],
        }
        return
    context = row["context"]
    parts = context["contexts"] if isinstance(context, Mapping) else [context]
    texts = {"question": row["question"], "abstract": "\n".join(parts), "final_decision": row["final_decision"]}
    yield {"id": str(row.get("pubid", row.get("id"))), **texts}


def _multirc(row: Row) -> Iterator[Row]:
    """One row for each answer; ``of`` is the question that it belongs to."""
    if not isinstance(row.get("passage"), Mapping):
        place = row["idx"]
        yield {**row, "of": f"{place['paragraph']}-{place['question']}"}
        return
    passage = row["passage"]
    for question in passage["questions"]:
        shared = {"paragraph": passage["text"], "question": question["question"]}
        for answer in question["answers"]:
            of = f"{row['idx']}-{question['idx']}"
            yield {**shared, "answer": answer["text"], "label": answer["label"], "of": of}


def _record(row: Row) -> Iterator[Row]:
    """``entities`` as lines; ``answers`` as texts."""
    if not isinstance(row["passage"], Mapping):
        yield {**row, "passage": _without_marks(row["passage"]), "entities": _lines(row["entities"])}
        return
    text: str = row["passage"]["text"]
    names = [text[one["start"] : one["end"] + 1] for one in row["passage"]["entities"]]
    for asked in row["qas"]:
        answers = [answer["text"] for answer in asked["answers"]]
        yield {
            "passage": _without_marks(text),
            "entities": _lines(names),
            "query": asked["query"],
            "answers": answers,
        }


def _wsc(row: Row) -> Iterator[Row]:
    yield {**row, **row["target"]} if "target" in row else row


def _without_marks(text: str) -> str:
    return text.replace("\n@highlight\n", "\n- ")


def _lines(names: list[str]) -> str:
    return "\n".join(f"- {name}" for name in dict.fromkeys(names))


_LAYOUTS: dict[Layout, Callable[[Row], Iterator[Row]]] = {
    "rows": _rows,
    "pubmedqa": _pubmedqa,
    "multirc": _multirc,
    "record": _record,
    "wsc": _wsc,
}
