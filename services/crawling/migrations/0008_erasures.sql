-- What was erased stays told: by whom, when and how much. Written when it is ordered, so that nothing revives the crawl.
CREATE TABLE erasures (
  crawl_id  uuid PRIMARY KEY,
  tenant    text        NOT NULL,
  attempt   integer     NOT NULL,              -- the last one there was
  job_id    uuid        NOT NULL,
  asked_at  timestamptz NOT NULL DEFAULT now(),
  asked_by  text,
  erased_at timestamptz,
  counts    jsonb       NOT NULL DEFAULT '{}',
  swept_at  timestamptz                         -- what lost workers wrote behind it is gone too
);
CREATE INDEX erasures_unswept ON erasures (erased_at) WHERE swept_at IS NULL;

-- Stored results, until the time is over for which their data source keeps them.
CREATE TABLE stored_results (
  crawl_id  uuid        NOT NULL,
  attempt   integer     NOT NULL,
  tenant    text        NOT NULL,
  source_id text        NOT NULL DEFAULT '',
  stored_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (crawl_id, attempt)
);
CREATE INDEX stored_results_age ON stored_results (tenant, source_id, stored_at);
INSERT INTO stored_results (crawl_id, attempt, tenant, stored_at)
SELECT id, (proven->>'attempt')::integer, tenant, created_at FROM crawls WHERE proven IS NOT NULL;
