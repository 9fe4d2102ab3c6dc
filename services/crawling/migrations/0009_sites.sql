-- Web sites that our own browser collects: one row a purchase, which is also its job (sites.id = jobs.id).
CREATE TABLE sites (
  id          uuid PRIMARY KEY,
  correlation uuid        NOT NULL,      -- the crawl that ordered it
  tenant      text        NOT NULL,
  wishes      jsonb       NOT NULL,
  hosts       text[]      NOT NULL,      -- whose pages belong to the site
  state       text        NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'ready', 'cancelled')),
  seeded      boolean     NOT NULL DEFAULT false,
  known       integer     NOT NULL DEFAULT 0,
  pages       integer     NOT NULL DEFAULT 0,
  errors      integer     NOT NULL DEFAULT 0,
  bytes       bigint      NOT NULL DEFAULT 0,
  parts       integer     NOT NULL DEFAULT 0,
  stopped_by  text,                      -- the budget that ended it before its pages did
  created_at  timestamptz NOT NULL DEFAULT now(),
  started_at  timestamptz,
  ended_at    timestamptz
);
CREATE INDEX sites_correlation ON sites (correlation);
CREATE INDEX sites_ended ON sites (ended_at) WHERE ended_at IS NOT NULL;

-- The frontier, and what came of it. `line` is the page's record as a gzip member until it stands in a part in the lake.
CREATE TABLE site_pages (
  site_id      uuid     NOT NULL REFERENCES sites ON DELETE CASCADE,
  key          bytea    NOT NULL,        -- digest of the URL as it is compared
  seq          bigint   GENERATED ALWAYS AS IDENTITY,
  url          text     NOT NULL,
  host         text     NOT NULL,
  place        bytea    NOT NULL,        -- digest of the URL without its query
  depth        smallint NOT NULL,
  state        text     NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'told', 'skipped')),
  tries        smallint NOT NULL DEFAULT 0,
  token        integer  NOT NULL DEFAULT 0,
  leased_until timestamptz,
  line         bytea,
  part         integer,
  PRIMARY KEY (site_id, key)
);
CREATE INDEX site_pages_queued ON site_pages (site_id, depth, seq) WHERE state = 'queued';
CREATE INDEX site_pages_places ON site_pages (site_id, place);
CREATE INDEX site_pages_leased ON site_pages (host) WHERE leased_until IS NOT NULL;
CREATE INDEX site_pages_lines ON site_pages (site_id, part, seq) WHERE state = 'told';

-- How each host wants to be asked, whoever asks. Its robots.txt is public, so that tenants may share it.
CREATE TABLE site_hosts (
  host      text PRIMARY KEY,
  next_at   timestamptz NOT NULL DEFAULT now(),
  delay     real        NOT NULL DEFAULT 0,  -- seconds, as its robots.txt asks
  robots    text,
  robots_at timestamptz
);
