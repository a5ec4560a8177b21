-- Documents that a generation was to read first, and could not.
ALTER TABLE jobs ADD COLUMN warnings TEXT NOT NULL DEFAULT '[]'; -- JSON: what became of them, for the first of them
ALTER TABLE job_counters ADD COLUMN documents_unread INTEGER NOT NULL DEFAULT 0;
