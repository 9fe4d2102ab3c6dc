"""Look at one thing that was found."""

from typing import Any
from uuid import UUID

from infra.postgres.database import Database
from services.documents.resources.resource import ResourceNotFound, shown
from services.documents.store import resources


async def find_resource(resource_id: UUID, *, tenant: str, database: Database) -> dict[str, Any]:
    """One resource. Raises ``ResourceNotFound``."""
    async with database.reading() as tx:
        row = await resources.one(tx, resource_id, tenant=tenant)
    if row is None:
        raise ResourceNotFound
    return shown(row)
