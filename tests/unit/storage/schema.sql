-- version 21

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

CREATE VIEW visible_projects AS SELECT * FROM projects WHERE deleted_at IS NULL;

CREATE TRIGGER document_renamed AFTER UPDATE OF name ON documents WHEN OLD.name IS NOT NEW.name
BEGIN
    INSERT OR IGNORE INTO former_document_names (document_id, last_version, name)
    SELECT OLD.id, id, OLD.name FROM dataset_versions WHERE project_id = OLD.project_id ORDER BY id DESC LIMIT 1;
END;

CREATE TRIGGER entry_added AFTER INSERT ON entries
WHEN NEW.since = 0 AND (SELECT states FROM datasets WHERE id = NEW.dataset) > 0
BEGIN
    UPDATE entries SET since = (SELECT states FROM datasets WHERE id = NEW.dataset) + 1 WHERE id = NEW.id;
    UPDATE datasets SET changed = 1 WHERE id = NEW.dataset AND changed = 0;
END;

CREATE TRIGGER entry_changed AFTER UPDATE OF
    position, chunk_id, question, answer, instruction, input, output, summary, key_points, category, difficulty,
    quality, quality_parts, evidence, split, status, metadata, repaired, call_id, generated_at, category_id,
    taxonomy_path, quality_notes, judge, left_out, duplicate_of, contamination, deleted_at
ON entries
WHEN (SELECT states FROM datasets WHERE id = OLD.dataset) > 0 AND (
    (OLD.deleted_at IS NULL) <> (NEW.deleted_at IS NULL)
    OR OLD.position IS NOT NEW.position
    OR OLD.chunk_id IS NOT NEW.chunk_id
    OR OLD.question IS NOT NEW.question
    OR OLD.answer IS NOT NEW.answer
    OR OLD.instruction IS NOT NEW.instruction
    OR OLD.input IS NOT NEW.input
    OR OLD.output IS NOT NEW.output
    OR OLD.summary IS NOT NEW.summary
    OR OLD.key_points IS NOT NEW.key_points
    OR OLD.category IS NOT NEW.category
    OR OLD.difficulty IS NOT NEW.difficulty
    OR OLD.quality IS NOT NEW.quality
    OR OLD.quality_parts IS NOT NEW.quality_parts
    OR OLD.evidence IS NOT NEW.evidence
    OR OLD.split IS NOT NEW.split
    OR OLD.status IS NOT NEW.status
    OR OLD.metadata IS NOT NEW.metadata
    OR OLD.repaired IS NOT NEW.repaired
    OR OLD.call_id IS NOT NEW.call_id
    OR OLD.generated_at IS NOT NEW.generated_at
    OR OLD.category_id IS NOT NEW.category_id
    OR OLD.taxonomy_path IS NOT NEW.taxonomy_path
    OR OLD.quality_notes IS NOT NEW.quality_notes
    OR OLD.judge IS NOT NEW.judge
    OR OLD.left_out IS NOT NEW.left_out
    OR OLD.duplicate_of IS NOT NEW.duplicate_of
    OR OLD.contamination IS NOT NEW.contamination)
BEGIN
    INSERT INTO former_entries
    SELECT OLD.id, OLD.since, datasets.states, OLD.dataset, OLD.position, OLD.chunk_id, OLD.question, OLD.answer,
        OLD.instruction, OLD.input, OLD.output, OLD.summary, OLD.key_points, OLD.category, OLD.difficulty, OLD.quality,
        OLD.quality_parts, OLD.evidence, OLD.split, OLD.status, OLD.metadata, OLD.repaired, OLD.call_id, OLD.revision,
        OLD.generated_at, OLD.category_id, OLD.taxonomy_path, OLD.quality_notes, OLD.judge,
        OLD.left_out, OLD.duplicate_of, OLD.contamination
    FROM datasets WHERE datasets.id = OLD.dataset AND OLD.since <= datasets.states AND OLD.deleted_at IS NULL;
    UPDATE entries SET since = (SELECT states FROM datasets WHERE id = OLD.dataset) + 1 WHERE id = OLD.id;
    UPDATE datasets SET changed = 1 WHERE id = OLD.dataset AND changed = 0;
