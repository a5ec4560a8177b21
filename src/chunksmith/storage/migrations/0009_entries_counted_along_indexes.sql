-- Numbered pages of sorted lists count along these without looking at rows: what a list leaves out is in the index, not
-- in a condition of the index, which would not count as held by it.
DROP INDEX entries_by_quality;
DROP INDEX entries_by_category;
DROP INDEX entries_by_difficulty;
CREATE INDEX entries_by_quality ON entries (dataset, deleted_at, quality DESC, id);
CREATE INDEX entries_by_category ON entries (dataset, deleted_at, category, id);
CREATE INDEX entries_by_difficulty ON entries (dataset, deleted_at, difficulty, id);
