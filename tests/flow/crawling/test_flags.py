"""Feature flags: IMMEDIATE_RESPONSE, BACKGROUND_RETRY, BACKGROUND_POLLING and BACKGROUND_CLEANUP."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from functions import clean_up
from infra.postgres.event_log import make_days
from infra.runtime.functions import topology
from infra.runtime.http.app import create_app
from infra.runtime.telemetry.trace import valid
from services.crawling.policy import policy
from services.jobs.job import NewJob
from services.jobs.store import queue
from tests.contract.http.house import serving
from tests.flow.crawling.rig import House
from tests.gates import OpenGate

WEBHOOKS = ["/api/v1/webhooks/bright_data", "/api/v1/webhooks/firecrawl"]
SLOW = "ready_after:0,fault:hang=0.5"


def flag(house: House, **flags: object) -> None:
    house.runtime.settings = house.runtime.settings.but(**flags)


async def trigger(house: House, **headers: str) -> dict[str, Any]:
    """The answer to an order whose provider takes half a second."""
    face = topology.face("crawling")
    app = create_app(title="crawling", gate=OpenGate(), public=WEBHOOKS, routers=[face.router(house.runtime)])
    order = {"dataset_id": "gd_1", "platform": "p", "competitor": "c", "url": f"https://www.facebook.com/x?sim={SLOW}"}
    async with face.lifespan(house.runtime), serving(app) as port, aiohttp.ClientSession() as http:
        url = f"http://127.0.0.1:{port}/api/v1/crawl/trigger"
        async with http.post(url, json=order, headers=headers) as answer:
            assert answer.status == 202
            body: dict[str, Any] = await answer.json()
            return body


@pytest.mark.parametrize(("immediate", "known"), [(True, False), (False, True)])
async def test_without_immediate_response_a_trigger_waits_for_its_provider(
    house: House, *, immediate: bool, known: bool
) -> None:
    flag(house, immediate_response=immediate, submit_wait_seconds=0.01)

    assert ((await trigger(house))["snapshot_id"] is not None) is known


async def test_who_asks_for_an_answer_at_once_gets_it_whatever_the_flag_says(house: House) -> None:
    flag(house, immediate_response=False)

    assert (await trigger(house, Prefer="respond-async"))["snapshot_id"] is None


@pytest.mark.parametrize(("retry", "end"), [(True, "completed"), (False, "failed")])
async def test_without_background_retry_the_first_failure_of_a_job_is_its_last(
    house: House, *, retry: bool, end: str
) -> None:
    flag(house, background_retry=retry)
    crawl_id = await house.trigger("ready_after:0,fault:snapshot.500@1")

    assert (await house.finish(crawl_id))["pipeline_status"] == end


@pytest.mark.parametrize("fault", ["trigger.503@1", "progress.503@2", "progress.429@1"])
async def test_without_background_retry_a_provider_is_still_waited_for(house: House, fault: str) -> None:
    flag(house, background_retry=False)
    house.adjust(settle=0.0)
    crawl_id = await house.trigger(f"ready_after:0,fault:{fault}")

    assert (await house.finish(crawl_id))["pipeline_status"] == "completed"


@pytest.mark.parametrize(("flags", "polls"), [({}, True), ({"background_polling": False}, False)])
async def test_without_background_polling_only_a_person_fetches_results(
    house: House, flags: dict[str, object], *, polls: bool
) -> None:
    flag(house, **flags)
    house.replace(policy=policy(house.runtime.settings, public_url=None))
    crawl_id = await house.submitted()
    await house.poll()

    assert (await house.job(crawl_id))["queue"] == ("store" if polls else "poll")


@pytest.mark.parametrize("polls", [True, False])
async def test_the_list_says_of_polling_what_the_status_says(house: House, *, polls: bool) -> None:
    house.adjust(polling_enabled=polls)
    crawl_id = await house.submitted("ready_after:60")
    app = create_app(
        title="crawling", gate=OpenGate(), public=WEBHOOKS, routers=[topology.face("crawling").router(house.runtime)]
    )
    async with serving(app) as port, aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http:
        listed = (await (await http.get("/api/v1/crawl")).json())["items"][0]
        status = await (await http.get(f"/api/v1/crawl/{crawl_id}/status")).json()

    assert listed["background_processing"]["polling_active"] is polls
    assert listed["waiting_for"] == status["waiting_for"]


async def aged(house: House) -> dict[str, int]:
    """Something old of every sort; how much."""
    long_ago = datetime.now(UTC) - timedelta(days=60)
    job = NewJob(id=uuid4(), kind="drill", queue="drill")
    async with house.runtime.database.transaction() as tx:
        await queue.enqueue(tx, job)
    await house.sql("UPDATE jobs SET state = 'completed', finished_at = $2 WHERE id = $1", job.id, long_ago)
    await house.sql("UPDATE job_events SET at = $1, job_id = gen_random_uuid()", long_ago)
    await house.sql(
        "INSERT INTO stores (crawl_id, attempt, tenant, since) VALUES ($1, 1, 'default', $2)", job.id, long_ago
    )
    await make_days(house.runtime.database, now=long_ago)
    await house.sql(
        "INSERT INTO events (id, type, tenant, subject, time, data)"
        " VALUES ($1, 'crawl.failed', 'default', 'c', $2, '{}')",
        job.id,
        long_ago,
    )
    return await counted(house)


async def counted(house: House) -> dict[str, int]:
    (row,) = await house.rows(
        "SELECT (SELECT count(*) FROM jobs) AS jobs, (SELECT count(*) FROM job_events) AS lines,"
        " (SELECT count(*) FROM stores) AS stores,"
        " (SELECT count(*) FROM pg_inherits WHERE inhparent = 'events'::regclass"
        "    AND inhrelid::regclass::text < 'events_' || to_char(now() - interval '31 day', 'YYYYMMDD')) AS days"
    )
    return dict(row)


@pytest.mark.parametrize("cleanup", [True, False])
async def test_without_background_cleanup_nothing_that_is_old_goes(house: House, *, cleanup: bool) -> None:
    before = await aged(house)
    flag(house, background_cleanup=cleanup)
    await clean_up.main.function.build(house.runtime)(asyncio.Event())

    assert all(before.values())
    assert await counted(house) == (dict.fromkeys(before, 0) if cleanup else before)
    [kept] = await house.context.warehouse.query("SELECT count(*) AS events FROM events")
    assert kept == {"events": int(cleanup)}


async def test_every_order_begins_a_trace_or_continues_its_callers(house: House) -> None:
    given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    kept = []
    for headers in ({}, {"traceparent": given}, {"traceparent": "00-nonsense"}):
        crawl_id = (await trigger(house, **headers))["crawl_id"]
        kept.append((await house.job(crawl_id))["traceparent"])

    assert kept[1] == given
    assert len(set(kept)) == 3
    assert [valid(one) for one in kept] == kept
