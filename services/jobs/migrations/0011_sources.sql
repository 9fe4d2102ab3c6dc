-- What a data source is at follows from its jobs: those that are not over, and the one that ended last.
CREATE INDEX jobs_source_living ON jobs (tenant, source_id) INCLUDE (state, tries, started_at)
  WHERE source_id IS NOT NULL AND state NOT IN ('completed', 'failed', 'cancelled');
CREATE INDEX jobs_source_ended ON jobs (tenant, source_id, finished_at DESC) INCLUDE (state)
  WHERE source_id IS NOT NULL AND finished_at IS NOT NULL;
