-- Paused jobs that go on by themselves when the provider, which named a time, does not want to be left alone any more.
CREATE TABLE job_rests (
    job INTEGER PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
    provider TEXT NOT NULL
) STRICT;
