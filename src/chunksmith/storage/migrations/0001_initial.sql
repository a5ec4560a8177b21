-- Conventions: STRICT tables; *_at is UTC RFC 3339 text; money is integer nano-dollars; JSON only for what is never filtered on.

CREATE TABLE projects (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    chunk_count INTEGER NOT NULL DEFAULT 0, -- visible ones; changed in the transaction that changes what it counts
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    deleted_at TEXT                         -- invisible; what belongs to it is being removed, this row last
) STRICT;
CREATE INDEX projects_by_name ON projects (name, id) WHERE deleted_at IS NULL;
CREATE INDEX projects_to_purge ON projects (id) WHERE deleted_at IS NOT NULL;
CREATE VIEW visible_projects AS SELECT * FROM projects WHERE deleted_at IS NULL;

CREATE TABLE documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    origin TEXT NOT NULL CHECK (origin IN ('upload', 'import')),
    status TEXT NOT NULL CHECK (status IN ('uploaded', 'parsed', 'chunked', 'failed')),
    media_type TEXT,
    size_bytes INTEGER,
    sha256 TEXT,
    stored_path TEXT,                       -- below the data directory, never made of the name
    title TEXT,
    text_chars INTEGER,
    processing TEXT,                        -- JSON: the models and chunk settings that made the chunks
    warnings TEXT NOT NULL DEFAULT '[]',    -- JSON
    error_kind TEXT,
    error_detail TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    import_id INTEGER,                      -- of the import that made it; hidden while open_imports has it
    deleted_at TEXT,                        -- hidden; the row stays for the chunks that name it
    purged_at TEXT                          -- its file, its text and its chunks are gone too
) STRICT;
-- Not partial, like those of chunks: a foreign key's check cannot use a partial index and would read the whole table.
CREATE INDEX documents_of_project ON documents (project_id, deleted_at, id, import_id);
CREATE INDEX imported_documents ON documents (project_id, name) WHERE origin = 'import' AND deleted_at IS NULL;
CREATE INDEX documents_by_content ON documents (project_id, sha256) WHERE sha256 IS NOT NULL AND deleted_at IS NULL;
CREATE UNIQUE INDEX documents_by_path ON documents (stored_path) WHERE stored_path IS NOT NULL;
CREATE INDEX documents_to_purge ON documents (id) WHERE deleted_at IS NOT NULL AND purged_at IS NULL;

CREATE TABLE document_texts (
    document_id INTEGER PRIMARY KEY REFERENCES documents (id) ON DELETE CASCADE,
    text TEXT NOT NULL
) STRICT;

-- An import in progress: its chunks are not visible until the row is gone, so ending one is a change of one row.
CREATE TABLE open_imports (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    first_chunk_id INTEGER NOT NULL,        -- no chunk of it is before this one
    first_document_id INTEGER NOT NULL,     -- nor a document
    chunk_count INTEGER NOT NULL DEFAULT 0,
    document_count INTEGER NOT NULL DEFAULT 0, -- that it made
    started_at TEXT NOT NULL
) STRICT;

CREATE TABLE chunks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    document_id INTEGER REFERENCES documents (id),
    chunk_index INTEGER NOT NULL,           -- place in its document, from 0
    text TEXT NOT NULL,
    start_char INTEGER,                     -- in document_texts.text; null for imported chunks
    end_char INTEGER,
    kind TEXT NOT NULL DEFAULT 'prose',
    heading_path TEXT NOT NULL DEFAULT '[]', -- JSON
    metadata TEXT,                          -- JSON, the importer's own
    external_id TEXT,                       -- the importer's own
    import_id INTEGER,                      -- hidden while open_imports has it
    deleted_at TEXT                         -- hidden; the row stays for the entries that rest on it
) STRICT;
CREATE INDEX chunks_of_project ON chunks (project_id, deleted_at, id, import_id, document_id);
CREATE INDEX chunks_of_document ON chunks (document_id, deleted_at, chunk_index, id, import_id);
CREATE UNIQUE INDEX chunks_by_external_id ON chunks (project_id, external_id)
    WHERE external_id IS NOT NULL AND deleted_at IS NULL;

CREATE VIEW visible_chunks AS
SELECT * FROM chunks
WHERE deleted_at IS NULL
    -- asked once, not for each row: most of the time no import is open
    AND (NOT EXISTS (SELECT 1 FROM open_imports)
        OR import_id IS NULL OR import_id NOT IN (SELECT id FROM open_imports));

CREATE VIEW visible_documents AS
SELECT d.*, (SELECT count(*) FROM visible_chunks AS c WHERE c.document_id = d.id) AS chunk_count
FROM documents AS d
WHERE d.deleted_at IS NULL
    AND (NOT EXISTS (SELECT 1 FROM open_imports)
        OR d.import_id IS NULL OR d.import_id NOT IN (SELECT id FROM open_imports));

