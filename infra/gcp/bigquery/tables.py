"""The tables behind each view: made when they are not there, widened when a column was added, never narrowed.

Import this module inside functions only: Google's client takes long to load.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from google.api_core.exceptions import NotFound, PreconditionFailed
from google.cloud import bigquery

from infra.gcp.bigquery import ledger
from infra.gcp.bigquery.connection import Connection
from infra.gcp.bigquery.ledger import LABELS, LEDGER, STAMP, Fact, Names
from schemas.tables import Layout

Columns = Sequence[Mapping[str, str]]


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a dataset is, and which making of a table it has: jobs are looked up in both.

    ``columns`` are those we fill, in the modes they have there.
    """

    location: str | None
    making: str
    columns: Columns


class Tables:
    """A dataset's tables. Every method may raise the warehouse's problems."""

    def __init__(self, connection: Connection, project: str, dataset: str) -> None:
        self._connection = connection
        self._dataset = f"{project}.{dataset}"

    async def prepare(self, at: Names, columns: Columns, layout: Layout) -> Place:
        """Make what is not there of a table, and add the columns it lacks."""
        location = await self._location()
        filled = [*columns, STAMP]
        rows = bigquery.Table(at.rows, [_field(column) for column in filled])
        rows.time_partitioning = bigquery.TimePartitioning(field=layout["partition"])
        rows.clustering_fields = layout["clustering"]
        made = await self._made(rows)
        facts = bigquery.Table(at.ledger, [bigquery.SchemaField(n, t, m, description=d) for n, t, m, d in LEDGER])
        facts.clustering_fields = ["key"]
        await self._made(facts)
        await self._shown(at, [column["name"] for column in columns])
        modes = {field.name: field.mode for field in made.schema}
        as_made = [{**column, "mode": modes[column["name"]]} for column in filled]
        return Place(location=location, making=f"{made.created:%Y%m%d%H%M%S%f}", columns=as_made)

    async def _location(self) -> str | None:
        client, call = self._connection.client, self._connection.call
        found = await call(_unless_missing, client.get_dataset, self._dataset)
        if found is None:
            dataset = bigquery.Dataset(self._dataset)
            dataset.labels = LABELS
            found = await call(client.create_dataset, dataset, exists_ok=True)
        location: str | None = found.location
        return location

    async def _made(self, wanted: bigquery.Table) -> Any:
        client, call = self._connection.client, self._connection.call
        found = await call(_unless_missing, client.get_table, wanted.reference)
        if found is None:
            wanted.labels = LABELS
            await call(client.create_table, wanted, exists_ok=True)
            found = await call(client.get_table, wanted.reference)
        while lacking := _lacking(found.schema, wanted.schema):
            found.schema = [*found.schema, *lacking]
            await call(_unless_changed, client.update_table, found, ["schema"])
            found = await call(client.get_table, wanted.reference)
        return found

    async def _shown(self, at: Names, columns: Sequence[str]) -> None:
        client, call = self._connection.client, self._connection.call
        query = ledger.view(at, columns)
        found = await call(_unless_missing, client.get_table, at.view)
        if found is None:
            made = bigquery.Table(at.view)
            made.view_query, made.labels = query, ledger.labels(query)
            await call(client.create_table, made, exists_ok=True)
            return
        # one that shows more is a newer version's, which is being rolled out
        newer = not {field.name for field in found.schema} <= set(columns)
        if not newer and found.labels != ledger.labels(query):
            await self._connection.statement(ledger.replace(at, query), bigquery.QueryJobConfig(labels=LABELS))


def load_config(columns: Columns) -> bigquery.LoadJobConfig:
    """How a staged file with these columns is appended: whole or not at all."""
    return bigquery.LoadJobConfig(
        # what BigQuery would read out of the file may differ in modes from the table, and is refused then
        schema=[bigquery.SchemaField(column["name"], column["type"], column["mode"]) for column in columns],
        source_format=bigquery.SourceFormat.PARQUET,
        create_disposition=bigquery.CreateDisposition.CREATE_NEVER,
        write_disposition=bigquery.WriteDisposition.WRITE_APPEND,
        labels=LABELS,
    )


def question_config(dataset: str, values: Mapping[str, tuple[str, Any]], *, dry_run: bool) -> bigquery.QueryJobConfig:
    """How a question is asked: ``values`` are type and value of its parameters by name."""
    parameters = [bigquery.ScalarQueryParameter(name, kind, value) for name, (kind, value) in values.items()]
    return bigquery.QueryJobConfig(
        default_dataset=dataset, query_parameters=parameters, labels=LABELS, dry_run=dry_run or None
    )


def erasing_config(values: Sequence[str]) -> bigquery.QueryJobConfig:
    """How rows are counted and removed: the parameter ``values``."""
    listed = bigquery.ArrayQueryParameter("values", "STRING", list(values))
    return bigquery.QueryJobConfig(query_parameters=[listed], labels=LABELS)


def noting_config(facts: Sequence[Fact]) -> bigquery.QueryJobConfig:
    """How facts are noted: the parameter ``facts``."""
    kinds = {"key": "STRING", "fact": "STRING", "attempt": "INT64", "load_id": "STRING", "row_count": "INT64"}
    structs = [
        bigquery.StructQueryParameter(
            None, *(bigquery.ScalarQueryParameter(name, kind, getattr(one, name)) for name, kind in kinds.items())
        )
        for one in facts
    ]
    listed = bigquery.ArrayQueryParameter("facts", "STRUCT", structs)
    return bigquery.QueryJobConfig(query_parameters=[listed], labels=LABELS)


def _field(column: Mapping[str, str]) -> bigquery.SchemaField:
    return bigquery.SchemaField(column["name"], column["type"], column["mode"], description=column["description"])


def _lacking(there: Sequence[bigquery.SchemaField], wanted: Sequence[bigquery.SchemaField]) -> list[Any]:
    known = {field.name for field in there}
    # rows that are there have no value in it, so it cannot be required
    return [
        bigquery.SchemaField(field.name, field.field_type, "NULLABLE", description=field.description)
        for field in wanted
        if field.name not in known
    ]


def _unless_missing(work: Any, *args: Any, **limits: Any) -> Any:
    try:
        return work(*args, **limits)
    except NotFound:
        return None


def _unless_changed(work: Any, *args: Any, **limits: Any) -> Any:
    try:
        return work(*args, **limits)
    except PreconditionFailed:  # somebody else widened it meanwhile: look again
        return None
