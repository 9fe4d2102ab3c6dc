"""Troubles that raise alerts, and looks at them."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from infra.postgres.database import Database
from services.jobs.alerts.notice import Channel, Notice
from services.jobs.alerts.watch import measure, watch
from services.jobs.store import workers
from services.jobs.watching.roll_up import roll_up
from tests.contract.jobs.rig import Desk, Final, failing, record

START = datetime.now(UTC)
MOST = 20  # jobs in a queue
ALL: tuple[Channel, ...] = ("webhook", "email")


async def value(database: Database, rule: str, subject: str = "", *, now: datetime | None = None) -> float | None:
    async with database.reading() as tx:
        return (await measure(tx, now=now or datetime.now(UTC), max_queue_size=MOST)).get((rule, subject))


async def look(database: Database, seconds: float, channels: tuple[Channel, ...] = ()) -> list[Notice]:
    """A look so many seconds from now: never in an hour before that of the jobs it looks at."""
    moment = datetime.now(UTC) + timedelta(seconds=seconds)
    return await watch(database, now=moment, max_queue_size=MOST, channels=channels, every_seconds=0)


async def seen(database: Database) -> None:
    async with database.transaction() as tx:
        await workers.report(tx, "w", host="h", pid=1, started_at=START, slots={"q": 10})


async def raised(database: Database, channels: tuple[Channel, ...] = ()) -> list[Notice]:
    """Looks until what is wrong is raised."""
    return [notice for step in range(5) for notice in await look(database, 10.0 * step, channels)]


async def older(desk: Desk, seconds: float) -> None:
    past = f"now() - {seconds} * interval '1 s'"
    await desk.database.pool.execute(f"UPDATE jobs SET enqueued_at = {past}, ready_at = {past}")


async def much_fails(desk: Desk) -> None:
    await desk.queue(10, priority=2)
    await desk.drain()
    await desk.queue(10, priority=2)
    await desk.drain(failing(Final("no")))
    await roll_up(desk.database)


async def critical_waits(desk: Desk) -> None:
    await seen(desk.database)
    await desk.queue(priority=0)
    await older(desk, 100)


async def queue_fills(desk: Desk) -> None:
    await seen(desk.database)
    await desk.queue(17)
    await desk.queue(3, state="scheduled", due_at=datetime.now(UTC) + timedelta(minutes=50))


async def long_paused(desk: Desk) -> None:
    await desk.queue()
    await desk.database.pool.execute("INSERT INTO queues (name, paused_at) VALUES ('q', now() - interval '3 hours')")


async def lease_is_long_over(desk: Desk) -> None:
    job = await desk.held()
    await desk.change(job.id, "lease_until = now() - interval '5 minutes'")


async def due_is_long_past(desk: Desk) -> None:
    [job_id] = await desk.queue(state="scheduled")
    await desk.change(job_id, "due_at = now() - interval '5 minutes'")


async def events_stay(desk: Desk) -> None:
    async with desk.database.transaction() as tx:
        await record(tx)
    await desk.database.pool.execute("UPDATE outbox SET time = now() - interval '5 minutes'")


async def dead_letters(desk: Desk) -> None:
    await desk.queue(10)
    await desk.drain(failing(Final("no")))


async def nobody_works(desk: Desk) -> None:
    await desk.queue()


TROUBLES: dict[str, tuple[Callable[[Desk], Awaitable[None]], str]] = {
    "failure_rate": (much_fails, "k"),
    "failure_rate_severe": (much_fails, "k"),
    "oldest_critical": (critical_waits, ""),
    "queue_filling": (queue_fills, "q"),
    "queue_full": (queue_fills, "q"),
    "long_paused": (long_paused, "q"),
    "stuck_jobs": (lease_is_long_over, ""),
    "outbox_age": (events_stay, ""),
    "dead_letters": (dead_letters, ""),
    "no_worker": (nobody_works, ""),
}
