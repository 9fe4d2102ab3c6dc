-- Who made a schedule: the jobs it makes are theirs.
ALTER TABLE schedules ADD COLUMN created_by text;
