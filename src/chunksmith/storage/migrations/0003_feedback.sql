-- What reviewers say about entries. A row stays when the entry's text changes; `revision` says which text it was about.
CREATE TABLE feedback (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    dataset INTEGER NOT NULL,               -- that of the entry, to list along; goes with its entries
    entry INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
    feedback_type TEXT NOT NULL
        CHECK (feedback_type IN ('bulk_edit', 'quality_issue', 'content_error', 'approve', 'reject')),
    rating INTEGER CHECK (rating BETWEEN 1 AND 5),
    comments TEXT,
    author TEXT,                            -- the API key's name
    revision INTEGER NOT NULL,              -- of the entry, with the change of status that this feedback made
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX feedback_of_entry ON feedback (entry, id);
CREATE INDEX feedback_of_dataset ON feedback (dataset, id);
CREATE INDEX feedback_by_type ON feedback (dataset, feedback_type, id, rating); -- with all that sums need

-- Feedback that came with an edit was kept in the history only.
INSERT INTO feedback (dataset, entry, feedback_type, comments, author, revision, created_at)
SELECT entry >> 36, entry, 'bulk_edit', feedback, editor, revision + 1, replaced_at FROM revisions
WHERE feedback IS NOT NULL AND trim(feedback) <> '' ORDER BY replaced_at, entry, revision;
