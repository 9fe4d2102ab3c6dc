-- What sites ask of robots, kept for an hour; an empty text where a site has no robots.txt.
CREATE TABLE site_rules (
  origin  text PRIMARY KEY,
  rules   text        NOT NULL,
  read_at timestamptz NOT NULL
);
CREATE INDEX site_rules_read ON site_rules (read_at);
