-- The snapshots that an erased crawl had: a provider that still lists them brings nothing back.
ALTER TABLE erasures ADD COLUMN snapshots text[] NOT NULL DEFAULT '{}';