CREATE TABLE prompts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    content TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    generation_mode TEXT,                   -- null: any
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;

CREATE TABLE api_keys (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,                   -- to recognise a key by; the key itself is not stored
    sha256 TEXT NOT NULL UNIQUE,
    created_at TEXT NOT NULL,
    revoked_at TEXT
) STRICT;

CREATE TABLE datasets (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    dataset_id TEXT NOT NULL UNIQUE,
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    mode TEXT NOT NULL,
    format_type TEXT NOT NULL,
    folder TEXT NOT NULL,                   -- of its batch files, below the data directory
    settings TEXT NOT NULL,                 -- JSON: what it was made with
    quality TEXT,                           -- JSON: the scores of the whole dataset
    flagged TEXT,                           -- why it should not be used as it is
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    -- counted in the transaction that changes what they count
    revision INTEGER NOT NULL DEFAULT 0,
    entries_count INTEGER NOT NULL DEFAULT 0,
    scored_count INTEGER NOT NULL DEFAULT 0,
    quality_sum REAL NOT NULL DEFAULT 0,
    high_count INTEGER NOT NULL DEFAULT 0,
    medium_count INTEGER NOT NULL DEFAULT 0,
    low_count INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX datasets_of_project ON datasets (project_id, id);

CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    project_id INTEGER REFERENCES projects (id) ON DELETE CASCADE,
    dataset_id INTEGER REFERENCES datasets (id) ON DELETE SET NULL,
    spec TEXT NOT NULL,                     -- JSON, frozen
    state TEXT NOT NULL CHECK (state IN ('submitted', 'running', 'paused', 'completed', 'failed', 'cancelled')),
    reason TEXT,                            -- of a pause: budget, user, provider
    error_slug TEXT,
    error_detail TEXT,
    step TEXT NOT NULL DEFAULT 'Waiting to start',
    concurrency INTEGER NOT NULL,           -- this and the next two may change while it runs
    max_calls INTEGER,
    max_cost_nano INTEGER,
    idempotency_key TEXT UNIQUE,
    idempotency_hash TEXT,
    created_at TEXT NOT NULL,
    started_at TEXT,
    completed_at TEXT,
    notify INTEGER NOT NULL DEFAULT 0       -- 1: its end is still to be told to the webhook
) STRICT;
CREATE INDEX jobs_of_dataset ON jobs (dataset_id) WHERE dataset_id IS NOT NULL;
CREATE INDEX jobs_to_notify ON jobs (id) WHERE notify = 1;
CREATE INDEX jobs_by_state ON jobs (state, id);
CREATE INDEX jobs_of_project ON jobs (project_id, id);

-- Apart from jobs, whose rows are large: this row changes with every unit.
CREATE TABLE job_counters (
    job INTEGER PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
    units_total INTEGER NOT NULL DEFAULT 0,
    units_ready INTEGER NOT NULL DEFAULT 0, -- 1 when all units are in the table
    last_source_id INTEGER NOT NULL DEFAULT 0, -- how far the making of units has come
    rounds INTEGER NOT NULL DEFAULT 0,      -- how often a person asked for failed units again
    progress_floor INTEGER NOT NULL DEFAULT 0, -- percent; how far it was when that was asked for: progress never falls
    accepted INTEGER NOT NULL DEFAULT 0,
    rejected INTEGER NOT NULL DEFAULT 0,
    duplicate INTEGER NOT NULL DEFAULT 0,
    invalid INTEGER NOT NULL DEFAULT 0,
    refused INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    entries INTEGER NOT NULL DEFAULT 0,
    calls INTEGER NOT NULL DEFAULT 0,       -- sent, whatever came of them
    reused_calls INTEGER NOT NULL DEFAULT 0,
    unknown_calls INTEGER NOT NULL DEFAULT 0, -- sent, but whether they were answered is not known
    input_tokens INTEGER NOT NULL DEFAULT 0,
    output_tokens INTEGER NOT NULL DEFAULT 0,
    cached_tokens INTEGER NOT NULL DEFAULT 0,
    thinking_tokens INTEGER NOT NULL DEFAULT 0,
    cost_nano INTEGER NOT NULL DEFAULT 0,   -- known costs
    spent_nano INTEGER NOT NULL DEFAULT 0,  -- counted against the ceiling: known costs, and estimates where unknown
    unpriced_calls INTEGER NOT NULL DEFAULT 0 -- answered, but at an unknown price
) STRICT;

