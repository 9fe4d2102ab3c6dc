"""What /metrics says of jobs."""

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from infra.postgres.database import Database
from services.jobs.store import workers
from services.jobs.watching.metrics import read
from services.jobs.watching.roll_up import roll_up
from tests.contract.jobs.alarms import START, nobody_works, raised
from tests.contract.jobs.rig import Desk, Final, Passing, failing

Found = dict[tuple[str, ...], float]


async def found(database: Database) -> Found:
    """Values by name and labels' values (in the order of the labels' names), as Prometheus would read them."""
    families = await read(database)

    class Said(Collector):
        def collect(self) -> list[object]:  # type: ignore[override]  # a list can be iterated
            return list(families)

    registry = CollectorRegistry()
    registry.register(Said())
    parsed = text_string_to_metric_families(generate_latest(registry).decode())
    return {
        (one.name, *(value for _, value in sorted(one.labels.items()))): one.value
        for family in parsed
        for one in family.samples
    }


async def test_open_jobs_are_told_by_queue_and_status(desk: Desk) -> None:
    await desk.held()
    await desk.queue(3, priority=0)
    await desk.queue(2, queue="other", state="scheduled")

    told = await found(desk.database)

    assert told["headrace_jobs", "q", "queued"] == 3
    assert told["headrace_jobs", "q", "processing"] == 1
    assert told["headrace_jobs", "other", "queued"] == 2
    assert told["headrace_ready_job_oldest_seconds", "CRITICAL", "q"] >= 0


async def test_what_happened_is_told_by_kind(desk: Desk) -> None:
    await desk.queue(4)
    await desk.drain()
    await desk.queue(2)
    await desk.drain(failing(Final("no")))
    await desk.queue()
    await desk.drain(failing(Passing("later")))
    await roll_up(desk.database)

    told = await found(desk.database)

    assert told["headrace_jobs_queued_total", "k"] == 7
    assert told["headrace_job_claims_total", "k"] == 7
    assert told["headrace_job_retries_total", "k"] == 1
    assert told["headrace_jobs_ended_total", "k", "completed"] == 4
    assert told["headrace_jobs_ended_total", "k", "failed"] == 2
    assert told["headrace_job_duration_seconds_count", "k", "completed"] == 4


async def test_durations_lie_in_buckets_that_only_rise(desk: Desk) -> None:
    insert = "INSERT INTO job_events (job_id, attempt, kind, type, seconds) VALUES (gen_random_uuid(), 1, 'k', $1, $2)"
    for seconds in (0.0, 0.5, 3.0, 70.0, 1e7):
        await desk.database.pool.execute(insert, "completed", seconds)
    await roll_up(desk.database)

    told = await found(desk.database)

    buckets = sorted((float(key[2]), n) for key, n in told.items() if key[0].endswith("seconds_bucket"))
    counts = [n for _, n in buckets]
    assert counts == sorted(counts)
    assert buckets[-1] == (float("inf"), 5)
    assert (counts[0], counts[-2]) == (1, 4)
    assert [told["headrace_job_duration_seconds_bucket", "k", bound, "completed"] for bound in ("1", "60", "300")] == [
        2,
        3,
        4,
    ]


async def test_workers_outbox_dead_letters_and_alerts_are_told(desk: Desk) -> None:
    await nobody_works(desk)
    await raised(desk.database)
    async with desk.database.transaction() as tx:
        await workers.report(tx, "w", host="h", pid=1, started_at=START, slots={"q": 8, "idle": 100})
    await desk.claim()

    told = await found(desk.database)

    assert told["headrace_workers",] == 1
    assert [told[f"headrace_worker_{name}", "q"] for name in ("slots", "busy")] == [8, 1]
    assert [told[f"headrace_worker_{name}", "idle"] for name in ("slots", "busy")] == [100, 0]
    assert (told["headrace_outbox_events",], told["headrace_dead_letters",]) == (0, 0)
    assert told["headrace_alerts", "critical"] == 1
    assert told["headrace_alerts", "warning"] == 0


async def test_no_label_grows_with_the_number_of_jobs(desk: Desk) -> None:
    await desk.queue(5)
    few = set(await found(desk.database))
    await desk.queue(200)

    assert set(await found(desk.database)) == few
