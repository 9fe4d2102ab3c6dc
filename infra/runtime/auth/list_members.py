"""List the identities that call for a tenant."""

from typing import Any

from infra.postgres import callers
from infra.postgres.database import Database


async def list_members(*, tenant: str, database: Database) -> dict[str, Any]:
    """``items``: a tenant's members by their names."""
    async with database.reading() as tx:
        return {"items": await callers.members(tx, tenant=tenant)}
