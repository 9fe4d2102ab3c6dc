-- The outbox is short, and read from its beginning: an index of what is due costs more than it saves, and without one
-- a claim changes no index.
DROP INDEX outbox_due;
ALTER TABLE outbox SET (fillfactor = 70);

-- What callers bring back, such as tokens of pages, is sealed with a secret that only this installation has.
ALTER TABLE instance ADD COLUMN seal uuid NOT NULL DEFAULT gen_random_uuid();

-- A restore into another cluster is recognised by that cluster's identity. Its transactions have other numbers than
-- those in the logs: lines from before restored_at are old, whatever their numbers say.
ALTER TABLE instance ADD COLUMN cluster bigint, ADD COLUMN restored_at timestamptz NOT NULL DEFAULT '-infinity';
