-- Other teams' endpoints. failures are in a row: an endpoint that fails gets one push at a time until it takes one.
CREATE TABLE event_subscriptions (
  id            uuid PRIMARY KEY,
  tenant        text        NOT NULL,
  topic         text        NOT NULL,
  push_url      text        NOT NULL,
  secret        text        NOT NULL,
  created_at    timestamptz NOT NULL DEFAULT now(),
  failures      integer     NOT NULL DEFAULT 0,
  given_up      bigint      NOT NULL DEFAULT 0,
  last_error    text,
  last_error_at timestamptz
);
CREATE INDEX event_subscriptions_topic ON event_subscriptions (tenant, topic);

-- One row is one event on its way to one endpoint; a taken or given up one is gone. While a push is under way, due_at
-- is the end of its lease, and attempts tells holders apart.
CREATE TABLE pushes (
  subscription_id uuid        NOT NULL REFERENCES event_subscriptions ON DELETE CASCADE,
  event_id        text        NOT NULL,
  type            text        NOT NULL,
  source          text        NOT NULL,
  tenant          text        NOT NULL,
  subject         text        NOT NULL,
  time            timestamptz NOT NULL,
  data            json        NOT NULL,
  attempts        integer     NOT NULL DEFAULT 0,
  due_at          timestamptz NOT NULL DEFAULT now(),
  created_at      timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (subscription_id, event_id)
);
CREATE INDEX pushes_due ON pushes (subscription_id, due_at);