END;

CREATE TRIGGER readings_go_with_their_document AFTER UPDATE OF purged_at ON documents
WHEN NEW.purged_at IS NOT NULL
BEGIN
    DELETE FROM readings WHERE document_id = NEW.id;
END;

CREATE TABLE api_keys (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,                   -- to recognise a key by; the key itself is not stored
    sha256 TEXT NOT NULL UNIQUE,
    created_at TEXT NOT NULL,
    revoked_at TEXT
) STRICT;

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

CREATE TABLE benchmark_samples (
    job INTEGER NOT NULL REFERENCES benchmarks (job) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    task TEXT NOT NULL,
    sample TEXT NOT NULL,                   -- made of the content: the same sample of two runs has the same
    body TEXT NOT NULL,                     -- JSON: the question, what can be chosen, what is right
    outcome TEXT CHECK (outcome IN ('accepted', 'invalid', 'refused', 'failed')),
    detail TEXT,
    answer TEXT,                            -- as it was read; null when it could not be
    reply TEXT,
    correct INTEGER,                        -- null: not a matter of right or wrong, or no outcome yet
    scores TEXT,                            -- JSON: those that each sample has by itself
    PRIMARY KEY (job, position)
) STRICT;

CREATE TABLE benchmarks (
    job INTEGER PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
    suite TEXT NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    project_id INTEGER,
    dataset INTEGER REFERENCES datasets (id) ON DELETE SET NULL,
    spec TEXT NOT NULL,                     -- JSON, frozen
    edition INTEGER NOT NULL DEFAULT 0,     -- of a generation, the round of retries that its samples were taken in
    frozen INTEGER NOT NULL DEFAULT 0,      -- 1: all samples are in the table, and the next three are known
    samples INTEGER NOT NULL DEFAULT 0,
    tasks TEXT NOT NULL DEFAULT '[]',       -- JSON: what each task asks and how, its files and their hashes
    not_run TEXT NOT NULL DEFAULT '[]',     -- JSON: tasks that cannot be run, and why
    result TEXT,                            -- JSON; null until all samples are down
    completed_at TEXT
) STRICT;

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
, estimated_tokens INTEGER, unsent INTEGER NOT NULL DEFAULT 0) STRICT;

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

CREATE TABLE dataset_versions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    name TEXT NOT NULL,                     -- of the line: the dataset_name of its runs
    major INTEGER NOT NULL,
    minor INTEGER NOT NULL,
    patch INTEGER NOT NULL,
    dataset INTEGER REFERENCES datasets (id) ON DELETE SET NULL, -- null: deleted with it; the number stays taken
    state INTEGER NOT NULL,                 -- of the dataset
    origin TEXT NOT NULL CHECK (origin IN ('run', 'retry', 'increment', 'rollback', 'before_rollback')),
    content_of INTEGER REFERENCES dataset_versions (id) ON DELETE SET NULL, -- the version that was rolled back to
    restored_to INTEGER,                    -- how far a rollback has put entries back, by row id; null: nothing is left
    job INTEGER REFERENCES jobs (id) ON DELETE SET NULL, -- whose result it is
    round INTEGER,                          -- of that job's retries, 0 = none
    description TEXT NOT NULL,
    author TEXT,                            -- the API key's name
    settings TEXT NOT NULL,                 -- JSON, those of the dataset
    flagged TEXT,
    entries_count INTEGER NOT NULL,
    quality TEXT,                           -- JSON; this and the next two are computed after the state is frozen
    content_sha256 TEXT,
    facts TEXT,                             -- JSON: models, prompts, documents
    created_at TEXT NOT NULL
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
, curation TEXT, states INTEGER NOT NULL DEFAULT 0, state INTEGER NOT NULL DEFAULT 0, changed INTEGER NOT NULL DEFAULT 0, content_revision INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE TABLE document_texts (
    document_id INTEGER PRIMARY KEY REFERENCES documents (id) ON DELETE CASCADE,
    text TEXT NOT NULL
) STRICT;

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
, category_id TEXT, taxonomy_path TEXT, quality_notes TEXT, judge TEXT, left_out TEXT CHECK (left_out IN ('duplicate', 'contaminated')), duplicate_of TEXT, contamination TEXT, since INTEGER NOT NULL DEFAULT 0) STRICT;

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

