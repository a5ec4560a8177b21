-- What the scores of an entry saw, and what a model that judged it said.
ALTER TABLE entries ADD COLUMN quality_notes TEXT;  -- JSON
ALTER TABLE entries ADD COLUMN judge TEXT;          -- JSON
