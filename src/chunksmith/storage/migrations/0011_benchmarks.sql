-- Models measured on benchmarks: a job of its own, or the last step of a generation.
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
CREATE INDEX benchmarks_of_dataset ON benchmarks (dataset, job) WHERE dataset IS NOT NULL;

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
CREATE INDEX benchmark_samples_pending ON benchmark_samples (job, position) WHERE outcome IS NULL;
CREATE INDEX benchmark_samples_filtered ON benchmark_samples (job, task, outcome, correct, position);
