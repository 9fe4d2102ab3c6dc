-- Objects of the lake that no job and no dataset knew when they were looked at: who stays unknown for long enough goes.
CREATE TABLE strays (
  name    text PRIMARY KEY,
  seen_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX datasets_by_original ON datasets (original);
