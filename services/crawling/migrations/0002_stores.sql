-- Written before an attempt puts its first part into the lake, removed when nothing of its parts is left there.
CREATE TABLE stores (
  crawl_id uuid        NOT NULL,
  attempt  integer     NOT NULL,
  tenant   text        NOT NULL,
  since    timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (crawl_id, attempt)
);
CREATE INDEX stores_since ON stores (since);
