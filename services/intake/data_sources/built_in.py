"""The source that every tenant has: files that somebody uploads."""

from uuid import UUID, uuid5

from infra.postgres.database import Database
from services.intake.store import sources

_NAMESPACE = UUID("0e0b8a0a-6a0e-4d0c-9c55-2f6d3b1c7e41")
_FILES = {
    "name": "Files",
    "source_type": "file_upload",
    "config": {},
    "description": "Files that are uploaded by hand.",
}


def files_of(tenant: str) -> UUID:
    """The id of a tenant's built-in source: the same whoever makes it, so that it is made once."""
    return uuid5(_NAMESPACE, tenant)


async def make_built_in(*, tenant: str, database: Database) -> None:
    """The tenant has its source, whoever else makes it at the same time."""
    async with database.transaction() as tx:
        await sources.add(tx, files_of(tenant), _FILES, tenant=tenant, builtin=True)
