-- What a job was given that is too large for its row, as it was when the job was submitted.
CREATE TABLE job_inputs (
    job INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    body TEXT NOT NULL,                     -- JSON
    PRIMARY KEY (job, name)
) STRICT;

-- The category of the taxonomy that an entry belongs to.
ALTER TABLE entries ADD COLUMN category_id TEXT;
ALTER TABLE entries ADD COLUMN taxonomy_path TEXT;  -- JSON, names from level 1 down
