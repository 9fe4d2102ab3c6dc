-- How long an attempt took, on the lines that end one.
ALTER TABLE job_events ADD COLUMN seconds real;

-- Since when a job could be taken: one that was scheduled or waited elsewhere did not wait for a worker so long.
ALTER TABLE jobs ADD COLUMN ready_at timestamptz NOT NULL DEFAULT now();

-- Ends by the hour. A bucket is a range of durations, each 15 % longer than the one before; NULL: never started.
CREATE TABLE job_stats (
  hour    timestamptz NOT NULL,
  tenant  text        NOT NULL,
  kind    text        NOT NULL,
  queue   text        NOT NULL,
  outcome text        NOT NULL,
  bucket  smallint,
  count   bigint           NOT NULL,
  seconds double precision NOT NULL,
  UNIQUE NULLS NOT DISTINCT (hour, tenant, kind, queue, outcome, bucket)
);

-- What ever happened to jobs: only rises, and stays as small as there are kinds.
CREATE TABLE job_totals (
  kind    text   NOT NULL,
  type    text   NOT NULL,
  bucket  smallint,
  count   bigint           NOT NULL,
  seconds double precision NOT NULL,
  UNIQUE NULLS NOT DISTINCT (kind, type, bucket)
);

-- The last line of the timeline that is counted. One row: whoever holds it counts, the others pass by.
CREATE TABLE job_stats_cursor (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  xid xid8    NOT NULL DEFAULT '0',
  id  bigint  NOT NULL DEFAULT 0,
  restored_at timestamptz NOT NULL DEFAULT '-infinity'  -- the instance's when lines were put in order
);
-- Lines from before do not say how long it took: counting begins after them.
INSERT INTO job_stats_cursor (xid, id)
SELECT xid, id FROM (SELECT xid, id FROM job_events UNION ALL SELECT '0'::xid8, 0) AS line
ORDER BY xid DESC, id DESC LIMIT 1;

-- Processes that work jobs, by the name their claims carry.
CREATE TABLE workers (
  name       text PRIMARY KEY,
  host       text        NOT NULL,
  pid        integer     NOT NULL,
  started_at timestamptz NOT NULL,
  seen_at    timestamptz NOT NULL DEFAULT now(),
  slots      jsonb       NOT NULL  -- by queue: no queue can use the room of another
);
