"""List the identities that call for a tenant."""

from typing import Any

from infra.postgres.database import Database
from services.access import store


async def list_members(*, tenant: str | None, database: Database) -> dict[str, Any]:
    """``items``: members of a tenant, or of all, by their names."""
    async with database.reading() as tx:
        return {"items": await store.members(tx, tenant=tenant)}
