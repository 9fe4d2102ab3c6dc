CREATE TABLE queues (
  name      text PRIMARY KEY,
  paused_at timestamptz
);

-- One row is one unit of background work, and the only truth about it.
CREATE TABLE jobs (
  id              uuid PRIMARY KEY,
  tenant          text        NOT NULL DEFAULT 'default',
  kind            text        NOT NULL,
  queue           text        NOT NULL,
  state           text        NOT NULL DEFAULT 'ready' CHECK (state IN
                  ('ready', 'scheduled', 'waiting', 'running', 'paused', 'completed', 'failed', 'cancelled')),
  want            text        CHECK (want IN ('cancel', 'pause')),
  priority        smallint    NOT NULL DEFAULT 2 CHECK (priority BETWEEN 0 AND 4),
  enqueued_at     timestamptz NOT NULL DEFAULT now(),
  rank_at         timestamptz NOT NULL DEFAULT now(),
  due_at          timestamptz,
  attempt         integer     NOT NULL DEFAULT 1,
  tries           integer     NOT NULL DEFAULT 0,
  max_tries       integer     NOT NULL DEFAULT 3,
  claims          integer     NOT NULL DEFAULT 0,
  lease_token     bigint      NOT NULL DEFAULT 0,
  lease_until     timestamptz,
  worker          text,
  progress        real        NOT NULL DEFAULT 0,
  step            text,
  payload         jsonb       NOT NULL DEFAULT '{}',
  cursor          jsonb,
  result          jsonb,
  metadata        jsonb       NOT NULL DEFAULT '{}',
  source_id       text,
  error_class     text,
  error_code      text,
  error_stage     text,
  error_message   text,
  error_recovery  text,
  started_at      timestamptz,
  finished_at     timestamptz
) WITH (fillfactor = 80);

-- Each state has its own small index: delayed work never lies in the way of ready work.
CREATE INDEX jobs_ready ON jobs (queue, rank_at, id) WHERE state = 'ready';
CREATE INDEX jobs_scheduled ON jobs (due_at) WHERE state = 'scheduled';
CREATE INDEX jobs_leased ON jobs (lease_until) WHERE state = 'running';
CREATE INDEX jobs_listed ON jobs (tenant, kind, enqueued_at DESC, id DESC);

-- The timeline: changes of state, never single polls.
CREATE TABLE job_events (
  xid     xid8        NOT NULL DEFAULT pg_current_xact_id(),
  id      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  job_id  uuid        NOT NULL,
  attempt integer     NOT NULL,
  at      timestamptz NOT NULL DEFAULT now(),
  type    text        NOT NULL,
  data    jsonb       NOT NULL DEFAULT '{}'
);
CREATE INDEX job_events_job ON job_events (job_id, id);
