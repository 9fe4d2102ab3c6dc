-- What is or was wrong. Raised only after it held for a while: until then raised_at is NULL, and nobody is told.
CREATE TABLE alerts (
  id         uuid PRIMARY KEY,
  rule       text        NOT NULL,
  subject    text        NOT NULL,           -- what it is about, where a rule is about several things; else ''
  level      text        NOT NULL CHECK (level IN ('warning', 'error', 'critical')),
  message    text        NOT NULL,
  since      timestamptz NOT NULL,
  raised_at  timestamptz,
  calm_since timestamptz,
  cleared_at timestamptz,
  value      double precision NOT NULL,      -- when it was raised
  last_value double precision NOT NULL,
  looked_at  timestamptz NOT NULL
);
CREATE UNIQUE INDEX alerts_open ON alerts (rule, subject) WHERE cleared_at IS NULL;
CREATE INDEX alerts_listed ON alerts (raised_at DESC, id DESC) WHERE raised_at IS NOT NULL;

-- Who holds this row looks whether something is wrong; the others need not.
CREATE TABLE alert_watch (
  one       boolean PRIMARY KEY DEFAULT true CHECK (one),
  looked_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO alert_watch DEFAULT VALUES;
