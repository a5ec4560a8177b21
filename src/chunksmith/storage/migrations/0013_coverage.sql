-- What rests on a chunk, and whether it is accepted, without looking at rows: for coverage and what is still uncovered.
DROP INDEX entries_by_chunk;
CREATE INDEX entries_by_chunk ON entries (dataset, chunk_id, id, deleted_at, left_out, status);
