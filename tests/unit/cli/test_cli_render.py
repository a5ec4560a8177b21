import json

import pytest

from chunksmith.cli import render
from chunksmith.cli.exits import Failure
from chunksmith.cli.jobview import JobView
from chunksmith.errors import Fault

SCORES = {
    "quality": {"groundedness": 0.4, "unique": 1.0},
    "quality_notes": {"evidence_missing": ["1907", "oak"], "faults": []},
    "judge": {"model": "grok/judge", "score": 0.75, "criteria": {"well_formed": {"grade": 4, "reason": "Fine."}}},
}
ENTRY = {
    "id": "entry_3",
    "question": "Why do leaves fall?",
    "answer": "Because " + "x" * 400,
    "quality_score": 0.914,
    "difficulty": "beginner",
    "category": "Botany",
    "status": "edited",
    "split": None,
    "source_chunk": "chunk_9",
    "evidence": [
        {"quote": "Leaves\nfall.", "start": 4, "end": 16, "match": "exact"},
        {"quote": "Made up.", "start": None, "end": None, "match": "none"},
    ],
    "metadata": {"document_name": "trees.pdf", **SCORES},
}


def test_an_entry_shows_its_source_its_evidence_and_its_quality(capsys: pytest.CaptureFixture[str]) -> None:
    render.entry(ENTRY)

    shown = capsys.readouterr().out
    assert "entry_3  [quality 0.91, beginner, Botany, edited]" in shown
    assert "trees.pdf (chunk_9)" in shown
    assert "“Leaves fall.” (exact match, characters 4–16)" in shown
    assert "“Made up.” (not found in the passage)" in shown


def test_long_texts_are_shortened_unless_all_is_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    render.entry(ENTRY)
    short = capsys.readouterr().out
    render.entry(ENTRY, full=True)
    full = capsys.readouterr().out

    assert "x" * 400 not in short
    assert "…" in short
    assert "x" * 400 in full
    assert "groundedness 0.40, unique 1.00\n" in full
    assert "missing   1907, oak\n" in full
    assert "judge     0.75 by grok/judge (well_formed 4)\n" in full


@pytest.mark.parametrize(
    ("name", "value", "label"),
    [
        ("instruction", "Explain.", "instruction"),
        ("summary", "Short.", "summary"),
        ("key_points", ["one", "two"], "key points"),
    ],
)
def test_every_mode_has_its_fields(capsys: pytest.CaptureFixture[str], name: str, value: object, label: str) -> None:
    render.entry({"id": "entry_1", "question": None, "answer": None, name: value, "metadata": {}})

    shown = capsys.readouterr().out
    assert f"  {label}" in shown
    assert "question" not in shown


def test_a_document_cannot_command_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    render.say("before\x1b[2Jafter\x9b1m \u202eback [bold]kept[/bold]")

    assert capsys.readouterr().out == "before�[2Jafter�1m �back [bold]kept[/bold]\n"


def test_each_fault_has_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    render.failure(Failure("Invalid request", faults=(Fault("/batch_size", "too small"), Fault("", "unreadable"))))

    assert capsys.readouterr().err == "Error: Invalid request\n  batch_size: too small\n  body: unreadable\n"


def test_tables_have_tabs_where_programs_read(capsys: pytest.CaptureFixture[str]) -> None:
    render.table(("id", "name"), [(1, "a\tb"), (2, None)])

    assert capsys.readouterr().out == "id\tname\n1\ta b\n2\t-\n"


def test_json_keeps_every_script(capsys: pytest.CaptureFixture[str]) -> None:
    render.print_json({"名": "緑茶"})

    shown = capsys.readouterr().out
    assert "緑茶" in shown
    assert json.loads(shown) == {"名": "緑茶"}


@pytest.mark.parametrize(("count", "shown"), [(0, "0"), (999, "999"), (12_345, "12.3k"), (4_100_000, "4.1M")], ids=str)
def test_large_counts_are_short(count: int, shown: str) -> None:
    assert render.short_count(count) == shown


def test_an_unknown_cost_is_not_shown_as_nothing() -> None:
    assert render.usage(JobView.of({"result": {"usage": {"calls": 2, "cost_usd": None}}})) == "2 calls, cost unknown"


def test_a_cost_that_is_known_in_part_is_told_with_what_may_come_on_top() -> None:
    usage = {"calls": 3, "cost_usd": None, "known_cost_usd": "0.02", "unknown_cost_calls": 1}
    assert render.usage(JobView.of({"result": {"usage": usage}})) == "3 calls, $0.02 and 1 call of unknown cost"


def test_only_some_of_many_files_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    files = [{"file_path": f"f{n}", "entries_count": 1, "size_bytes": 2} for n in range(9)]
    render.job(JobView.of({"job_id": "j", "result": {"batch_files": files, "completed_batches": 9}}))

    assert "… and 4 more" in capsys.readouterr().out


def test_documents_that_a_job_could_not_read_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    result = {"documents_unread": 12, "warnings": [f"{n}.pdf could not be read" for n in range(12)]}
    render.job(JobView.of({"job_id": "j", "result": result}))

    told = capsys.readouterr().err
    assert "0.pdf could not be read" in told
    assert "2 more documents could not be read" in told
