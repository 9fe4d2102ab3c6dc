-- Attempts that were followed by another one, as they ended, without what is the same in all attempts of a crawl.
CREATE TABLE ended_attempts (
  crawl_id uuid    NOT NULL,
  attempt  integer NOT NULL,
  crawl    jsonb   NOT NULL,
  PRIMARY KEY (crawl_id, attempt)
);

-- Crawls on their way into the warehouse, one row an attempt: gone from crawls in the transaction in which their jobs
-- leave, and from here once they can be asked there.
CREATE TABLE leaving_crawls (
  load_id  uuid    NOT NULL,
  crawl_id uuid    NOT NULL,
  attempt  integer NOT NULL,
  crawl    jsonb   NOT NULL,
  PRIMARY KEY (load_id, crawl_id, attempt)
);
CREATE INDEX leaving_crawls_crawl ON leaving_crawls (crawl_id);
