"""What this database knows of itself: its epoch, its secret, and the lake it belongs to."""

from uuid import UUID

from infra.postgres.database import Database, Transaction

_PATIENCE_SECONDS = 3600.0  # for all events that are kept, once after a restore
_FROM_AFAR = "SELECT EXISTS (SELECT FROM events WHERE xid >= pg_snapshot_xmax(pg_current_snapshot()))"


async def recognise_restore(database: Database) -> bool:
    """Whether the database was restored into another cluster since it was last opened.

    Then its epoch rises, so that places in logs from before are not known any more, and the events from before come
    before all that follow.
    """
    async with database.transaction() as tx:
        await unbounded(tx)
        known = await tx.fetchval("SELECT cluster FROM instance FOR UPDATE")
        here = await tx.fetchval("SELECT system_identifier FROM pg_control_system()")
        restored = known != here and (known is not None or bool(await tx.fetchval(_FROM_AFAR)))
        if restored:
            await at_length(tx, "UPDATE events SET xid = '0'")
            await tx.execute("UPDATE instance SET epoch = epoch + 1, restored_at = clock_timestamp()")
        if known != here:
            await tx.execute("UPDATE instance SET cluster = $1", here)
    return restored


async def unbounded(tx: Transaction) -> None:
    """Let this unit of work take its time, and wait for others who take theirs."""
    await tx.execute("SELECT set_config('lock_timeout', '0', true), set_config('transaction_timeout', '0', true)")


async def at_length(tx: Transaction, sql: str, *args: object) -> None:
    """Run a statement over a whole log."""
    await tx.connection.execute(sql, *args, timeout=_PATIENCE_SECONDS)


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
