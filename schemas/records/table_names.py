"""The warehouse's tables by name, for whoever needs no more of a record than where it lies."""

CRAWLS = "crawls"
DATASET_ROWS = "dataset_rows"
EVENTS = "events"
JOB_HISTORY = "job_history"
RECORDS = "records"
