"""How the queues are, in the words of its face."""

from datetime import UTC, datetime
from typing import Any

import pytest

from infra.postgres.database import Database
from services.jobs.watching.queue_health import queue_health
from services.jobs.watching.roll_up import roll_up
from tests.contract.jobs.alarms import TROUBLES, look, older, raised, seen
from tests.contract.jobs.rig import Desk, Final, failing


async def health(database: Database) -> dict[str, Any]:
    return await queue_health(tenant="default", now=datetime.now(UTC), database=database)


async def test_health_is_told_in_the_seeds_words(desk: Desk) -> None:
    await seen(desk.database)
    await desk.queue(2)
    await desk.drain()
    await desk.queue()
    await desk.drain(failing(Final("no")))
    await desk.held()
    await desk.queue(3)
    await older(desk, 15.5)
    await roll_up(desk.database)
    await look(desk.database, 0)

    body = await health(desk.database)

    age = body.pop("oldest_job_age")
    assert age == pytest.approx(15.5, abs=5)
    assert body == {
        "status": "healthy",
        "total_jobs": 7,
        "queued_jobs": 3,
        "processing_jobs": 1,
        "failed_jobs": 1,
        "alerts": [],
    }


@pytest.mark.parametrize(
    ("rule", "status"),
    [("dead_letters", "healthy"), ("long_paused", "degraded"), ("stuck_jobs", "degraded"), ("no_worker", "critical")],
)
async def test_the_gravest_alert_decides_the_status(desk: Desk, rule: str, status: str) -> None:
    await TROUBLES[rule][0](desk)
    await raised(desk.database)

    body = await health(desk.database)

    assert body["status"] == status
    assert set(body["alerts"][0]) == {"level", "message"}


async def test_a_tenant_hears_how_the_house_is_and_not_what_others_have(desk: Desk) -> None:
    await TROUBLES["long_paused"][0](desk)
    await raised(desk.database)

    body = await queue_health(tenant="other", now=datetime.now(UTC), database=desk.database)

    assert (body["status"], body["alerts"]) == ("degraded", [])
    assert (await health(desk.database))["alerts"]  # control


async def test_health_says_when_nobody_watches(desk: Desk) -> None:
    await look(desk.database, 0)
    assert (await health(desk.database))["status"] == "healthy"
    await desk.database.pool.execute("UPDATE alert_watch SET looked_at = now() - interval '5 minutes'")

    body = await health(desk.database)

    assert body["status"] == "critical"
    assert body["alerts"] == [
        {"level": "critical", "message": "Nothing watches the queues: the last look was 5 min ago"}
    ]