CREATE TABLE extraction_results (
    id INTEGER PRIMARY KEY AUTOINCREMENT,   -- of two results for a chunk the larger is the newer
    job INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,              -- of the unit
    project_id INTEGER NOT NULL,
    chunk_id INTEGER NOT NULL
) STRICT;

CREATE TABLE extractions (
    job INTEGER PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
    project_id INTEGER NOT NULL,
    origin TEXT NOT NULL CHECK (origin IN ('job', 'import')),
    deleted_at TEXT                         -- invisible; its rows are being removed, the job last
) STRICT;

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

CREATE TABLE former_document_names (
    document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    last_version INTEGER NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (document_id, last_version)
) STRICT, WITHOUT ROWID;

CREATE TABLE former_entries (
    entry INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
    first_state INTEGER NOT NULL,
    last_state INTEGER NOT NULL,
    dataset INTEGER NOT NULL,
    position INTEGER NOT NULL,
    chunk_id INTEGER NOT NULL,
    question TEXT,
    answer TEXT,
    instruction TEXT,
    input TEXT,
    output TEXT,
    summary TEXT,
    key_points TEXT,
    category TEXT,
    difficulty INTEGER,
    quality REAL,
    quality_parts TEXT,
    evidence TEXT NOT NULL,
    split TEXT,
    status TEXT NOT NULL,
    metadata TEXT,
    repaired INTEGER NOT NULL,
    call_id INTEGER,
    revision INTEGER NOT NULL,
    generated_at TEXT NOT NULL,
    category_id TEXT,
    taxonomy_path TEXT,
    quality_notes TEXT,
    judge TEXT,
    left_out TEXT,
    duplicate_of TEXT,
    contamination TEXT
) STRICT;

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
, stored_only INTEGER NOT NULL DEFAULT 0, documents_unread INTEGER NOT NULL DEFAULT 0, unsent_calls INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE TABLE job_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('state', 'batch')),
    data TEXT NOT NULL,                     -- JSON
    at TEXT NOT NULL
) STRICT;

CREATE TABLE job_inputs (
    job INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    body TEXT NOT NULL,                     -- JSON
    PRIMARY KEY (job, name)
) STRICT;

CREATE TABLE job_rests (
    job INTEGER PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
    provider TEXT NOT NULL
) STRICT;

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
, warnings TEXT NOT NULL DEFAULT '[]') STRICT;

CREATE TABLE open_imports (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    first_chunk_id INTEGER NOT NULL,        -- no chunk of it is before this one
    first_document_id INTEGER NOT NULL,     -- nor a document
    chunk_count INTEGER NOT NULL DEFAULT 0,
    document_count INTEGER NOT NULL DEFAULT 0, -- that it made
    started_at TEXT NOT NULL
) STRICT;

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

CREATE TABLE prompts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    content TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    generation_mode TEXT,                   -- null: any
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;

CREATE TABLE provider_waits (
    provider TEXT PRIMARY KEY,
    until TEXT NOT NULL                     -- as the provider asked; a restart does not shorten it
) STRICT;

