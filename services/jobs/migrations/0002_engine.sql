-- Limits and pauses of a queue. The name '*' pauses all of them.
ALTER TABLE queues
  ADD COLUMN concurrency        integer CHECK (concurrency > 0),
  ADD COLUMN tenant_concurrency integer CHECK (tenant_concurrency > 0);

ALTER TABLE jobs
  ALTER COLUMN max_tries DROP NOT NULL,
  ALTER COLUMN max_tries DROP DEFAULT,       -- NULL: what the settings say
  ADD COLUMN created_at     timestamptz NOT NULL DEFAULT now(),
  ADD COLUMN boost_seconds  real    NOT NULL DEFAULT 0,   -- the parts of rank_at beside enqueued_at and priority
  ADD COLUMN adjust_seconds real    NOT NULL DEFAULT 0,
  ADD COLUMN failures       integer NOT NULL DEFAULT 0,
  ADD COLUMN timeout_seconds real,
  ADD COLUMN wanted_at      timestamptz,     -- a wish with a time is enforced soon after it, one without is the handler's
  ADD COLUMN paused_from    text,            -- where a resumed job goes on
  ADD COLUMN steps_completed text[] NOT NULL DEFAULT '{}',
  ADD COLUMN message        text,
  ADD COLUMN batch_id       uuid,
  ADD COLUMN schedule_id    uuid,
  ADD COLUMN created_by     text,
  ADD COLUMN related_dataset_id text,
  ADD COLUMN fingerprint    text,            -- of the request, where its id came from an Idempotency-Key
  ADD COLUMN traceparent    text,
  ADD COLUMN discarded_at   timestamptz,     -- a failed job is a dead letter until it is retried or discarded
  ADD COLUMN discard_reason text;

UPDATE jobs SET created_at = enqueued_at;       -- a retry by hand queues anew, but the job is as old as it is
DROP INDEX jobs_listed;
CREATE INDEX jobs_listed ON jobs (tenant, created_at DESC, id DESC);

ALTER TABLE jobs DROP CONSTRAINT jobs_want_check;
ALTER TABLE jobs ADD CONSTRAINT jobs_want_check CHECK (want IN ('cancel', 'pause'));

CREATE INDEX jobs_fair ON jobs (queue, tenant, rank_at, id) WHERE state = 'ready';
CREATE INDEX jobs_retrying ON jobs (queue, due_at) WHERE state = 'scheduled' AND tries > 0;
CREATE INDEX jobs_wanted ON jobs (wanted_at) WHERE wanted_at IS NOT NULL AND state = 'running';
CREATE INDEX jobs_dead ON jobs (tenant, finished_at DESC, id) WHERE state = 'failed' AND discarded_at IS NULL;
CREATE INDEX jobs_batch ON jobs (batch_id) WHERE batch_id IS NOT NULL;
-- What nobody can take now, by its queue: counted and found without looking at what is over.
CREATE INDEX jobs_parked ON jobs (state, queue) WHERE state IN ('scheduled', 'waiting', 'paused');

-- A line of the timeline says all that a reader is shown: nobody has to look the job up.
ALTER TABLE job_events
  ADD COLUMN tenant    text NOT NULL DEFAULT 'default',
  ADD COLUMN kind      text NOT NULL DEFAULT '',
  ADD COLUMN queue     text NOT NULL DEFAULT '',
  ADD COLUMN state     text NOT NULL DEFAULT '',
  ADD COLUMN tries     integer NOT NULL DEFAULT 0,
  ADD COLUMN started   boolean NOT NULL DEFAULT false,
  ADD COLUMN progress  real NOT NULL DEFAULT 0,
  ADD COLUMN step      text,
  ADD COLUMN message   text,
  ADD COLUMN batch_id  uuid,
  ADD COLUMN source_id text;
-- Lines from before say it too, as far as their jobs and their types tell. A type that is no other is a step that waits.
UPDATE job_events e
SET tenant = j.tenant, kind = j.kind, queue = j.queue, source_id = j.source_id, tries = h.tries, started = h.started,
  progress = CASE WHEN e.type IN ('completed', 'load_failed') THEN 100 ELSE 0 END,
  state = CASE
    WHEN e.type IN ('completed', 'failed', 'cancelled') THEN e.type
    WHEN e.type IN ('queued', 'ready', 'given_back', 'lease_expired', 'attempt_started') THEN 'ready'
    WHEN e.type = 'started' THEN 'running'
    WHEN e.type IN ('retrying', 'snoozed') THEN 'scheduled'
    WHEN e.type = 'load_failed' THEN 'completed'
    ELSE 'waiting' END
FROM jobs j, (
  SELECT id, count(*) FILTER (WHERE type = 'retrying') OVER before AS tries,
    bool_or(type = 'started') OVER before AS started
  FROM job_events WINDOW before AS (PARTITION BY job_id, attempt ORDER BY id)
) h
WHERE j.id = e.job_id AND h.id = e.id;
-- Readers follow (xid, id) below the oldest running transaction, as in the event log; the number alone finds nothing.
ALTER TABLE job_events DROP CONSTRAINT job_events_pkey;
CREATE UNIQUE INDEX job_events_cursor ON job_events (xid, id);
