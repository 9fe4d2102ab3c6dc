-- The last proven result of a crawl and its attempt: a later attempt that fails does not take it away.
ALTER TABLE crawls ADD COLUMN proven jsonb;

CREATE INDEX crawls_listed ON crawls (tenant, created_at DESC, id DESC);
CREATE INDEX crawls_recent ON crawls (provider, dataset_id, triggered_at DESC) WHERE triggered_at IS NOT NULL;
