-- Days of the event log on their way into the warehouse, in batches. A batch is the events of its day after one place of
-- the log up to another; they stay where they are until all of their day have arrived.
CREATE TABLE leaving_events (
  load_id   uuid PRIMARY KEY,
  day       date    NOT NULL,
  after_xid xid8    NOT NULL,
  after_seq bigint  NOT NULL,
  xid       xid8    NOT NULL,
  seq       bigint  NOT NULL,
  events    integer NOT NULL CHECK (events > 0),
  arrived   boolean NOT NULL DEFAULT false,
  UNIQUE (day, after_xid, after_seq)
);
