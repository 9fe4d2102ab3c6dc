-- Where from something comes. What its jobs do stands in jobs, when it runs by the clock in schedules (of the same id).
CREATE TABLE data_sources (
  id          uuid PRIMARY KEY,
  tenant      text        NOT NULL,
  name        text        NOT NULL,
  source_type text        NOT NULL CHECK (source_type IN ('file_upload', 'website', 'crawl')),
  config      jsonb       NOT NULL DEFAULT '{}',
  description text        NOT NULL DEFAULT '',
  builtin     boolean     NOT NULL DEFAULT false,
  created_at  timestamptz NOT NULL DEFAULT now(),
  created_by  text,
  updated_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX data_sources_listed ON data_sources (tenant, created_at DESC, id DESC);
