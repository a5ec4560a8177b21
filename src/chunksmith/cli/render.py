"""What people read on their terminal. Results go to standard output, everything else to standard error."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from chunksmith.cli.exits import Failure
from chunksmith.cli.jobview import JobView
from chunksmith.cli.output import standard_output
from chunksmith.errors import Fault

out = Console(highlight=False, markup=False, emoji=False)
err = Console(stderr=True, highlight=False, markup=False, emoji=False)

LABELS = {"key_points": "key points"}
TEXTS = ("question", "answer", "instruction", "input", "output", "summary", "key_points")
SHORT_CHARS = 280
SHOWN_FILES = 5
SHOWN_WARNINGS = 10
_STATE_STYLES = {"completed": "green", "failed": "red", "cancelled": "yellow", "paused": "yellow", "running": "cyan"}


def say(text: str, style: str = "") -> None:
    """A line of a result."""
    standard_output()  # which rich would do without
    out.print(Text(clean(text), style=style), soft_wrap=True)


def note(text: str, style: str = "") -> None:
    """A line beside the result: notes, warnings, errors."""
    err.print(Text(clean(text), style=style), soft_wrap=True)


def print_json(value: Any) -> None:
    """One document, indented for eyes."""
    _write(json.dumps(value, ensure_ascii=_needs_ascii(), indent=2))


def print_json_line(value: Any) -> None:
    _write(json.dumps(value, ensure_ascii=_needs_ascii(), separators=(",", ":")))


def clean(text: str) -> str:
    """Without what a terminal would obey: documents and models must not be able to move the cursor."""
    return "".join(char if char in "\n\t" or not _controls(char) else "\N{REPLACEMENT CHARACTER}" for char in text)


def failure(failed: Failure) -> None:
    note(f"Error: {failed.message}", style="bold red")
    faults(failed.faults)


def faults(found: Iterable[Fault]) -> None:
    for fault in found:
        name = fault.pointer.strip("/") or "body"
        note(f"  {name}: {fault.detail}")


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], right: Sequence[str] = ()) -> None:
    """Aligned columns on a terminal; tabs between them elsewhere, where other programs read."""
    if not out.is_terminal:
        for row in (columns, *rows):
            _write("\t".join(_cell(value) for value in row))
        return
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        shown.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        shown.add_row(*(Text(_cell(value)) for value in row))
    out.print(shown)


def pairs(values: Mapping[str, Any]) -> None:
    """Names and values in two columns; what is None is left out."""
    shown = {name: value for name, value in values.items() if value is not None}
    width = max(map(len, shown), default=0)
    for name, value in shown.items():
        say(f"{name:{width}}  {_cell(value)}")


def job(view: JobView, with_files: bool = True) -> None:
    say(f"{view.job_id}  {state(view)}", style=_STATE_STYLES.get(view.status, ""))
    pairs(
        {
            "progress": f"{view.progress:.0f} %" + (f"  {view.step}" if view.step and not view.ended else ""),
            "error": view.error,
            "waiting for": view.waiting_for,
            "expected end": view.eta if not view.ended else None,
            "units": units(view) or None,
            "entries": view.entries if view.dataset_id else None,
            "outcomes": ", ".join(f"{count} {name}" for name, count in view.outcomes.items()) or None,
            "usage": usage(view) or None,
            "dataset": view.dataset_id,
        }
    )
    for warning in view.warnings[:SHOWN_WARNINGS]:
        note(f"note: {warning}", style="yellow")
    if view.documents_unread > SHOWN_WARNINGS:
        note(f"note: {view.documents_unread - SHOWN_WARNINGS} more documents could not be read", style="yellow")
    if view.files and with_files:
        files(view)


def files(view: JobView) -> None:
    """A few of them; of very many the server names the newest only."""
    say(f"{counted(view.batches, 'file')}, below the data directory:")
    for file in view.files[:SHOWN_FILES]:
        say(f"  {file['file_path']}  {file['entries_count']} entries, {file['size_bytes']} bytes")
    if view.batches > SHOWN_FILES:
        say(f"  … and {view.batches - SHOWN_FILES} more")


def state(view: JobView) -> str:
    return f"{view.status} ({view.reason})" if view.reason else view.status


def units(view: JobView) -> str:
    if not view.total:
        return ""
    failed = f", {view.failed} failed" if view.failed else ""
    return f"{view.done} done{failed}, {view.pending} pending of {view.total}"


def usage(view: JobView) -> str:
    if not view.calls and not view.reused:
        return ""
    calls = counted(view.calls, "call") + (f" (+{view.reused} reused)" if view.reused else "")
    tokens = ""
    if view.input_tokens or view.output_tokens:
        tokens = f", {short_count(view.input_tokens or 0)} tokens in, {short_count(view.output_tokens or 0)} out"
    return f"{calls}{tokens}, {money(view)}"


def money(view: JobView) -> str:
    """What is certain, and how many calls may come on top."""
    known = view.cost_usd or view.known_cost_usd
    if known is None:
        return "cost unknown"
    unknown = view.unknown_cost_calls
    return f"${known}" + (f" and {counted(unknown, 'call')} of unknown cost" if unknown else "")


def counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def short_count(count: int) -> str:
    """``950``, ``12.3k``, ``4.1M``."""
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if count >= size:
            return f"{count / size:.1f}{letter}"
    return str(count)


def entry(found: Mapping[str, Any], full: bool = False) -> None:
    """One entry with what it rests on."""
    limit = None if full else SHORT_CHARS
    say(_entry_head(found), style="bold")
    for name in TEXTS:
        value = found.get(name)
        if value:
            say(_labelled(LABELS.get(name, name), value, limit))
    metadata = found.get("metadata") or {}
    document = metadata.get("document_name") or "imported chunk"
    say(f"  source    {document} ({found.get('source_chunk')})")
    for evidence in found.get("evidence") or ():
        say(_quoted(evidence, limit))
    if full and metadata.get("quality"):
        _quality(metadata["quality"], metadata.get("quality_notes") or {}, metadata.get("judge"))


def _quality(parts: Mapping[str, float], notes: Mapping[str, Any], judge: Mapping[str, Any] | None) -> None:
    say(f"  quality   {', '.join(f'{name} {value:.2f}' for name, value in parts.items())}")
    for name, label in (("evidence_missing", "missing"), ("faults", "faults")):
        if notes.get(name):
            say(f"  {label:<9} {', '.join(notes[name])}")
    if judge:
        grades = ", ".join(f"{name} {one['grade']}" for name, one in judge["criteria"].items())
        say(f"  judge     {judge['score']:.2f} by {judge['model']} ({grades})")


def _entry_head(found: Mapping[str, Any]) -> str:
    score = found.get("quality_score")
    facts = [
        f"quality {score:.2f}" if score is not None else "not scored",
        found.get("difficulty"),
        found.get("category"),
        found.get("split"),
        found.get("status") if found.get("status") not in (None, "accepted") else None,
    ]
    return f"{found.get('id')}  [{', '.join(str(fact) for fact in facts if fact)}]"


def _labelled(label: str, value: Any, limit: int | None) -> str:
    points = [str(point) for point in value] if isinstance(value, list) else [str(value)]
    lines = [line for point in points for line in shortened(point, limit).splitlines()]
    return "\n".join(f"  {label if not number else '':<9} {line}" for number, line in enumerate(lines))


def _quoted(evidence: Mapping[str, Any], limit: int | None) -> str:
    match, start, end = evidence.get("match"), evidence.get("start"), evidence.get("end")
    place = f"{match} match, characters {start}–{end}" if start is not None else "not found in the passage"
    quote = " ".join(shortened(str(evidence.get("quote", "")), limit).split())
    return f"  evidence  “{quote}” ({place})"


def shortened(text: str, limit: int | None) -> str:
    if limit is None or len(text) <= limit:
        return text
    return text[: limit - 1].rstrip() + "…"


def _cell(value: Any) -> str:
    return "-" if value is None else " ".join(clean(str(value)).split())


def _controls(char: str) -> bool:
    code = ord(char)
    # Of the C0 and C1 sets; and the marks that turn the direction of what follows.
    return code < 32 or 127 <= code < 160 or 0x202A <= code <= 0x202E or 0x2066 <= code <= 0x2069


def _needs_ascii() -> bool:
    return (standard_output().encoding or "").lower().replace("-", "") != "utf8"


def _write(text: str) -> None:
    standard_output().write(text + "\n")
    standard_output().flush()
