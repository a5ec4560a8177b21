-- Versions: a state of a dataset's entries is frozen by counting it. What an entry was in a frozen state is copied aside
-- by the change that would overwrite it, whoever makes it: a state costs a row for each entry that changed after it.

ALTER TABLE datasets ADD COLUMN states INTEGER NOT NULL DEFAULT 0;  -- how many of its states are frozen
ALTER TABLE datasets ADD COLUMN state INTEGER NOT NULL DEFAULT 0;   -- the frozen one that its entries are in, unless:
ALTER TABLE datasets ADD COLUMN changed INTEGER NOT NULL DEFAULT 0; -- 1: something was changed since

ALTER TABLE entries ADD COLUMN since INTEGER NOT NULL DEFAULT 0;    -- the first state that has it as it is; 0: all have

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

CREATE UNIQUE INDEX versions_by_number ON dataset_versions (project_id, name, major, minor, patch);
CREATE UNIQUE INDEX versions_by_round ON dataset_versions (job, round) WHERE round IS NOT NULL;
CREATE INDEX versions_of_dataset ON dataset_versions (dataset, id);
CREATE INDEX versions_of_project ON dataset_versions (project_id, id);
CREATE INDEX versions_unsealed ON dataset_versions (id) WHERE content_sha256 IS NULL;
CREATE INDEX versions_unrestored ON dataset_versions (dataset) WHERE restored_to IS NOT NULL;

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

CREATE UNIQUE INDEX former_entries_by_state ON former_entries (entry, last_state, first_state);
CREATE INDEX former_entries_by_chunk ON former_entries (dataset, chunk_id, entry);
CREATE INDEX entries_by_chunk ON entries (dataset, chunk_id, id);
-- Only of what changed, or came, after a state was frozen.
CREATE INDEX entries_since ON entries (id, since) WHERE since > 1;

-- What a document was called while the versions up to ``last_version`` were made.
CREATE TABLE former_document_names (
    document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    last_version INTEGER NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (document_id, last_version)
) STRICT, WITHOUT ROWID;

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
