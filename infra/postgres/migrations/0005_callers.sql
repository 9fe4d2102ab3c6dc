-- Who may call. Of a key only its digest is kept; it is found by its id, which is no secret.
CREATE TABLE api_keys (
  id           text PRIMARY KEY,
  tenant       text        NOT NULL,
  name         text        NOT NULL,
  scope        text        NOT NULL CHECK (scope IN ('read', 'trigger', 'operate', 'admin')),
  digest       bytea       NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  created_by   text,
  expires_at   timestamptz,
  revoked_at   timestamptz,
  last_used_at timestamptz
);
CREATE INDEX api_keys_tenant ON api_keys (tenant, created_at, id);

-- Which identities of Google call for which tenant; each for one only, so that nobody else can claim it too.
CREATE TABLE members (
  identity   text PRIMARY KEY,
  tenant     text        NOT NULL,
  scope      text        NOT NULL CHECK (scope IN ('read', 'trigger', 'operate', 'admin')),
  created_at timestamptz NOT NULL DEFAULT now(),
  created_by text
);
CREATE INDEX members_tenant ON members (tenant, identity);
