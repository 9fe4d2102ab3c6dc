"""The event log's days."""

from datetime import UTC, date, datetime, timedelta

from infra.postgres.database import Database
from infra.postgres.event_log import drop_day, make_days, old_days
from schemas.events.crawl_triggered import CrawlTriggered

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def _partitions(database: Database) -> set[str]:
    async with database.reading() as tx:
        rows = await tx.fetch(
            "SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " WHERE i.inhparent = 'events'::regclass"
        )
    return {row["name"] for row in rows}


async def test_the_coming_days_get_their_partitions_once(database: Database) -> None:
    await make_days(database, now=NOW)
    first = await _partitions(database)
    await make_days(database, now=NOW)

    assert "events_20260301" in first
    assert "events_20260307" in first
    assert await _partitions(database) == first


async def test_a_day_is_old_once_it_ended_so_many_days_ago(database: Database) -> None:
    await make_days(database, now=NOW)

    async with database.reading() as tx:
        old = await old_days(tx, keep_days=30, now=NOW + timedelta(days=32))

    assert old == [date(2026, 3, 1), date(2026, 3, 2)]


async def test_making_days_drops_none(database: Database) -> None:
    await make_days(database, now=NOW)
    before = await _partitions(database)
    await make_days(database, now=NOW + timedelta(days=400))

    assert before < await _partitions(database)


async def test_a_dropped_day_is_gone_alone_and_dropped_again_without_harm(database: Database) -> None:
    await make_days(database, now=NOW)
    before = await _partitions(database)

    for _ in range(2):
        async with database.transaction() as tx:
            await drop_day(tx, NOW.date())

    assert before - await _partitions(database) == {"events_20260301"}


async def test_events_whose_day_passed_without_a_partition_get_theirs(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.record(
            CrawlTriggered(
                crawl_id="c", attempt=1, snapshot_id="s", platform="p", competitor="k", provider="bright_data"
            ),
            tenant="default",
        )
    today = await database.pool.fetchval("SELECT (now() AT TIME ZONE 'UTC')::date")

    await make_days(database, now=datetime.now(UTC) + timedelta(days=40))

    assert f"events_{today:%Y%m%d}" in await _partitions(database)
    assert await database.pool.fetchval("SELECT count(*) FROM events_rest") == 0


async def test_a_process_whose_clock_is_wrong_makes_the_days_of_the_database(
    database: Database, database_dsn: str
) -> None:
    name = await database.pool.fetchval("SELECT current_database()")
    await database.pool.execute(
        "CREATE SCHEMA ahead; CREATE FUNCTION ahead.now() RETURNS timestamptz STABLE LANGUAGE sql"
        " AS $$ SELECT '2031-05-05T23:30:00Z'::timestamptz $$;"
        f"ALTER DATABASE {name} SET search_path = ahead, pg_catalog, public"
    )
    elsewhere = await Database.connect(database_dsn)

    await make_days(elsewhere)
    await elsewhere.close()

    made = await _partitions(database)
    assert {"events_20310505", "events_20310511"} <= made
    assert f"events_{datetime.now(UTC):%Y%m%d}" not in made


async def test_an_event_lands_in_the_partition_of_its_day(database: Database) -> None:
    await make_days(database)
    event = CrawlTriggered(
        crawl_id="c", attempt=1, snapshot_id="s", platform="p", competitor="k", provider="bright_data"
    )
    async with database.transaction() as tx:
        await tx.record(event, tenant="default")

    async with database.reading() as tx:
        where = await tx.fetchval("SELECT tableoid::regclass::text FROM events")

    assert where == f"events_{datetime.now(UTC):%Y%m%d}"


async def test_an_event_that_came_before_its_partition_moves_into_it(database: Database) -> None:
    event = CrawlTriggered(
        crawl_id="c", attempt=1, snapshot_id="s", platform="p", competitor="k", provider="bright_data"
    )
    async with database.transaction() as tx:
        await tx.record(event, tenant="default")
    async with database.reading() as tx:
        before = await tx.fetchrow("SELECT xid, seq, id FROM events_rest")

    await make_days(database)

    async with database.reading() as tx:
        after = await tx.fetchrow("SELECT xid, seq, id FROM events")
        assert await tx.fetchval("SELECT count(*) FROM events_rest") == 0
    assert before == after
