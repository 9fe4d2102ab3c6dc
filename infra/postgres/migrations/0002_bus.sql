-- The bus of a machine without Pub/Sub.
CREATE TABLE bus_subscriptions (
  name          text PRIMARY KEY,
  topic         text    NOT NULL,
  push_url      text,
  max_attempts  integer NOT NULL CHECK (max_attempts > 0),
  min_backoff_s double precision NOT NULL CHECK (min_backoff_s >= 0),
  max_backoff_s double precision NOT NULL CHECK (max_backoff_s >= min_backoff_s)
);
CREATE INDEX bus_subscriptions_topic ON bus_subscriptions (topic);

-- One row is one event on its way to one subscription. While somebody works on it, due_at is the end of the lease,
-- and attempts tells holders apart. json, not jsonb: what is delivered is what was published.
CREATE TABLE deliveries (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  subscription text        NOT NULL REFERENCES bus_subscriptions ON DELETE CASCADE,
  event_id     text        NOT NULL,
  type         text        NOT NULL,
  source       text        NOT NULL,
  tenant       text        NOT NULL,
  subject      text        NOT NULL,
  time         timestamptz NOT NULL,
  data         json        NOT NULL,
  attempts     integer     NOT NULL DEFAULT 0,
  due_at       timestamptz NOT NULL DEFAULT now()
);
-- The subscription comes first: what waits for one of them never lies in the way of another.
CREATE INDEX deliveries_due ON deliveries (subscription, due_at, id);

CREATE TABLE dead_letters (
  id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  subscription text        NOT NULL,
  event_id     text        NOT NULL,
  type         text        NOT NULL,
  source       text        NOT NULL,
  tenant       text        NOT NULL,
  subject      text        NOT NULL,
  time         timestamptz NOT NULL,
  data         json        NOT NULL,
  attempts     integer     NOT NULL,
  outcome      text        NOT NULL CHECK (outcome IN ('exhausted', 'refused', 'poison')),
  reason       text        NOT NULL,
  detail       text        NOT NULL,
  at           timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX dead_letters_newest ON dead_letters (at DESC, id);
