-- Files that became rows. Each set of bytes is imported once a tenant; a row is there once all its objects are.
CREATE TABLE datasets (
  id           uuid PRIMARY KEY,
  tenant       text        NOT NULL,
  source_id    uuid        NOT NULL,
  job_id       uuid        NOT NULL,
  filename     text        NOT NULL,
  file_type    text        NOT NULL,
  encoding     text,
  sha256       text        NOT NULL,
  size_bytes   bigint      NOT NULL,
  original     text        NOT NULL,
  location     text        NOT NULL,
  row_count    bigint      NOT NULL,
  reject_count bigint      NOT NULL,
  columns      jsonb       NOT NULL,
  profile      jsonb       NOT NULL,
  notes        jsonb       NOT NULL DEFAULT '[]',
  created_at   timestamptz NOT NULL DEFAULT now(),
  created_by   text,
  UNIQUE (tenant, sha256)
);
CREATE INDEX datasets_listed ON datasets (tenant, created_at DESC, id DESC);

-- Which job imports these bytes now: whoever comes with the same ones waits for its end.
CREATE TABLE imports (
  tenant text NOT NULL,
  sha256 text NOT NULL,
  job_id uuid NOT NULL,
  PRIMARY KEY (tenant, sha256)
);
