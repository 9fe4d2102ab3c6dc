"""List API keys."""

from typing import Any

from infra.postgres import callers
from infra.postgres.database import Database


async def list_keys(*, tenant: str, database: Database) -> dict[str, Any]:
    """``items``: a tenant's keys, oldest first, without what would let anybody in."""
    async with database.reading() as tx:
        return {"items": await callers.keys(tx, tenant=tenant)}
