"""The SQL of the ledger: what was loaded, published and withdrawn, and the view that follows from it.

Facts only ever add up (the highest attempt wins, withdrawn is for good), so their order and their number do not matter,
and writing one needs no turn: inserts never wait for each other.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

LEDGER: Sequence[tuple[str, str, str, str]] = (
    ("key", "STRING", "REQUIRED", "What is published together: a crawl, or a batch of rows."),
    ("fact", "STRING", "REQUIRED", "loaded, published or withdrawn."),
    ("attempt", "INTEGER", "NULLABLE", "The attempt that was loaded or published."),
    ("load_id", "STRING", "NULLABLE", "The load that brought the rows."),
    ("row_count", "INTEGER", "NULLABLE", "How many rows it brought."),
    ("noted_at", "TIMESTAMP", "REQUIRED", ""),
)
LOADED_BY = "loaded_by"
STAMP = {"name": LOADED_BY, "type": "STRING", "mode": "REQUIRED", "description": "The load that brought the row."}
LABELS = {"app": "headrace"}


class Fact(NamedTuple):
    """One line of a ledger."""

    key: str
    fact: Literal["loaded", "published", "withdrawn"]
    attempt: int | None = None
    load_id: str | None = None
    row_count: int | None = None


class Names(NamedTuple):
    """Where one table's parts are, each as ``project.dataset.name``."""

    view: str
    rows: str
    ledger: str


def names(project: str, dataset: str, table: str) -> Names:
    """The parts of a table."""
    whole = f"{project}.{dataset}.{table}"
    return Names(whole, f"{whole}_rows", f"{whole}_ledger")


def note(at: Names) -> str:
    """Append the facts of the parameter ``facts``, all at once."""
    return f"""
INSERT INTO `{at.ledger}` (key, fact, attempt, load_id, row_count, noted_at)
SELECT f.key, f.fact, f.attempt, f.load_id, f.row_count, CURRENT_TIMESTAMP() FROM UNNEST(@facts) AS f
""".strip()  # noqa: S608  # names are checked, values are parameters


def loaded(at: Names) -> str:
    """Rows per key that the load of the parameter ``load_id`` brought."""
    return f"""
SELECT key, MAX(row_count) AS row_count FROM `{at.ledger}`
WHERE fact = 'loaded' AND load_id = @load_id GROUP BY key
""".strip()  # noqa: S608  # see above


def held(at: Names, column: str) -> str:
    """How many rows have one of the parameter ``values`` in a column."""
    return f"SELECT COUNT(*) AS n FROM `{at.rows}` WHERE `{column}` IN UNNEST(@values)"  # noqa: S608  # see above


def erase(at: Names, column: str) -> str:
    """Remove these rows."""
    return f"DELETE FROM `{at.rows}` WHERE `{column}` IN UNNEST(@values)"  # noqa: S608  # see above


def find(at: Names, columns: Iterable[str]) -> str:
    """Visible rows whose columns equal the parameters of their names."""
    equal = " AND ".join(f"`{name}` = @{name}" for name in columns)
    return f"SELECT * FROM `{at.view}` WHERE {equal}"  # noqa: S608  # see above


def view(at: Names, columns: Sequence[str]) -> str:
    """The query of the view: of each key the newest published attempt, from the first load that brought it."""
    shown = ", ".join(f"stored.`{name}`" for name in columns)
    return f"""
WITH known AS (
  SELECT key, MAX(IF(fact = 'published', attempt, NULL)) AS attempt
  FROM `{at.ledger}` GROUP BY key HAVING NOT LOGICAL_OR(fact = 'withdrawn')
), visible AS (
  SELECT brought.key, MIN(brought.load_id) AS load_id
  FROM `{at.ledger}` AS brought JOIN known ON brought.key = known.key AND brought.attempt = known.attempt
  WHERE brought.fact = 'loaded' GROUP BY brought.key
)
SELECT {shown}
FROM `{at.rows}` AS stored JOIN visible ON stored.`{columns[0]}` = visible.key AND stored.{LOADED_BY} = visible.load_id
""".strip()  # noqa: S608  # see above


def labels(query: str) -> dict[str, str]:
    """The labels of a view; they tell its query from others."""
    return LABELS | {"query": hashlib.sha256(query.encode()).hexdigest()[:32]}


def replace(at: Names, query: str) -> str:
    """Put another query into the view."""
    listed = ", ".join(f"('{name}', '{value}')" for name, value in labels(query).items())
    return f"CREATE OR REPLACE VIEW `{at.view}` OPTIONS (labels = [{listed}]) AS {query}"
