"""The port Warehouse on BigQuery; see the package for what it makes there."""

import asyncio
import contextlib
import re
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from infra.gcp.bigquery import ledger
from infra.gcp.bigquery.ledger import Fact, Names, names
from infra.gcp.bigquery.staging import Staging
from infra.gcp.threads import Threads
from infra.runtime.lake import Lake
from schemas.load_source import LoadSource, WarehouseMissing, WarehouseRejected, checked_columns
from schemas.tables import warehouse_layout

if TYPE_CHECKING:
    from infra.gcp.bigquery.connection import Connection
    from infra.gcp.bigquery.tables import Place

Rows = list[dict[str, Any]]

_LOAD_ID = re.compile(r"[A-Za-z0-9_-]{1,200}")
_DATASET = re.compile(r"\w{1,500}", re.ASCII)
_PROJECT = re.compile(r"[a-z0-9.:-]{1,100}")


class BigQueryWarehouse:
    """Tables to query. Rows of an attempt are invisible until it is published.

    ``tables`` is what ``schemas.tables`` reads. ``judges`` compute columns from a record (``is_error``, say); a column
    without judge is a constant of its source. ``emulator`` is its address as ``http://host:port``; ``now`` (seconds
    since 1970) is for ``sweep``. Raises ``WarehouseForbidden`` and ``WarehouseMissing`` besides what the port names.
    """

    def __init__(
        self,
        project: str,
        dataset: str,
        lake: Lake,
        tables: Mapping[str, Sequence[Mapping[str, str]]],
        *,
        judges: Mapping[str, Callable[[bytes], Any]] | None = None,
        emulator: str | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        if not _PROJECT.fullmatch(project) or not _DATASET.fullmatch(dataset):
            raise WarehouseMissing(f"{project}.{dataset} cannot be a project and a dataset of it.")
        self._project, self._dataset = project, dataset
        self._lake = lake
        self._tables = tables
        self._staging = Staging(lake, judges or {}, now)
        self._emulator = emulator
        self._connected: Connection | None = None
        self._places: dict[str, Place] = {}
        self._preparing = asyncio.Lock()
        self._threads = Threads("bigquery")

    async def load(self, load_id: str, table: str, sources: Sequence[LoadSource]) -> Mapping[str, int]:
        """Load many objects in one job; returns rows per key. The same ``load_id`` twice loads once.

        Memory does not grow with the objects: about 100 MiB, or the longest line. Raises ``WarehouseRejected``
        for damaged data, ``ObjectMissing``, ``WarehouseQuota``, ``WarehouseUnavailable``, and what the lake raises.
        """
        if not _LOAD_ID.fullmatch(load_id):
            raise WarehouseRejected(f"{load_id[:80]!r} cannot be the id of a load.")
        at = self._names(table)
        if not sources:
            return {}
        place = await self._prepared(table)
        if standing := await self._loaded(at, load_id):
            return standing
        staged = await self._staging.staged(load_id, table, place.columns, sources)
        if any(rows for _, rows in staged.contents.values()):
            await self._append(at, place, load_id, table, staged.object_name)
        facts = [Fact(key, "loaded", attempt, load_id, rows) for key, (attempt, rows) in staged.contents.items()]
        await self._note(at, facts)
        await self._staging.loaded(staged)
        return {key: rows for key, (_, rows) in staged.contents.items()}

    async def publish(self, table: str, attempts: Mapping[str, int]) -> None:
        """Make the highest attempt published so far the visible one of each key, all at once.

        Doing it again changes nothing; publishing an attempt without rows hides those before it.
        """
        at = self._names(table)
        if attempts:
            await self._prepared(table)
            await self._note(at, [Fact(key, "published", attempt) for key, attempt in attempts.items()])

    async def withdraw(self, table: str, keys: Sequence[str]) -> None:
        """Hide all rows of these keys for good, whatever is published later."""
        at = self._names(table)
        if keys:
            await self._prepared(table)
            await self._note(at, [Fact(key, "withdrawn") for key in keys])

    async def erase(self, table: str, column: str, values: Sequence[str]) -> int:
        """Remove all rows with one of these values in a column, visible or not; returns how many.

        BigQuery itself keeps what was removed for as long as the dataset's time travel says (seven days, unless set
        otherwise), and seven days more for disasters.
        """
        checked_columns(self._tables, table, {column: values})
        connection, at = await self._connection(), self._names(table)
        from infra.gcp.bigquery.tables import erasing_config  # noqa: PLC0415  # see above

        await self._prepared(table)
        (held,) = await connection.statement(ledger.held(at, column), erasing_config(values))
        if held["n"]:
            await connection.statement(ledger.erase(at, column), erasing_config(values))
        return int(held["n"])

    async def find(self, table: str, equal: Mapping[str, Any]) -> Rows:
        """The published rows whose columns have these values.

        Raises ``WarehouseRejected`` for a table or a column there is not, ``WarehouseUnavailable``.
        """
        types = checked_columns(self._tables, table, equal)
        values = {name: (types[name], value) for name, value in equal.items()}
        return await self._where_made([table], partial(self._ask, ledger.find(self._names(table), equal), values))

    async def query(self, sql: str) -> Rows:
        """Run read-only SQL in BigQuery's dialect over the published rows, for a minute; a cancellation stops it.

        Raises ``WarehouseRejected``, also for more than 100,000 rows; ``WarehouseUnavailable``.
        """
        try:
            return await self._where_made(self._tables, partial(self._answer, sql))
        except WarehouseMissing as error:
            raise WarehouseRejected(error.detail) from error

    async def sweep(self, older_than_seconds: float) -> int:
        """Remove what loads that began before left in the lake; returns how many objects."""
        return await self._staging.sweep(older_than_seconds)

    def close(self) -> None:
        """Let go of the threads."""
        self._threads.close()

    async def look(self) -> None:
        """Make sure that the dataset is there and may be read; makes nothing.

        Raises ``WarehouseMissing``, ``WarehouseForbidden``, ``WarehouseUnavailable``.
        """
        connection = await self._connection()
        await connection.call(connection.client.get_dataset, f"{self._project}.{self._dataset}")

    def _names(self, table: str) -> Names:
        if table not in self._tables:
            raise WarehouseRejected(f"There is no table {table}.")
        return names(self._project, self._dataset, table)

    async def _connection(self) -> "Connection":
        if self._connected is None:
            self._connected = await self._threads.run(self._connect)
        return self._connected

    def _connect(self) -> "Connection":
        # in a thread, and before what else of it is imported: Google's client takes seconds to load
        from infra.gcp.bigquery.connection import Connection  # noqa: PLC0415  # see above

        return Connection(self._project, self._emulator, self._threads)

    async def _prepared(self, table: str) -> "Place":
        connection = await self._connection()
        from infra.gcp.bigquery.tables import Tables  # noqa: PLC0415  # see above

        async with self._preparing:
            if table not in self._places:
                tables = Tables(connection, self._project, self._dataset)
                layout = warehouse_layout()[table]
                self._places[table] = await tables.prepare(self._names(table), self._tables[table], layout)
            return self._places[table]

    async def _loaded(self, at: Names, load_id: str) -> dict[str, int]:
        rows = await self._ask(ledger.loaded(at), {"load_id": ("STRING", load_id)})
        return {row["key"]: row["row_count"] for row in rows}

    async def _append(self, at: Names, place: "Place", load_id: str, table: str, object_name: str) -> None:
        connection = await self._connection()
        from infra.gcp.bigquery.tables import load_config  # noqa: PLC0415  # see above

        load, config = connection.client.load_table_from_uri, load_config(place.columns)
        start = partial(load, self._lake.url(object_name), at.rows, location=place.location, job_config=config)
        job_id = f"load-{self._dataset}-{table}-{place.making}-{load_id}"
        await connection.run_once(job_id, lambda name, **limits: start(job_id=name, **limits), location=place.location)

    async def _note(self, at: Names, facts: Sequence[Fact]) -> None:
        connection = await self._connection()
        from infra.gcp.bigquery.tables import noting_config  # noqa: PLC0415  # see above

        await connection.statement(ledger.note(at), noting_config(facts))

    async def _where_made(self, tables: Iterable[str], ask: Callable[[], Awaitable[Rows]]) -> Rows:
        # asked first: whoever only reads may lack the right to make anything, and rarely has to
        with contextlib.suppress(WarehouseMissing):
            return await ask()
        for table in tables:
            await self._prepared(table)
        return await ask()

    async def _answer(self, sql: str) -> Rows:
        connection = await self._connection()
        from infra.gcp.bigquery.tables import question_config  # noqa: PLC0415  # see above

        config = question_config(f"{self._project}.{self._dataset}", {}, dry_run=True)
        plan = await connection.call(connection.client.query, sql, job_config=config, job_retry=None)
        if plan.statement_type != "SELECT":
            raise WarehouseRejected("Only one query at a time is answered, and nothing that changes data or settings.")
        return await self._ask(sql, {})

    async def _ask(self, sql: str, values: Mapping[str, tuple[str, Any]]) -> Rows:
        connection = await self._connection()
        from infra.gcp.bigquery.tables import question_config  # noqa: PLC0415  # see above

        config = question_config(f"{self._project}.{self._dataset}", values, dry_run=False)
        return await connection.statement(sql, config)
