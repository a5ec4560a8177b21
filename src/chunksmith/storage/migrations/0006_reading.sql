-- Documents that a model reads page by page, one reading for each document and model.

CREATE TABLE readings (
    id INTEGER PRIMARY KEY,
    document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    parsing_model TEXT NOT NULL,            -- provider/model
    media_type TEXT NOT NULL,
    title TEXT,
    started_at TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX readings_by_document ON readings (document_id, parsing_model);

CREATE TABLE reading_pages (
    reading INTEGER NOT NULL REFERENCES readings (id) ON DELETE CASCADE,
    page INTEGER NOT NULL,                  -- from 1
    last_page INTEGER NOT NULL,             -- the same, but for a run of pages with a good text layer
    state TEXT NOT NULL CHECK (state IN ('text_layer', 'blank', 'waiting', 'read', 'unread')),
    text TEXT NOT NULL DEFAULT '',
    problem TEXT,                           -- why it is unread
    read_at TEXT NOT NULL,
    PRIMARY KEY (reading, page)
) STRICT;

-- What was read goes when the text of the document does, by whatever way it is deleted.
CREATE TRIGGER readings_go_with_their_document AFTER UPDATE OF purged_at ON documents
WHEN NEW.purged_at IS NOT NULL
BEGIN
    DELETE FROM readings WHERE document_id = NEW.id;
END;
