"""BigQuery as the warehouse.

For each table of ``schemas/generated/warehouse`` a dataset holds three things, made and widened by whoever needs them
first: ``<table>_rows`` (what was loaded, of every attempt, partitioned and clustered as
``schemas/generated/layout.json`` says), ``<table>_ledger`` (which load brought what, which attempt is published, what
is withdrawn) and the view ``<table>``, which shows published rows only. People ask the views; rights on the tables
behind them are Headrace's own.

What must exist: the project, the dataset or the right to make it, and a lake in Cloud Storage in the same location. Its
service account needs ``roles/bigquery.jobUser`` on the project, ``roles/bigquery.dataEditor`` on the dataset and the
right to read and write below ``warehouse/`` in the lake.

A load is one job, however many objects it takes (BigQuery allows about 1,500 a table and day, so a minute's crawls are
loaded together): their lines go as rows into one Parquet file in the lake first, in bounded memory, with all computed
columns. The job's id follows from the load's, so whoever repeats it waits for the same job. To load a table anew, drop
``<table>_rows`` and ``<table>_ledger``: ids of jobs hold for the table as it was made.
"""

from infra.gcp.bigquery.warehouse import BigQueryWarehouse

__all__ = ["BigQueryWarehouse"]
