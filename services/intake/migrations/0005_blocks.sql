-- Where rows lie in a dataset's object: blocks of whole lines, each a gzip member that can be read alone. Of what was
-- imported before there are none, and pages are read from the start.
CREATE TABLE dataset_blocks (
  dataset_id uuid   NOT NULL REFERENCES datasets ON DELETE CASCADE,
  first_row  bigint NOT NULL,
  start      bigint NOT NULL,
  size       bigint NOT NULL,
  PRIMARY KEY (dataset_id, first_row)
);
