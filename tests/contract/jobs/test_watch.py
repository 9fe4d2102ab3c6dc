"""What is measured, raised, cleared and told."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infra.postgres.database import Database
from services.jobs.alerts.list_alerts import list_alerts
from services.jobs.alerts.notice import Notice
from services.jobs.alerts.watch import watch
from services.jobs.sweep import sweep
from services.jobs.watching.roll_up import roll_up
from tests.contract.jobs.alarms import (
    ALL,
    MOST,
    START,
    TROUBLES,
    critical_waits,
    due_is_long_past,
    lease_is_long_over,
    long_paused,
    look,
    much_fails,
    nobody_works,
    older,
    raised,
    seen,
    value,
)
from tests.contract.jobs.rig import Desk, Final, failing


@pytest.mark.parametrize("rule", TROUBLES)
async def test_each_trouble_raises_its_alert_once(desk: Desk, rule: str) -> None:
    await TROUBLES[rule][0](desk)

    told = [notice for notice in await raised(desk.database) if notice.rule == rule]

    assert [(notice.change, notice.subject) for notice in told] == [("raised", TROUBLES[rule][1])]


async def test_control_where_nothing_is_wrong_nothing_is_raised(desk: Desk) -> None:
    await seen(desk.database)
    await desk.queue(30)
    await desk.drain()
    await desk.queue(3)
    await desk.held()
    await roll_up(desk.database)

    assert await raised(desk.database) == []


async def test_a_job_whose_time_is_long_past_is_stuck_too(desk: Desk) -> None:
    await due_is_long_past(desk)

    assert await value(desk.database, "stuck_jobs") == 1


async def test_of_few_jobs_no_rate_is_told(desk: Desk) -> None:
    await desk.queue(19)
    await desk.drain(failing(Final("no")))
    await roll_up(desk.database)

    assert await value(desk.database, "failure_rate", "k") is None


async def test_failures_of_two_hours_ago_are_over(desk: Desk) -> None:
    await much_fails(desk)
    now = datetime.now(UTC)

    assert await value(desk.database, "failure_rate", "k", now=now) == 0.5
    assert await value(desk.database, "failure_rate", "k", now=now + timedelta(hours=2)) is None


async def test_a_paused_queue_may_wait(desk: Desk) -> None:
    await critical_waits(desk)
    await desk.database.pool.execute("INSERT INTO queues (name, paused_at) VALUES ('q', now())")

    assert await value(desk.database, "oldest_critical") == 0
    assert await value(desk.database, "no_worker") == 0


@pytest.mark.parametrize(
    ("jobs", "told"), [(17, set()), (18, {"queue_filling"}), (20, {"queue_filling", "queue_full"})]
)
async def test_a_queue_is_told_of_before_it_refuses_jobs(desk: Desk, jobs: int, told: set[str]) -> None:
    await seen(desk.database)
    await desk.queue(jobs)

    assert {notice.rule for notice in await raised(desk.database)} == told


async def test_jobs_in_hand_fill_no_queue(desk: Desk) -> None:
    await desk.queue(4)
    await desk.claim(4)

    assert await value(desk.database, "queue_full", "q") is None


async def test_what_is_put_off_for_later_fills_no_queue(desk: Desk) -> None:
    ids = await desk.queue(4, state="scheduled", due_at=datetime.now(UTC) + timedelta(hours=3))
    assert await value(desk.database, "queue_full", "q") is None

    await desk.change(ids[0], "tries = 1")
    await desk.change(ids[1], "due_at = now() + interval '50 minutes'")

    assert await value(desk.database, "queue_full", "q") == 2 / MOST


async def test_a_pause_is_told_of_when_it_is_long_and_holds_work(desk: Desk) -> None:
    await long_paused(desk)
    assert (await value(desk.database, "long_paused", "q") or 0) > 3600
    await desk.database.pool.execute("UPDATE queues SET paused_at = now() - interval '59 minutes'")
    assert (await value(desk.database, "long_paused", "q") or 0) < 3600
    await desk.database.pool.execute("DELETE FROM jobs")
    assert await value(desk.database, "long_paused", "q") is None


async def test_a_pause_of_all_queues_is_one_alert(desk: Desk) -> None:
    await long_paused(desk)
    await desk.queue(queue="r")
    await desk.database.pool.execute("UPDATE queues SET name = '*'")

    [notice] = await raised(desk.database)

    assert (notice.rule, notice.subject) == ("long_paused", "*")
    assert notice.message.startswith("Paused for ")
    assert notice.message.endswith(" with jobs in it (all queues)")


async def test_a_queue_that_goes_on_is_well_again(desk: Desk) -> None:
    await long_paused(desk)
    await raised(desk.database)
    await seen(desk.database)
    await desk.database.pool.execute("UPDATE queues SET paused_at = NULL")

    later = [await look(desk.database, seconds) for seconds in (50, 80, 111)]

    assert [(one.rule, one.change) for notices in later for one in notices] == [("long_paused", "cleared")]


async def test_a_job_that_was_due_later_has_waited_only_since_then(desk: Desk) -> None:
    [job_id] = await desk.queue(state="scheduled")
    await older(desk, 10_000)
    await desk.change(job_id, "due_at = now() - interval '7 s'")
    assert await value(desk.database, "oldest_normal") == 0
    await sweep(desk.database)

    assert 7 <= (await value(desk.database, "oldest_normal") or 0) < 100


async def test_what_was_raised_is_cleared_when_it_is_over_for_a_while(desk: Desk) -> None:
    await nobody_works(desk)
    [told] = await raised(desk.database)
    await seen(desk.database)

    later = [await look(desk.database, 50), await look(desk.database, 55), await look(desk.database, 61)]

    assert [[notice.change for notice in notices] for notices in later] == [[], [], ["cleared"]]
    assert later[-1][0].alert_id == told.alert_id
    assert later[-1][0].message == told.message


async def test_both_changes_are_queued_for_every_channel_with_them(desk: Desk) -> None:
    await nobody_works(desk)
    await raised(desk.database, ALL)
    await seen(desk.database)
    for seconds in (50, 61):
        await look(desk.database, seconds, ALL)

    found = await desk.database.pool.fetch("SELECT payload, priority, state FROM jobs WHERE kind = 'alert'")
    told = sorted((row["payload"]["notice"]["change"], row["payload"]["channel"]) for row in found)
    assert told == [("cleared", "email"), ("cleared", "webhook"), ("raised", "email"), ("raised", "webhook")]
    assert {(row["priority"], row["state"]) for row in found} == {(0, "ready")}


async def test_many_who_look_at_once_raise_it_once(desk: Desk) -> None:
    await nobody_works(desk)
    told: list[Notice] = []
    for step in range(5):
        looks = await asyncio.gather(*(look(desk.database, 10.0 * step, ALL) for _ in range(5)))
        told += [notice for notices in looks for notice in notices]

    assert [notice.rule for notice in told] == ["no_worker"]


async def test_nobody_looks_again_before_it_is_time(desk: Desk) -> None:
    await nobody_works(desk)
    await watch(desk.database, now=START, max_queue_size=10, every_seconds=0)
    before = await desk.database.pool.fetchval("SELECT looked_at FROM alerts")

    await watch(desk.database, now=START + timedelta(seconds=9), max_queue_size=10, every_seconds=3600)

    assert await desk.database.pool.fetchval("SELECT looked_at FROM alerts") == before


async def test_a_clock_that_was_set_back_keeps_nobody_from_looking(desk: Desk) -> None:
    await nobody_works(desk)
    await desk.database.pool.execute("UPDATE alert_watch SET looked_at = now() + interval '1 hour'")

    await watch(desk.database, now=START, max_queue_size=10)

    assert await desk.database.pool.fetchval("SELECT count(*) FROM alerts") == 1


async def test_alerts_are_listed_newest_first_and_what_is_only_suspected_is_not(desk: Desk) -> None:
    await nobody_works(desk)
    await look(desk.database, 0)
    assert (await listed(desk.database))["items"] == []
    await lease_is_long_over(desk)
    await raised(desk.database)

    pages = [await listed(desk.database, page_size=1)]
    while token := pages[-1]["next_page_token"]:
        pages.append(await listed(desk.database, page_size=1, page_token=token))

    rules = [item["rule"] for page in pages for item in page["items"]]
    assert sorted(rules) == ["no_worker", "stuck_jobs"]
    assert (await listed(desk.database, standing=False))["items"] == []
    assert all(item["standing"] for item in (await listed(desk.database, standing=True))["items"])


async def listed(database: Database, **asked: Any) -> dict[str, Any]:
    return await list_alerts(**{"standing": None, "page_size": 50, "page_token": None, **asked}, database=database)
