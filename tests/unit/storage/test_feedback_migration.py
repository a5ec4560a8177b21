"""Feedback that was kept in the history only, before there was a table for it."""

import sqlite3

from chunksmith.storage.database import MIGRATIONS

OLD = """
INSERT INTO revisions (entry, revision, body, change, editor, feedback, replaced_at) VALUES
    ((5 << 36) | 7, 1, '{}', 'edited', 'anna', 'too long', '2026-01-02T00:00:00Z'),
    ((5 << 36) | 7, 2, '{}', 'edited', NULL, NULL, '2026-01-03T00:00:00Z'),
    ((5 << 36) | 7, 3, '{}', 'feedback', NULL, ' ', '2026-01-04T00:00:00Z'),
    ((4 << 36) | 1, 1, '{}', 'feedback', NULL, 'check the year', '2026-01-01T00:00:00Z');
"""


def test_it_is_listed_with_the_rest() -> None:
    connection = sqlite3.connect(":memory:")
    for script in sorted(MIGRATIONS.glob("*.sql")):
        if script.name == "0003_feedback.sql":
            connection.executescript(OLD)
        connection.executescript(script.read_text(encoding="utf-8"))
    rows = connection.execute(
        "SELECT dataset, entry - (dataset << 36), feedback_type, comments, author, revision FROM feedback ORDER BY id"
    ).fetchall()
    connection.close()
    assert rows == [(4, 1, "bulk_edit", "check the year", None, 2), (5, 7, "bulk_edit", "too long", "anna", 2)]
