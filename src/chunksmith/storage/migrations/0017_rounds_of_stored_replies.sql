-- Rounds of retries that read what the ledger has, and ask nobody.
ALTER TABLE job_counters ADD COLUMN stored_only INTEGER NOT NULL DEFAULT 0; -- 1: the present round is one
ALTER TABLE units ADD COLUMN former TEXT; -- how it had ended before such a round
-- Replies that do not answer the same request again: few.
CREATE INDEX calls_unusable ON calls (request_key) WHERE usable = 0 AND state = 'answered';
