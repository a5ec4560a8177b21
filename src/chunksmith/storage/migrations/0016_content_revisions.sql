-- Counted when an entry comes, goes or says something else; not when steps mark, place or score what is there.
ALTER TABLE datasets ADD COLUMN content_revision INTEGER NOT NULL DEFAULT 0;
