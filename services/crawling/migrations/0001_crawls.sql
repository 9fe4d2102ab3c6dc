-- What a crawl knows beyond its job (crawls.id = jobs.id).
CREATE TABLE crawls (
  id                uuid PRIMARY KEY,
  tenant            text        NOT NULL,
  provider          text        NOT NULL,
  dataset_id        text        NOT NULL,
  platform          text        NOT NULL,
  competitor        text        NOT NULL,
  inputs            jsonb       NOT NULL,
  options           jsonb       NOT NULL DEFAULT '{}',
  warehouse         text        NOT NULL DEFAULT 'async' CHECK (warehouse IN ('async', 'required')),
  warehouse_state   text        NOT NULL DEFAULT 'none' CHECK (warehouse_state IN ('none', 'pending', 'loaded', 'failed')),
  webhook_token     text        NOT NULL,
  submitted_at      timestamptz,          -- when the order was first sent: look-ups start here
  snapshot_id       text,
  snapshot_dead     boolean     NOT NULL DEFAULT false,
  provider_status   text,
  expected_records  bigint,
  ready_for_download boolean    NOT NULL DEFAULT false,
  poll_count        integer     NOT NULL DEFAULT 0,
  last_poll_time    timestamptz,
  triggered_at      timestamptz,
  deadline          timestamptz NOT NULL,
  created_at        timestamptz NOT NULL DEFAULT now()
);
-- A snapshot belongs to one crawl: two look-ups can never adopt the same one.
CREATE UNIQUE INDEX crawls_snapshot ON crawls (provider, snapshot_id) WHERE snapshot_id IS NOT NULL;

-- A waiting crawl is this row and nothing else: no thread, no task, no memory.
CREATE TABLE polls (
  crawl_id    uuid PRIMARY KEY,
  provider    text        NOT NULL,
  snapshot_id text        NOT NULL,
  due_at      timestamptz NOT NULL,
  token       integer     NOT NULL DEFAULT 0,
  answered    integer     NOT NULL DEFAULT 0,     -- polls the provider answered
  answered_at timestamptz,
  misses      integer     NOT NULL DEFAULT 0,     -- failures in a row
  watching    boolean     NOT NULL DEFAULT false, -- the attempt is over; only watch until the snapshot expires
  status      text        NOT NULL DEFAULT '',      -- the provider's own word
  marker      text        NOT NULL DEFAULT '',
  moved_at    timestamptz NOT NULL,             -- when the marker changed last: the stall clock
  started_at  timestamptz NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX polls_due ON polls (due_at);

-- Which load takes which attempt, decided before it starts: a load that is repeated takes the same ones.
CREATE TABLE loads (
  crawl_id   uuid    NOT NULL,
  attempt    integer NOT NULL,
  load_id    uuid    NOT NULL,
  stored_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (crawl_id, attempt)
);
CREATE INDEX loads_load ON loads (load_id);

CREATE TABLE idempotency_keys (
  tenant      text        NOT NULL,
  key         text        NOT NULL,
  fingerprint text        NOT NULL,
  crawl_id    uuid        NOT NULL,
  answer      bytea,
  in_flight_until timestamptz NOT NULL,
  expires_at  timestamptz NOT NULL,
  PRIMARY KEY (tenant, key)
);
CREATE INDEX idempotency_keys_expiry ON idempotency_keys (expires_at);

-- How each provider is doing, shared by all processes.
CREATE TABLE provider_health (
  provider     text PRIMARY KEY,
  refusals     timestamptz[] NOT NULL DEFAULT '{}',  -- recent 429 answers
  failures     integer       NOT NULL DEFAULT 0,     -- in a row
  open_until   timestamptz                            -- nobody asks before
);
