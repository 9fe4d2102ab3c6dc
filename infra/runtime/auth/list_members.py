"""List the identities that call for a tenant."""

from typing import Any

from infra.postgres import callers
from infra.postgres.database import Database


async def list_members(*, tenant: str | None, database: Database) -> dict[str, Any]:
    """``items``: members of a tenant, or of all, by their names."""
    async with database.reading() as tx:
        return {"items": await callers.members(tx, tenant=tenant)}
