-- Events wait here, in the transaction that caused them, until they are published.
CREATE TABLE outbox (
  seq     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id      uuid        NOT NULL,
  type    text        NOT NULL,
  tenant  text        NOT NULL,
  subject text        NOT NULL,
  time    timestamptz NOT NULL,
  data    jsonb       NOT NULL,
  due_at  timestamptz NOT NULL DEFAULT now(),
  tries   integer     NOT NULL DEFAULT 0
);
CREATE INDEX outbox_due ON outbox (due_at, seq);

-- Every public event of the last days. Readers follow (xid, seq) below the oldest running transaction:
-- numbers alone commit out of order and would lose rows.
CREATE TABLE events (
  xid     xid8        NOT NULL DEFAULT pg_current_xact_id(),
  seq     bigint      GENERATED ALWAYS AS IDENTITY,
  id      uuid        NOT NULL,
  type    text        NOT NULL,
  tenant  text        NOT NULL,
  subject text        NOT NULL,
  time    timestamptz NOT NULL,
  data    jsonb       NOT NULL
) PARTITION BY RANGE (time);
CREATE TABLE events_rest PARTITION OF events DEFAULT;
CREATE INDEX events_cursor ON events (xid, seq);
CREATE INDEX events_subject ON events (subject);

-- One row: a restore raises the epoch, so cursors from before it are recognised.
CREATE TABLE instance (
  one     boolean PRIMARY KEY DEFAULT true CHECK (one),
  epoch   integer NOT NULL DEFAULT 1,
  lake_id text
);
INSERT INTO instance DEFAULT VALUES;
