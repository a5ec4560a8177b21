-- Trees of categories, and what the jobs that make them have found so far.

CREATE TABLE taxonomies (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL UNIQUE,
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    origin TEXT NOT NULL CHECK (origin IN ('manual', 'generated')),
    tree TEXT NOT NULL,                     -- JSON, whole: it is always read and written as one
    node_count INTEGER NOT NULL,            -- of the tree without its root, for lists
    depth INTEGER NOT NULL,
    revision INTEGER NOT NULL DEFAULT 1,
    made_by TEXT,                           -- JSON: the job and the settings that made it
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX taxonomies_by_name ON taxonomies (project_id, name);

-- What each unit of a taxonomy job works on, frozen before the first call.
CREATE TABLE taxonomy_batches (
    job INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    chunk_ids TEXT NOT NULL,                -- JSON
    subject TEXT,                           -- JSON: the category that gets children; null when a tree is made
    PRIMARY KEY (job, position)
) STRICT, WITHOUT ROWID;

-- The categories that a unit found, written in the transaction that ends it.
CREATE TABLE taxonomy_parts (
    job INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    categories TEXT NOT NULL,               -- JSON
    PRIMARY KEY (job, position)
) STRICT, WITHOUT ROWID;
