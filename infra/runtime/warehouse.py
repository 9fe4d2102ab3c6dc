"""What the runtime asks of a warehouse: loads that can be repeated, and rows that show once they are published."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from schemas.load_source import LoadSource


class Warehouse(Protocol):
    """Tables to query. Rows of an attempt are invisible until it is published."""

    async def load(self, load_id: str, table: str, sources: Sequence[LoadSource]) -> Mapping[str, int]:
        """Load many objects at once; returns rows per key. The same ``load_id`` twice loads once.

        Raises ``WarehouseRejected`` for damaged data, ``ObjectMissing``, ``WarehouseQuota``, ``WarehouseUnavailable``.
        """

    async def publish(self, table: str, attempts: Mapping[str, int]) -> None:
        """Make the highest attempt published so far the visible one of each key, all at once."""

    async def withdraw(self, table: str, keys: Sequence[str]) -> None:
        """Hide all rows of these keys for good, whatever is published later."""

    async def erase(self, table: str, column: str, values: Sequence[str]) -> int:
        """Remove all rows with one of these values in a column, visible or not; returns how many."""

    async def find(self, table: str, equal: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The published rows whose columns have these values.

        Raises ``WarehouseRejected`` for a table or a column there is not, ``WarehouseUnavailable``.
        """

    async def query(self, sql: str) -> list[dict[str, Any]]:
        """Run read-only SQL over the published rows; a cancellation stops it.

        Raises ``WarehouseRejected``, ``WarehouseUnavailable``.
        """

    async def sweep(self, older_than_seconds: float) -> int:
        """Remove what dead processes left half written; returns how many files."""

    def close(self) -> None:
        """Let go of what is held between calls; it is not used afterwards."""
