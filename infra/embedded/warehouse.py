"""The warehouse in a directory: Parquet files that are written once, asked through DuckDB in memory.

``<root>/<table>/<load id>.parquet`` is one load, ``<root>/<table>/published/`` says which of its rows are visible.
Nothing is ever changed in place, so any number of processes may load, publish and ask at the same time. Only erasing
puts another file, without what is erased, into the place of one.
"""

import contextlib
import re
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from infra.embedded.draft import Draft, as_problems, sweep
from infra.embedded.publications import Publications
from infra.embedded.threads import in_thread, stoppable
from schemas.load_source import (
    LoadSource,
    WarehouseQuota,
    WarehouseRejected,
    WarehouseUnavailable,
    checked_columns,
)

if TYPE_CHECKING:
    from infra.embedded.analysis import Analysis
    from infra.embedded.parquet import RowWriter

_LOAD_ID = re.compile(r"[A-Za-z0-9_-]{1,200}")  # as BigQuery: https://cloud.google.com/bigquery/docs/running-jobs


class Source(Protocol):
    """Where stored objects are read from; every lake is one."""

    def read(self, name: str) -> AsyncGenerator[bytes, None]:
        """The stored bytes in blocks of at most 1 MiB."""


class Warehouse:
    """Tables to query. Rows of an attempt are invisible until it is published.

    ``tables`` is what ``schemas.tables`` reads. ``judges`` compute columns from a record (``is_error``, say); a column
    without judge is a constant of its source. ``now`` (seconds since 1970) is for ``sweep``.
    """

    def __init__(
        self,
        root: Path,
        lake: Source,
        tables: Mapping[str, Sequence[Mapping[str, str]]],
        *,
        judges: Mapping[str, Callable[[bytes], Any]] | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._root = root.resolve()
        self._lake = lake
        self._tables = tables
        self._judges = judges or {}
        self._now = now
        self._publications = {table: Publications(self._root, table) for table in tables}

    async def load(self, load_id: str, table: str, sources: Sequence[LoadSource]) -> Mapping[str, int]:
        """Load many objects in one file; returns rows per key. The same ``load_id`` twice loads once.

        Memory does not grow with the objects: about 100 MiB, or the longest line. Raises ``WarehouseRejected``
        for damaged data, ``ObjectMissing``, ``WarehouseQuota``, ``WarehouseUnavailable``.
        """
        if not _LOAD_ID.fullmatch(load_id):
            raise WarehouseRejected(f"{load_id[:80]!r} cannot be the id of a load.")
        final = self._shelf(table).folder / f"{load_id}.parquet"
        if (standing := await in_thread(self._counts, final)) is not None:
            return standing
        draft, opened = Draft(self._root), contextlib.ExitStack()
        try:
            writer = await in_thread(self._open, draft, table, opened)
            for source in sources:
                await self._copy(source, writer)
            return await in_thread(self._settle, draft, writer, final)
        finally:
            await in_thread(opened.close)

    async def publish(self, table: str, attempts: Mapping[str, int]) -> None:
        """Make the highest attempt published so far the visible one of each key, all at once.

        Doing it again changes nothing; publishing an attempt without rows hides those before it.
        """
        await in_thread(self._mark, self._shelf(table).publish, attempts)

    async def withdraw(self, table: str, keys: Sequence[str]) -> None:
        """Hide all rows of these keys for good, whatever is published later."""
        await in_thread(self._mark, self._shelf(table).withdraw, keys)

    async def erase(self, table: str, column: str, values: Sequence[str]) -> int:
        """Remove all rows with one of these values in a column, visible or not; returns how many.

        Nothing of them is left on the disk. Raises ``WarehouseRejected`` for a column there is not,
        ``WarehouseQuota``, ``WarehouseUnavailable``.
        """
        checked_columns(self._tables, table, {column: values})
        return await in_thread(self._erase, table, column, values)

    async def find(self, table: str, equal: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The published rows whose columns have these values.

        Raises ``WarehouseRejected`` for a table or a column there is not, ``WarehouseUnavailable``.
        """
        checked_columns(self._tables, table, equal)
        return await self._asked(lambda analysis: analysis.find(table, equal))

    async def query(self, sql: str) -> list[dict[str, Any]]:
        """Run read-only SQL over the published rows, with 256 MB of memory; a cancellation stops it.

        Raises ``WarehouseRejected``, ``WarehouseUnavailable``.
        """
        return await self._asked(lambda analysis: analysis.rows(sql))

    async def sweep(self, older_than_seconds: float) -> int:
        """Remove what dead processes left half written; returns how many files."""
        return await in_thread(sweep, self._root, before=self._now() - older_than_seconds)

    def close(self) -> None:
        """Nothing is held between calls."""

    async def _asked(self, ask: Callable[["Analysis"], list[dict[str, Any]]]) -> list[dict[str, Any]]:
        analysis = await in_thread(self._analysis)
        try:
            return await stoppable(lambda: ask(analysis), stop=analysis.interrupt)
        finally:
            await in_thread(analysis.close)

    def _problems(self) -> AbstractContextManager[None]:
        return as_problems(refused=WarehouseQuota, failed=WarehouseUnavailable)

    def _shelf(self, table: str) -> Publications:
        if table not in self._publications:
            raise WarehouseRejected(f"There is no table {table}.")
        return self._publications[table]

    async def _copy(self, source: LoadSource, writer: "RowWriter") -> None:
        writer.begin(source)
        async with contextlib.aclosing(self._lake.read(source.object_name)) as blocks:
            async for block in blocks:
                await in_thread(self._write, writer.feed, block)
        await in_thread(self._write, writer.end)

    def _open(self, draft: Draft, table: str, opened: contextlib.ExitStack) -> "RowWriter":
        from infra.embedded.parquet import RowWriter, file  # noqa: PLC0415  # pyarrow takes long to load

        with self._problems():
            opened.callback(draft.discard)
            draft.open()
            writer = RowWriter(file(draft.path), self._tables[table], self._judges)
            opened.callback(writer.abandon)
            return writer

    def _write(self, write: Callable[..., None], *block: bytes) -> None:
        with self._problems():
            write(*block)

    def _settle(self, draft: Draft, writer: "RowWriter", final: Path) -> Mapping[str, int]:
        with self._problems():
            writer.close()
            with contextlib.suppress(FileExistsError):  # somebody loaded the same id meanwhile: the first stands
                draft.settle(final)
        return self._counts(final) or {}

    def _counts(self, final: Path) -> Mapping[str, int] | None:
        from infra.embedded.parquet import contents  # noqa: PLC0415  # pyarrow takes long to load

        with self._problems(), contextlib.suppress(FileNotFoundError):
            return {key: rows for key, (_, rows) in contents(final).items()}
        return None

    def _mark(self, mark: Callable[[Any], None], what: object) -> None:
        if what:
            with self._problems():
                mark(what)

    def _erase(self, table: str, column: str, values: Sequence[str]) -> int:
        from infra.embedded.erase import erase  # noqa: PLC0415  # pyarrow takes long to load

        with self._problems():
            return erase(self._root, table, column, values)

    def _analysis(self) -> "Analysis":
        from infra.embedded.analysis import Analysis, Table  # noqa: PLC0415  # DuckDB takes long to load

        with self._problems():
            shelves = self._publications.items()
            return Analysis({name: Table(self._tables[name], shelf.visible()) for name, shelf in shelves})
