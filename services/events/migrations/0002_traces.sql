ALTER TABLE pushes ADD COLUMN traceparent text;
