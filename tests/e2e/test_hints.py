"""A webhook is a hint: with the crawl's own token it is asked about at once, without it nothing happens."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.e2e.conftest import Api, System

SLOW = 120.0  # seconds between two polls: whatever ends sooner was hinted


@pytest.fixture(scope="module")
def system(folder: Path) -> Iterator[System]:
    running = System(folder, BACKGROUND_POLL_INTERVAL=str(SLOW))
    running.start_provider()
    running.start()
    yield running
    running.stop()


async def authorization(api: Api, snapshot_id: str) -> str:
    """What the provider was told to send with its webhooks."""
    (entry,) = [one for one in (await api.ledger())["snapshots"] if one["snapshot_id"] == snapshot_id]
    return str(entry["options"]["auth_header"])


async def hint(api: Api, body: Any, **headers: str) -> int:
    return (await api.post("/api/v1/webhooks/bright_data", body, **headers))[0]


async def test_the_providers_own_notification_ends_the_wait(api: Api) -> None:
    started = time.monotonic()
    crawl_id = await api.trigger("ready_after:0.5,records:3")

    found = await api.ended(crawl_id)

    assert found["pipeline_status"] == "completed"
    assert time.monotonic() - started < SLOW / 4
    assert found["background_processing"]["poll_count"] == 1


@pytest.mark.parametrize("form", ["body", "header"])
async def test_a_hint_with_the_crawls_token_is_followed_at_once(api: Api, form: str) -> None:
    crawl_id = await api.trigger("ready_after:0.1,records:3,notify:off")
    snapshot_id = (await api.status(crawl_id))["snapshot_id"]
    token = {"Authorization": await authorization(api, snapshot_id)}
    await asyncio.sleep(0.2)  # until the snapshot is ready: nothing of ours is waited for here

    if form == "body":
        told = await hint(api, {"snapshot_id": snapshot_id, "status": "ready"}, **token)
    else:
        told = await hint(api, [{"any": "record"}], **{"Snapshot-Id": snapshot_id}, **token)

    assert told == 200
    assert (await api.ended(crawl_id))["pipeline_status"] == "completed"


async def test_a_hint_that_comes_too_early_only_makes_us_ask(api: Api) -> None:
    crawl_id = await api.trigger("ready_after:never,notify:off")
    snapshot_id = (await api.status(crawl_id))["snapshot_id"]
    token = {"Authorization": await authorization(api, snapshot_id)}

    told = [await hint(api, {"snapshot_id": snapshot_id, "status": "ready"}, **token) for _ in range(3)]

    async with asyncio.timeout(20):
        while not (found := await api.status(crawl_id))["background_processing"]["poll_count"]:  # noqa: ASYNC110  # HTTP
            await asyncio.sleep(0.05)
    assert told == [200, 200, 200]
    assert (found["pipeline_status"], found["ready_for_download"]) == ("waiting_for_brightdata", False)


async def test_a_hint_that_comes_after_the_end_changes_nothing(api: Api) -> None:
    crawl_id = await api.trigger("ready_after:0.1,records:3,notify:twice", warehouse="required")
    done = await api.ended(crawl_id)
    token = {"Authorization": await authorization(api, done["snapshot_id"])}

    told = await hint(api, {"snapshot_id": done["snapshot_id"], "status": "ready"}, **token)

    assert told == 200
    assert await api.status(crawl_id) == done


@pytest.mark.parametrize("forged", ["", "Bearer ", "Bearer wrong", "bearer", "Basic eDp5", "Bearer \u00fc"])
async def test_a_hint_without_the_token_is_refused_and_nothing_is_asked(api: Api, forged: str) -> None:
    crawl_id = await api.trigger("ready_after:0.1,records:3,notify:off")
    snapshot_id = (await api.status(crawl_id))["snapshot_id"]

    told = await hint(api, {"snapshot_id": snapshot_id, "status": "ready"}, Authorization=forged)

    assert told == 401
    found = await api.status(crawl_id)
    assert (found["pipeline_status"], found["background_processing"]["poll_count"]) == ("waiting_for_brightdata", 0)


async def test_the_token_of_one_crawl_opens_no_other(api: Api) -> None:
    mine, other = [await api.trigger("ready_after:0.1,records:3,notify:off") for _ in range(2)]
    snapshots = [(await api.status(crawl_id))["snapshot_id"] for crawl_id in (mine, other)]

    told = await hint(api, {"snapshot_id": snapshots[1]}, Authorization=await authorization(api, snapshots[0]))

    assert told == 401


@pytest.mark.parametrize("body", [b"", b"\x1f\x8b\x08junk", b"[" * 100_000, b'{"snapshot_id": "sd\\u0000"}', b"null"])
async def test_a_hint_that_names_no_snapshot_belongs_to_nobody(api: Api, body: bytes) -> None:
    async with api.http.post(f"{api.system.url}/api/v1/webhooks/bright_data", data=body) as answer:
        problem = await answer.json(content_type="application/problem+json")

    assert (answer.status, problem["code"]) == (404, "NOT_FOUND")
    assert "snapshot" in problem["recovery"]


async def test_no_token_is_in_any_url_or_log(api: Api, http: aiohttp.ClientSession) -> None:
    crawl_id = await api.trigger("ready_after:0.1,records:1")
    found = await api.ended(crawl_id)
    (entry,) = [one for one in (await api.ledger())["snapshots"] if one["snapshot_id"] == found["snapshot_id"]]
    token = entry["options"]["auth_header"].split()[-1]

    assert token not in entry["options"]["notify"]
    assert token not in api.system.log.read_text(errors="replace")
    assert token not in str(found)
