-- What was extracted from chunks. An import is a job that is completed from the start.

CREATE TABLE extractions (
    job INTEGER PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
    project_id INTEGER NOT NULL,
    origin TEXT NOT NULL CHECK (origin IN ('job', 'import')),
    deleted_at TEXT                         -- invisible; its rows are being removed, the job last
) STRICT;
CREATE INDEX extractions_of_project ON extractions (project_id, job) WHERE deleted_at IS NULL;
CREATE INDEX extractions_to_purge ON extractions (job) WHERE deleted_at IS NOT NULL;

-- The part of the taxonomy that a job works with, frozen; in the order of the tree, so that a branch is a range.
CREATE TABLE extraction_categories (
    job INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,                -- from 1
    parent INTEGER,                         -- number; null at level 1
    last INTEGER NOT NULL,                  -- the highest number of its branch
    category_id TEXT,                       -- of the taxonomy's node; null when there is no taxonomy
    name TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    offered INTEGER NOT NULL DEFAULT 1,     -- 0: only stands above categories that were selected
    items INTEGER NOT NULL DEFAULT 0,       -- these two are changed in the transaction that changes what they count
    validated INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (job, number)
) STRICT, WITHOUT ROWID;

-- A chunk that a job is done with, also when nothing was found in it.
CREATE TABLE extraction_results (
    id INTEGER PRIMARY KEY AUTOINCREMENT,   -- of two results for a chunk the larger is the newer
    job INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,              -- of the unit
    project_id INTEGER NOT NULL,
    chunk_id INTEGER NOT NULL
) STRICT;
CREATE INDEX extraction_results_of_job ON extraction_results (job, chunk_id, position);
CREATE INDEX extraction_results_of_chunk ON extraction_results (project_id, chunk_id, id, job, position);

CREATE TABLE extraction_items (
    job INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,              -- of the unit
    ordinal INTEGER NOT NULL,               -- by place in the chunk, from 0
    chunk_id INTEGER NOT NULL,
    category INTEGER NOT NULL,              -- number
    text TEXT NOT NULL,                     -- the characters of the chunk from start_char to end_char
    start_char INTEGER NOT NULL,
    end_char INTEGER NOT NULL,
    match TEXT NOT NULL CHECK (match IN ('exact', 'normalized', 'fuzzy')),
    occurrences INTEGER NOT NULL,           -- in the chunk; start_char is the first
    confidence REAL NOT NULL,
    validated INTEGER,                      -- null: nobody judged it
    validation_confidence REAL,
    PRIMARY KEY (job, position, ordinal)
) STRICT, WITHOUT ROWID;
-- What lists are filtered by, without the texts.
CREATE INDEX extraction_items_filtered
    ON extraction_items (job, position, ordinal, category, confidence, validated);
