"""Append-only tables that many follow: in commit order, and only what no running transaction can still overtake."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar, cast

from infra.postgres.database import Transaction
from infra.postgres.log_cursor import Cursor

Line = TypeVar("Line")
Made = TypeVar("Made")
_Asked_contra = TypeVar("_Asked_contra", contravariant=True)

_SETTLED = "xid < pg_snapshot_xmin(pg_current_snapshot())"


class Wanted(Protocol[_Asked_contra]):
    """Which lines somebody reads."""

    def __contains__(self, line: _Asked_contra, /) -> bool:
        """Whether this is one of them."""

    def where(self, first: int) -> tuple[str, Sequence[object]]:
        """The same as an SQL condition, with its parameters from ``$first`` on."""


@dataclass(frozen=True)
class Told(Generic[Line]):
    """A line with its place."""

    cursor: Cursor
    line: Line
    _made: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)

    def once(self, make: Callable[["Told[Line]"], Made]) -> Made:
        """What ``make`` makes of it: made for its first reader, the same for all others."""
        if make not in self._made:
            self._made[make] = make(self)
        return cast("Made", self._made[make])


@dataclass(frozen=True, kw_only=True)
class Log(Generic[Line]):
    """A table with ``xid`` (of the writing transaction) and a rising number. ``shown`` leaves lines out for everybody.

    ``shown`` speaks of a line as ``l``.
    """

    table: str
    number: str
    columns: str
    line: Callable[[Any], Line]
    shown: str = "true"

    async def page(
        self, tx: Transaction, after: Cursor, wanted: Wanted[Line] | None, *, limit: int
    ) -> list[Told[Line]]:
        """The next lines after a place of this epoch; without ``wanted`` all."""
        asked, args = ("true", ()) if wanted is None else wanted.where(4)
        rows = await tx.fetch(
            f"SELECT l.xid AS log_xid, l.{self.number} AS log_number, {self.columns} FROM {self.table} AS l"
            f" WHERE (l.xid, l.{self.number}) > ($1::xid8, $2::bigint) AND l.{_SETTLED} AND {self.shown} AND ({asked})"
            f" ORDER BY l.xid, l.{self.number} LIMIT $3",
            after.xid,
            after.number,
            limit,
            *args,
        )
        return [Told(Cursor(after.epoch, row["log_xid"], row["log_number"]), self.line(row)) for row in rows]

    async def start(self, tx: Transaction) -> Cursor:
        """The place before the oldest line that is kept."""
        return Cursor(await tx.fetchval("SELECT epoch FROM instance"), 0, 0)

    async def end(self, tx: Transaction) -> Cursor:
        """The place after the newest line that is settled."""
        row = await tx.fetchrow(
            f"SELECT xid, {self.number} AS number FROM {self.table} WHERE {_SETTLED}"
            f" ORDER BY xid DESC, {self.number} DESC LIMIT 1"
        )
        beginning = await self.start(tx)
        return beginning if row is None else Cursor(beginning.epoch, row["xid"], row["number"])

    async def known(self, tx: Transaction, cursor: Cursor) -> bool:
        """Whether everything after this place is kept: its line still is, or it is the start."""
        if cursor.epoch != (await self.start(tx)).epoch:
            return False
        there = f"SELECT EXISTS (SELECT FROM {self.table} WHERE xid = $1::xid8 AND {self.number} = $2)"
        return cursor.at_start or bool(await tx.fetchval(there, cursor.xid, cursor.number))
