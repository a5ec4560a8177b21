-- What became of entries after they were written: duplicates, contamination, splits.

ALTER TABLE entries ADD COLUMN left_out TEXT CHECK (left_out IN ('duplicate', 'contaminated'));
ALTER TABLE entries ADD COLUMN duplicate_of TEXT;   -- entry_3, dataset_…/entry_3 or reference_1/12
ALTER TABLE entries ADD COLUMN contamination TEXT;  -- JSON
ALTER TABLE datasets ADD COLUMN curation TEXT;      -- JSON: what each step reports

-- What is left out is seen in the index, without the row.
DROP INDEX entries_of_dataset;
DROP INDEX entries_by_quality;
DROP INDEX entries_by_category;
DROP INDEX entries_by_difficulty;
CREATE INDEX entries_of_dataset ON entries (dataset, deleted_at, id, left_out);
CREATE INDEX entries_by_quality ON entries (dataset, deleted_at, quality DESC, id, left_out);
CREATE INDEX entries_by_category ON entries (dataset, deleted_at, category, id, left_out);
CREATE INDEX entries_by_difficulty ON entries (dataset, deleted_at, difficulty, id, left_out);

CREATE TABLE reference_sets (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    rows_count INTEGER NOT NULL DEFAULT 0,
    size_bytes INTEGER NOT NULL DEFAULT 0,
    sha256 TEXT NOT NULL DEFAULT '',
    hidden INTEGER NOT NULL DEFAULT 1,      -- 1: it is not complete, or is being removed
    created_at TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX reference_sets_by_name ON reference_sets (name) WHERE hidden = 0;

CREATE TABLE reference_rows (
    reference INTEGER NOT NULL REFERENCES reference_sets (id) ON DELETE CASCADE,
    line INTEGER NOT NULL,                  -- from 1
    prompt TEXT NOT NULL,
    rest TEXT NOT NULL,
    PRIMARY KEY (reference, line)
) STRICT, WITHOUT ROWID;
