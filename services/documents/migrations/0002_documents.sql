-- Crawls whose records become documents: the attempt that stands. Once erased, nothing is derived from one any more.
CREATE TABLE document_crawls (
  crawl_id  uuid PRIMARY KEY,
  tenant    text        NOT NULL,
  attempt   integer     NOT NULL,
  erased_at timestamptz            -- the tombstone; it stays for ever
);

-- What records became, one each. Ids follow from the job and the record's line.
CREATE TABLE documents (
  id            uuid PRIMARY KEY,
  tenant        text        NOT NULL,
  source_id     text,
  crawl_id      uuid        NOT NULL,
  attempt       integer     NOT NULL,  -- the crawl's
  job_id        uuid        NOT NULL,
  ordinal       bigint      NOT NULL,  -- the line of the stored result, from 1
  url           text        NOT NULL,
  title         text        NOT NULL,
  text          text        NOT NULL,
  status        text        NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'classified', 'failed')),
  warnings      jsonb       NOT NULL DEFAULT '[]',
  created_at    timestamptz NOT NULL,
  classified_at timestamptz,
  UNIQUE (job_id, ordinal)
);

CREATE INDEX documents_recent ON documents (tenant, created_at DESC, id DESC);
CREATE INDEX documents_source ON documents (tenant, source_id, created_at DESC, id DESC);
CREATE INDEX documents_crawl ON documents (crawl_id, created_at DESC, id DESC);
CREATE INDEX documents_pending ON documents (job_id, ordinal) WHERE status = 'pending';

-- A capture finds things on one page, a document job on many documents: each counts its own.
ALTER TABLE resources ADD COLUMN document_id uuid REFERENCES documents (id) ON DELETE CASCADE;
ALTER TABLE resources DROP CONSTRAINT resources_job_id_ordinal_key;
ALTER TABLE resources ADD CONSTRAINT resources_place UNIQUE NULLS NOT DISTINCT (job_id, document_id, ordinal);
CREATE INDEX resources_document ON resources (document_id) WHERE document_id IS NOT NULL;
