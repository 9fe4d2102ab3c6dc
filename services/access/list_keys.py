"""List API keys."""

from typing import Any

from infra.postgres.database import Database
from services.access import store


async def list_keys(*, tenant: str | None, database: Database) -> dict[str, Any]:
    """``items``: keys of a tenant, or of all, oldest first, without what would let anybody in."""
    async with database.reading() as tx:
        return {"items": await store.keys(tx, tenant=tenant)}
