-- Which purchase of the crawl is under way: it counts up when nothing was bought for certain, or is to be bought anew.
-- Providers that refuse to take one purchase twice know it by this.
ALTER TABLE crawls ADD COLUMN purchase integer NOT NULL DEFAULT 0;
-- Whether an order of this purchase was sent of which nobody knows what became: a later refusal does not say it.
ALTER TABLE crawls ADD COLUMN doubted boolean NOT NULL DEFAULT false;
-- Whether pages were named one by one, and not a place to start from.
ALTER TABLE crawls ADD COLUMN listed boolean NOT NULL DEFAULT false;
-- The snapshot that a provider's webhook named while nobody knew whether the order was taken.
ALTER TABLE crawls ADD COLUMN hinted_snapshot text;
-- What the provider says beside the records: the most it agreed to collect, and its warnings.
ALTER TABLE crawls ADD COLUMN agreed_records bigint;
ALTER TABLE crawls ADD COLUMN provider_warnings jsonb NOT NULL DEFAULT '[]';

-- Webhooks that were taken: a repetition changes nothing.
CREATE TABLE webhook_deliveries (
  provider    text        NOT NULL,
  delivery_id text        NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (provider, delivery_id)
);
CREATE INDEX webhook_deliveries_age ON webhook_deliveries (received_at);
