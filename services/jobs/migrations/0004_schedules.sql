-- A batch's jobs in the order in which they were submitted: their ids count up.
DROP INDEX jobs_batch;
CREATE INDEX jobs_batch ON jobs (batch_id, id) WHERE batch_id IS NOT NULL;
CREATE INDEX jobs_batch_open ON jobs (batch_id)
  WHERE batch_id IS NOT NULL AND state NOT IN ('completed', 'failed', 'cancelled');

-- A batch is remembered beside its jobs: how many there were, and which request made it. It also counts the jobs that
-- are archived: its result stays true when they are gone from here.
CREATE TABLE batches (
  id          uuid PRIMARY KEY,
  tenant      text        NOT NULL,
  total_jobs  integer     NOT NULL,
  fingerprint text,
  created_at  timestamptz NOT NULL DEFAULT now(),
  successful  integer NOT NULL DEFAULT 0,
  failed      integer NOT NULL DEFAULT 0,
  cancelled   integer NOT NULL DEFAULT 0,
  last_end    timestamptz                 -- of an archived job
);

-- Jobs that come again and again. next_at is decided before it comes; whoever fires moves it on in the same transaction.
CREATE TABLE schedules (
  id          uuid PRIMARY KEY,
  tenant      text        NOT NULL,
  name        text        NOT NULL,
  cron        text        NOT NULL,
  timezone    text        NOT NULL,
  kind        text        NOT NULL,
  payload     jsonb       NOT NULL DEFAULT '{}',
  priority    smallint    NOT NULL DEFAULT 2 CHECK (priority BETWEEN 0 AND 4),
  metadata    jsonb       NOT NULL DEFAULT '{}',
  max_retries integer,
  timeout     double precision,           -- seconds
  source_id   text,
  related_dataset_id text,
  paused      boolean     NOT NULL DEFAULT false,
  next_at     timestamptz NOT NULL,
  last_at     timestamptz,
  last_job_id uuid,
  last_error  text,                       -- why the last firing made no job
  retry_at    timestamptz,                -- when a firing that made no job is tried again
  created_at  timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant, name)
);
CREATE INDEX schedules_due ON schedules (coalesce(retry_at, next_at)) WHERE NOT paused;
