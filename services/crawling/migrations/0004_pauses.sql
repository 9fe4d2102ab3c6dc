-- A paused crawl keeps its row, with all it has counted, and is not asked about.
ALTER TABLE polls ADD COLUMN paused_at timestamptz;
DROP INDEX polls_due;
CREATE INDEX polls_due ON polls (due_at) WHERE paused_at IS NULL;
