"""What this database knows of itself: its epoch, its secret, and the lake it belongs to."""

from uuid import UUID

from infra.postgres.database import Database


async def claim_lake(database: Database, lake_id: str) -> bool:
    """Bind the database to a lake, once; False if it is bound to another one."""
    async with database.transaction() as tx:
        bound = await tx.fetchval("UPDATE instance SET lake_id = coalesce(lake_id, $1) RETURNING lake_id", lake_id)
    return bool(bound == lake_id)


async def read_seal(database: Database) -> None:
    """Use the installation's secret, the same in all processes and after a restart."""
    async with database.reading() as tx:
        found = await tx.fetchval("SELECT seal FROM instance")
    database.seal = UUID(str(found)).bytes
