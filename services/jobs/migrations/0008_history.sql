-- Jobs on their way into the warehouse: gone from the engine, and from here once they can be asked there. A batch keeps
-- its id and its jobs whatever happens on the way, so that it is loaded once.
CREATE TABLE leaving_jobs (
  load_id uuid  NOT NULL,
  job_id  uuid  NOT NULL,
  tenant  text  NOT NULL,
  job     jsonb NOT NULL,
  PRIMARY KEY (load_id, job_id)
);
CREATE INDEX leaving_jobs_job ON leaving_jobs (job_id);

-- Every job that ever left: what is not here need not be looked for in the warehouse, which takes long to say no.
CREATE TABLE archived_jobs (
  job_id uuid PRIMARY KEY
);
