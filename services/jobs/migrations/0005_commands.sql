-- When a job was last paused: what counts time for it (deadlines) leaves that time out.
ALTER TABLE jobs ADD COLUMN paused_at timestamptz;

-- A wish outlives the claim it was meant for: whoever died or gave the job back left it to the sweep.
DROP INDEX jobs_wanted;
CREATE INDEX jobs_wanted ON jobs (wanted_at)
  WHERE wanted_at IS NOT NULL AND state IN ('ready', 'scheduled', 'waiting', 'running');