CREATE TABLE reading_pages (
    reading INTEGER NOT NULL REFERENCES readings (id) ON DELETE CASCADE,
    page INTEGER NOT NULL,                  -- from 1
    last_page INTEGER NOT NULL,             -- the same, but for a run of pages with a good text layer
    state TEXT NOT NULL CHECK (state IN ('text_layer', 'blank', 'waiting', 'read', 'unread')),
    text TEXT NOT NULL DEFAULT '',
    problem TEXT,                           -- why it is unread
    read_at TEXT NOT NULL,
    PRIMARY KEY (reading, page)
) STRICT;

CREATE TABLE readings (
    id INTEGER PRIMARY KEY,
    document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    parsing_model TEXT NOT NULL,            -- provider/model
    media_type TEXT NOT NULL,
    title TEXT,
    started_at TEXT NOT NULL
) STRICT;

CREATE TABLE reference_rows (
    reference INTEGER NOT NULL REFERENCES reference_sets (id) ON DELETE CASCADE,
    line INTEGER NOT NULL,                  -- from 1
    prompt TEXT NOT NULL,
    rest TEXT NOT NULL,
    PRIMARY KEY (reference, line)
) STRICT, WITHOUT ROWID;

CREATE TABLE reference_sets (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    rows_count INTEGER NOT NULL DEFAULT 0,
    size_bytes INTEGER NOT NULL DEFAULT 0,
    sha256 TEXT NOT NULL DEFAULT '',
    hidden INTEGER NOT NULL DEFAULT 1,      -- 1: it is not complete, or is being removed
    created_at TEXT NOT NULL
) STRICT;

CREATE TABLE replies (
    call_id INTEGER PRIMARY KEY REFERENCES calls (id) ON DELETE CASCADE,
    raw BLOB NOT NULL                       -- zlib
) STRICT;

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

