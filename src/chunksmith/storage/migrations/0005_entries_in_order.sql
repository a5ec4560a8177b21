-- Pages by number count through this index instead of the rows, whose ids it holds in order.
DROP INDEX entries_of_dataset;
CREATE INDEX entries_of_dataset ON entries (dataset, deleted_at);
