-- What an order wishes for its result: for how many days it is kept, and whether media it links to are fetched.
ALTER TABLE crawls ADD COLUMN keep_days real;
ALTER TABLE crawls ADD COLUMN media boolean NOT NULL DEFAULT false;
ALTER TABLE stored_results ADD COLUMN expires_at timestamptz;
CREATE INDEX stored_results_expiry ON stored_results (expires_at);
CREATE INDEX stored_results_stored ON stored_results (stored_at) WHERE expires_at IS NULL;

-- Media that a crawl's records link to: where each lies, or why it does not. The same bytes lie in one place a tenant.
CREATE TABLE media (
  crawl_id     uuid NOT NULL,
  url          text NOT NULL,
  tenant       text NOT NULL,
  status       text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'stored', 'refused', 'failed')),
  sha256       text,
  size_bytes   bigint,
  content_type text,
  detail       text,
  PRIMARY KEY (crawl_id, url)
);
CREATE INDEX media_pending ON media (crawl_id) WHERE status = 'pending';
CREATE INDEX media_objects ON media (tenant, sha256) WHERE sha256 IS NOT NULL;
