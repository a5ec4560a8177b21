-- A call that certainly never left counts for nothing; its row stays, with the reason.
ALTER TABLE calls ADD COLUMN unsent INTEGER NOT NULL DEFAULT 0; -- 1: it is one
ALTER TABLE job_counters ADD COLUMN unsent_calls INTEGER NOT NULL DEFAULT 0; -- in the ledger, and not among calls