-- What a reader of a job's events may have missed.
CREATE TABLE job_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('state', 'batch')),
    data TEXT NOT NULL,                     -- JSON
    at TEXT NOT NULL
) STRICT;
CREATE INDEX events_of_job ON job_events (job, id);

CREATE TABLE units (
    job INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,              -- from 0, frozen
    source_id INTEGER NOT NULL,             -- the chunk, or the document, by the job's kind
    outcome TEXT CHECK (outcome IN ('accepted', 'rejected', 'duplicate', 'invalid', 'refused', 'failed')),
    reason TEXT,
    detail TEXT,
    entries INTEGER NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,       -- the round of retries that it belongs to, 0 = none
    sample INTEGER NOT NULL DEFAULT 0,      -- how often a new reply was asked for where a usable one was there
    PRIMARY KEY (job, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX units_pending ON units (job, position) WHERE outcome IS NULL;
CREATE INDEX units_by_outcome ON units (job, outcome, position) WHERE outcome IS NOT NULL AND outcome <> 'accepted';

CREATE TABLE calls (
    id INTEGER PRIMARY KEY,
    request_key BLOB NOT NULL,
    job INTEGER REFERENCES jobs (id) ON DELETE SET NULL,
    position INTEGER,                       -- of the unit
    stage TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('intent', 'answered', 'failed', 'unknown')),
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    sent_at TEXT NOT NULL,
    ended_at TEXT,
    finish TEXT,
    usable INTEGER NOT NULL DEFAULT 0,      -- 1: its reply answers the same request again
    error_kind TEXT,
    error_detail TEXT,
    http_status INTEGER,
    input_tokens INTEGER,
    output_tokens INTEGER,
    cached_tokens INTEGER,
    thinking_tokens INTEGER,
    cost_nano INTEGER,
    estimate_nano INTEGER
) STRICT;
CREATE INDEX calls_reusable ON calls (request_key) WHERE usable = 1;
CREATE INDEX calls_of_job ON calls (job, id);
CREATE INDEX calls_open ON calls (id) WHERE state = 'intent';

CREATE TABLE replies (
    call_id INTEGER PRIMARY KEY REFERENCES calls (id) ON DELETE CASCADE,
    raw BLOB NOT NULL                       -- zlib
) STRICT;

-- id = dataset << 36 | number, so that a dataset's entries lie together, in order, without a second index.
CREATE TABLE entries (
    id INTEGER PRIMARY KEY,
    dataset INTEGER NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    chunk_id INTEGER NOT NULL,
    question TEXT,
    answer TEXT,
    instruction TEXT,
    input TEXT,
    output TEXT,
    summary TEXT,
    key_points TEXT,                        -- JSON
    category TEXT,
    difficulty INTEGER,                     -- 1 beginner, 2 intermediate, 3 advanced
    quality REAL,
    quality_parts TEXT,                     -- JSON
    evidence TEXT NOT NULL DEFAULT '[]',    -- JSON
    split TEXT,
    status TEXT NOT NULL DEFAULT 'accepted' CHECK (status IN ('accepted', 'rejected', 'edited', 'regenerated')),
    metadata TEXT,                          -- JSON: what an editor added
    repaired INTEGER NOT NULL DEFAULT 0,    -- 1: the reply had to be mended before it could be read
    call_id INTEGER,
    revision INTEGER NOT NULL DEFAULT 1,
    generated_at TEXT NOT NULL,
    deleted_at TEXT
) STRICT;
-- For the foreign key's check when a dataset goes; the partial ones do not serve it.
CREATE INDEX entries_of_dataset ON entries (dataset);
CREATE INDEX entries_by_quality ON entries (dataset, quality DESC, id) WHERE deleted_at IS NULL;
CREATE INDEX entries_by_category ON entries (dataset, category, id) WHERE deleted_at IS NULL;
CREATE INDEX entries_by_difficulty ON entries (dataset, difficulty, id) WHERE deleted_at IS NULL;

CREATE TABLE revisions (
    entry INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
    revision INTEGER NOT NULL,              -- the number of the text that was replaced
    body TEXT NOT NULL,                     -- JSON: the fields as they were
    change TEXT NOT NULL,                   -- edited, regenerated, restored, deleted
    editor TEXT,                            -- the API key's name
    feedback TEXT,
    replaced_at TEXT NOT NULL,
    PRIMARY KEY (entry, revision)
) STRICT, WITHOUT ROWID;

CREATE TABLE batches (
    job INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    batch_index INTEGER NOT NULL,
    file_path TEXT NOT NULL,                -- below the data directory
    entries_count INTEGER NOT NULL,
    chunks_processed INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (job, batch_index)
) STRICT, WITHOUT ROWID;
