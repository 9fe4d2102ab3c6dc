-- What is not over, and what is, each newest first: the active are few, however many have ended. Those are found by
-- their kinds, which are few too.
DROP INDEX jobs_listed;
CREATE INDEX jobs_living ON jobs (tenant, created_at DESC, id DESC) WHERE state NOT IN ('completed', 'failed', 'cancelled');
CREATE INDEX jobs_over ON jobs (tenant, kind, created_at DESC, id DESC) WHERE state IN ('completed', 'failed', 'cancelled');
-- Of all that is over, callers look for what went wrong.
CREATE INDEX jobs_lost ON jobs (tenant, created_at DESC, id DESC) WHERE state IN ('failed', 'cancelled');

-- What ended lately, and how long jobs of a kind take.
CREATE INDEX jobs_ended ON jobs (tenant, kind, finished_at DESC, id DESC) WHERE finished_at IS NOT NULL;
CREATE INDEX jobs_source ON jobs (tenant, source_id, created_at DESC, id DESC) WHERE source_id IS NOT NULL;

-- With these a line shows a job as its progress does.
ALTER TABLE job_events
  ADD COLUMN steps_completed text[],         -- NULL: none
  ADD COLUMN result_file_id  text;
