-- Results go when their time is over: of attempts up to this one nothing is derived any more.
ALTER TABLE document_crawls ADD COLUMN expired_attempt integer NOT NULL DEFAULT 0;
