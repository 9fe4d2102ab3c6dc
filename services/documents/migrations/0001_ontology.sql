-- What a tenant knows of the world, and what was found of it.

CREATE TABLE ontologies (
  tenant  text PRIMARY KEY,
  version bigint NOT NULL  -- rises with every change of a concept; whoever changes one holds this row
);

CREATE TABLE concepts (
  id           uuid PRIMARY KEY,
  tenant       text        NOT NULL,
  name         text        NOT NULL,
  name_key     text        NOT NULL,  -- the name, whatever its case
  description  text        NOT NULL,
  synonyms     jsonb       NOT NULL,
  parent_id    uuid        REFERENCES concepts (id) DEFERRABLE INITIALLY DEFERRED,
  properties   jsonb       NOT NULL,
  classifiable boolean     NOT NULL,
  version      bigint      NOT NULL,
  created_at   timestamptz NOT NULL,
  created_by   text,
  updated_at   timestamptz NOT NULL,
  -- two concepts may swap their names in one transaction
  UNIQUE (tenant, name_key) DEFERRABLE INITIALLY DEFERRED
);

CREATE INDEX concepts_parent ON concepts (parent_id) WHERE parent_id IS NOT NULL;

-- One row a job: which attempt's resources stand, and what has to be said of them.
CREATE TABLE classifications (
  job_id        uuid PRIMARY KEY,
  tenant        text        NOT NULL,
  attempt       integer     NOT NULL,
  model         text        NOT NULL,
  warnings      jsonb       NOT NULL,
  classified_at timestamptz NOT NULL
);

CREATE TABLE resources (
  id             uuid PRIMARY KEY,
  tenant         text        NOT NULL,
  job_id         uuid        NOT NULL REFERENCES classifications (job_id) ON DELETE CASCADE,
  attempt        integer     NOT NULL,
  ordinal        integer     NOT NULL,
  source_id      text,
  url            text        NOT NULL,
  title          text        NOT NULL,
  concept_id     uuid,                  -- null: unknown; no reference, for it outlives its concept
  label          text        NOT NULL,
  confidence     real        NOT NULL,
  model          text        NOT NULL,
  needs_review   boolean     NOT NULL,
  properties     jsonb       NOT NULL,
  provenance     jsonb       NOT NULL,
  created_at     timestamptz NOT NULL,
  words          tsvector GENERATED ALWAYS AS (
    to_tsvector('simple', label || ' ' || title || ' ' || url) || jsonb_to_tsvector('simple', properties, '["string", "numeric"]')
  ) STORED,
  UNIQUE (job_id, ordinal)
);

CREATE INDEX resources_recent ON resources (tenant, created_at DESC, id DESC);
CREATE INDEX resources_concept ON resources (tenant, concept_id, created_at DESC);
CREATE INDEX resources_source ON resources (tenant, source_id, created_at DESC);
CREATE INDEX resources_words ON resources USING gin (words);