CREATE TABLE taxonomy_batches (
    job INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    chunk_ids TEXT NOT NULL,                -- JSON
    subject TEXT,                           -- JSON: the category that gets children; null when a tree is made
    PRIMARY KEY (job, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE taxonomy_parts (
    job INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    categories TEXT NOT NULL,               -- JSON
    PRIMARY KEY (job, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE units (
    job INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,              -- from 0, frozen
    source_id INTEGER NOT NULL,             -- the chunk, or the document, by the job's kind
    outcome TEXT CHECK (outcome IN ('accepted', 'rejected', 'duplicate', 'invalid', 'refused', 'failed')),
    reason TEXT,
    detail TEXT,
    entries INTEGER NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,       -- the round of retries that it belongs to, 0 = none
    sample INTEGER NOT NULL DEFAULT 0, former TEXT,      -- how often a new reply was asked for where a usable one was there
    PRIMARY KEY (job, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX benchmark_samples_filtered ON benchmark_samples (job, task, outcome, correct, position);

CREATE INDEX benchmark_samples_pending ON benchmark_samples (job, position) WHERE outcome IS NULL;

CREATE INDEX benchmarks_of_dataset ON benchmarks (dataset, job) WHERE dataset IS NOT NULL;

CREATE INDEX calls_by_time ON calls (sent_at);

CREATE INDEX calls_of_job ON calls (job, id);

CREATE INDEX calls_open ON calls (id) WHERE state = 'intent';

CREATE INDEX calls_reusable ON calls (request_key) WHERE usable = 1;

CREATE INDEX calls_unusable ON calls (request_key) WHERE usable = 0 AND state = 'answered';

CREATE UNIQUE INDEX chunks_by_external_id ON chunks (project_id, external_id)
    WHERE external_id IS NOT NULL AND deleted_at IS NULL;

CREATE INDEX chunks_of_document ON chunks (document_id, deleted_at, chunk_index, id, import_id);

CREATE INDEX chunks_of_project ON chunks (project_id, deleted_at, id, import_id, document_id);

CREATE INDEX datasets_of_project ON datasets (project_id, id);

CREATE INDEX documents_by_content ON documents (project_id, sha256) WHERE sha256 IS NOT NULL AND deleted_at IS NULL;

CREATE UNIQUE INDEX documents_by_path ON documents (stored_path) WHERE stored_path IS NOT NULL;

CREATE INDEX documents_of_project ON documents (project_id, deleted_at, id, import_id);

CREATE INDEX documents_to_purge ON documents (id) WHERE deleted_at IS NOT NULL AND purged_at IS NULL;

CREATE INDEX entries_by_category ON entries (dataset, deleted_at, left_out, category, id, quality, difficulty);

CREATE INDEX entries_by_chunk ON entries (dataset, chunk_id, id, deleted_at, left_out, status);

CREATE INDEX entries_by_difficulty ON entries (dataset, deleted_at, left_out, difficulty, id, quality, category);

CREATE INDEX entries_by_quality ON entries (dataset, deleted_at, left_out, quality DESC, id, difficulty, category);

CREATE INDEX entries_of_dataset ON entries (dataset, deleted_at, left_out, id, quality, difficulty, category);

CREATE INDEX entries_since ON entries (id, since) WHERE since > 1;

CREATE INDEX events_of_job ON job_events (job, id);

CREATE INDEX extraction_items_filtered
    ON extraction_items (job, position, ordinal, category, confidence, validated);

CREATE INDEX extraction_results_of_chunk ON extraction_results (project_id, chunk_id, id, job, position);

CREATE INDEX extraction_results_of_job ON extraction_results (job, chunk_id, position);

CREATE INDEX extractions_of_project ON extractions (project_id, job) WHERE deleted_at IS NULL;

CREATE INDEX extractions_to_purge ON extractions (job) WHERE deleted_at IS NOT NULL;

CREATE INDEX feedback_by_type ON feedback (dataset, feedback_type, id, rating);

CREATE INDEX feedback_of_dataset ON feedback (dataset, id);

CREATE INDEX feedback_of_entry ON feedback (entry, id);

CREATE INDEX former_entries_by_chunk ON former_entries (dataset, chunk_id, entry);

CREATE UNIQUE INDEX former_entries_by_state ON former_entries (entry, last_state, first_state);

CREATE INDEX imported_documents ON documents (project_id, name) WHERE origin = 'import' AND deleted_at IS NULL;

CREATE INDEX jobs_by_state ON jobs (state, id);

CREATE INDEX jobs_of_dataset ON jobs (dataset_id) WHERE dataset_id IS NOT NULL;

CREATE INDEX jobs_of_project ON jobs (project_id, id);

CREATE INDEX jobs_to_notify ON jobs (id) WHERE notify = 1;

CREATE INDEX projects_by_name ON projects (name, id) WHERE deleted_at IS NULL;

CREATE INDEX projects_to_purge ON projects (id) WHERE deleted_at IS NOT NULL;

CREATE UNIQUE INDEX readings_by_document ON readings (document_id, parsing_model);

CREATE UNIQUE INDEX reference_sets_by_name ON reference_sets (name) WHERE hidden = 0;

CREATE UNIQUE INDEX taxonomies_by_name ON taxonomies (project_id, name);

CREATE INDEX units_by_outcome ON units (job, outcome, position) WHERE outcome IS NOT NULL AND outcome <> 'accepted';

CREATE INDEX units_pending ON units (job, position) WHERE outcome IS NULL;

CREATE UNIQUE INDEX versions_by_number ON dataset_versions (project_id, name, major, minor, patch);

CREATE UNIQUE INDEX versions_by_round ON dataset_versions (job, round) WHERE round IS NOT NULL;

CREATE INDEX versions_of_dataset ON dataset_versions (dataset, id);

CREATE INDEX versions_of_project ON dataset_versions (project_id, id);

CREATE INDEX versions_unrestored ON dataset_versions (dataset) WHERE restored_to IS NOT NULL;

CREATE INDEX versions_unsealed ON dataset_versions (id) WHERE content_sha256 IS NULL;
