"""Reads of one moment, and reads of the latest."""

from infra.postgres.database import Database

COUNT = "SELECT count(*) FROM outbox"
ADD = (
    "INSERT INTO outbox (id, type, tenant, subject, time, data) VALUES (gen_random_uuid(), 't', 't', 's', now(), '{}')"
)


async def test_a_snapshot_sees_one_moment_where_plain_reads_see_each_change(database: Database) -> None:
    async with database.snapshot() as still, database.reading() as plain:
        before = [await still.fetchval(COUNT), await plain.fetchval(COUNT)]
        async with database.transaction() as tx:
            await tx.execute(ADD)
        after = [await still.fetchval(COUNT), await plain.fetchval(COUNT)]

    assert (before, after) == ([0, 0], [0, 1])
