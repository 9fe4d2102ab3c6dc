-- An event leaves with the trace it came of, however it travels.
ALTER TABLE outbox ADD COLUMN traceparent text;
ALTER TABLE events ADD COLUMN traceparent text;
ALTER TABLE deliveries ADD COLUMN traceparent text;
ALTER TABLE dead_letters ADD COLUMN traceparent text;
