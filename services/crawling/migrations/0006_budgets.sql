-- What may be bought in a day and in a month (UTC): by a tenant (source_id '') or by one of its data sources. NULL is no
-- limit. What counts against it stands beside it, so that asking costs the same however much was bought.
CREATE TABLE budgets (
  tenant            text   NOT NULL,
  source_id         text   NOT NULL DEFAULT '',
  records_per_day   bigint CHECK (records_per_day >= 0),
  records_per_month bigint CHECK (records_per_month >= 0),
  crawls_per_day    bigint CHECK (crawls_per_day >= 0),
  crawls_per_month  bigint CHECK (crawls_per_month >= 0),
  money_per_day     numeric(18, 6) CHECK (money_per_day >= 0),
  money_per_month   numeric(18, 6) CHECK (money_per_month >= 0),
  day               date   NOT NULL DEFAULT current_date,   -- what the counts of a day are about
  month             date   NOT NULL DEFAULT date_trunc('month', current_date)::date,
  records_today     bigint NOT NULL DEFAULT 0,
  records_this_month bigint NOT NULL DEFAULT 0,
  crawls_today      bigint NOT NULL DEFAULT 0,
  crawls_this_month bigint NOT NULL DEFAULT 0,
  money_today       numeric(18, 6) NOT NULL DEFAULT 0,
  money_this_month  numeric(18, 6) NOT NULL DEFAULT 0,
  updated_at        timestamptz NOT NULL DEFAULT now(),
  updated_by        text,
  PRIMARY KEY (tenant, source_id)
);

-- One row a purchase: written before the provider is asked, corrected by what came. It outlives its crawl.
CREATE TABLE purchases (
  crawl_id    uuid     NOT NULL,
  attempt     integer  NOT NULL,
  tenant      text     NOT NULL,
  source_id   text     NOT NULL DEFAULT '',
  provider    text     NOT NULL,
  day         date     NOT NULL DEFAULT current_date,   -- UTC, as every session is: when it was reserved
  state       text     NOT NULL DEFAULT 'reserved' CHECK (state IN ('reserved', 'settled', 'assumed', 'given_back')),
  price       numeric(18, 6) NOT NULL,                  -- of a thousand records
  expected    bigint   NOT NULL,                        -- records, when it was reserved
  crawls      smallint NOT NULL DEFAULT 1,
  records     bigint   NOT NULL,
  money       numeric(18, 6) NOT NULL,
  reserved_at timestamptz NOT NULL DEFAULT now(),
  settled_at  timestamptz,
  PRIMARY KEY (crawl_id, attempt)
);
CREATE INDEX purchases_spent ON purchases (tenant, day, source_id, provider);
CREATE INDEX purchases_open ON purchases (reserved_at) WHERE state = 'reserved';
