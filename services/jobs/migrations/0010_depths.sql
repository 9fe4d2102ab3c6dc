-- What is not over is counted again and again: out of the indexes alone, without looking at the jobs.
DROP INDEX jobs_fair;
CREATE INDEX jobs_fair ON jobs (queue, tenant, rank_at, id)
  INCLUDE (priority, enqueued_at, ready_at, tries, started_at) WHERE state = 'ready';
DROP INDEX jobs_parked;
CREATE INDEX jobs_parked ON jobs (state, queue)
  INCLUDE (tenant, step, tries, started_at, due_at) WHERE state IN ('scheduled', 'waiting', 'paused');
