-- What an order wishes for its records: whether each becomes a document.
ALTER TABLE crawls ADD COLUMN documents boolean NOT NULL DEFAULT false;
