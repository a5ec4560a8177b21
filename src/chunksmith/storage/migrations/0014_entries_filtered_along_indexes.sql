-- Numbered pages count what they skip along these. What is left out comes before what is sorted by, so that it is no
-- condition on each row; what lists are usually filtered by comes last, so that the row is not looked at.
DROP INDEX entries_of_dataset;
DROP INDEX entries_by_quality;
DROP INDEX entries_by_category;
DROP INDEX entries_by_difficulty;
CREATE INDEX entries_of_dataset ON entries (dataset, deleted_at, left_out, id, quality, difficulty, category);
CREATE INDEX entries_by_quality ON entries (dataset, deleted_at, left_out, quality DESC, id, difficulty, category);
CREATE INDEX entries_by_category ON entries (dataset, deleted_at, left_out, category, id, quality, difficulty);
CREATE INDEX entries_by_difficulty ON entries (dataset, deleted_at, left_out, difficulty, id, quality, category);
