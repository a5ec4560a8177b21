CREATE TABLE provider_waits (
    provider TEXT PRIMARY KEY,
    until TEXT NOT NULL                     -- as the provider asked; a restart does not shorten it
) STRICT;
