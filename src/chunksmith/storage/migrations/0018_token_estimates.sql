-- What a call is expected to take: counts against tokens per minute after a restart, while its usage is not known.
ALTER TABLE calls ADD COLUMN estimated_tokens INTEGER;

-- Ids do not grow with the time of sending: an imported project brings its calls along.
CREATE INDEX calls_by_time ON calls (sent_at);
