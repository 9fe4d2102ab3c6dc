"""Headrace as it deploys: a process a service and a function, and all they know of each other is Google's emulators."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import asyncpg
import pytest

from tests.e2e.conftest import order
from tests.e2e.deployment import Deployment
from tests.e2e.outside import Google, Team, team, until

COMPLETED = "data.ingestion.completed"
ENDS = {"completed", "failed", "cancelled"}
RECORDS = 25
ON_ITS_WAY = ["submit_crawl", "poll_crawls", "store_snapshot", "load_warehouse", "sweep", "crawling service"]


async def _statement(dsn: str, sql: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(sql)
    await connection.close()


@pytest.fixture(scope="module")
def names() -> dict[str, str]:
    """A project, a bucket, a dataset and a database of this run's own."""
    run = uuid4().hex[:10]
    return {"project": f"deployed-{run}", "dataset": f"deployed_{run}", "bucket": f"deployed-{run}"}


@pytest.fixture(scope="module")
def deployment(
    postgres_dsn: str, pubsub_emulator: str, storage_emulator: str, bigquery_emulator: str, names: dict[str, str]
) -> Iterator[Deployment]:
    """Everything, started once."""
    folder = Path(tempfile.mkdtemp(prefix="headrace-deployed-"))
    asyncio.run(_statement(postgres_dsn, f"CREATE DATABASE {names['dataset']}"))
    settings = {
        "HEADRACE_DATABASE_URL": postgres_dsn.replace("/postgres?", f"/{names['dataset']}?", 1),
        "GOOGLE_CLOUD_PROJECT": names["project"],
        "HEADRACE_LAKE_URL": f"gs://{names['bucket']}",
        "HEADRACE_WAREHOUSE_URL": f"bq://local.{names['dataset']}",
        "PUBSUB_EMULATOR_HOST": pubsub_emulator,
        "STORAGE_EMULATOR_HOST": storage_emulator,
        "BIGQUERY_EMULATOR_HOST": bigquery_emulator,
    }
    made = Deployment(folder, settings)
    made.plan()
    made.run("migrate")
    made.run("topology")
    made.start(made.places)
    asyncio.run(made.ready(made.places))
    yield made
    took = made.stop()
    asyncio.run(_statement(postgres_dsn, f"DROP DATABASE {names['dataset']} WITH (FORCE)"))
    shutil.rmtree(folder)
    assert max(took.values()) < 20, took  # all at once, on however few processors


@dataclass
class World:
    """What a caller sees."""

    deployment: Deployment
    google: Google
    team: Team
    http: aiohttp.ClientSession

    async def ask(self, service: str, method: str, path: str, **request: Any) -> tuple[int, Any]:
        url = self.deployment.places[f"{service} service"].url + path
        async with self.http.request(method, url, **request) as answer:
            return answer.status, await answer.json(content_type=None)

    async def trigger(self, sim: str, *, key: str, **headers: str) -> str:
        """Order a crawl as a caller does who does not give up."""

        async def ordered() -> str | None:
            try:
                status, body = await self.ask(
                    "crawling",
                    "POST",
                    "/api/v1/crawl/trigger",
                    json=order(sim),
                    headers={"Idempotency-Key": key, **headers},
                )
            except aiohttp.ClientError:
                return None
            return str(body["crawl_id"]) if status == 202 else None

        return str(await until(ordered, seconds=60, what="an order"))

    async def ended(self, crawl_id: str) -> Any:
        """Its status, once it is over and loaded."""
        last: Any = None

        async def over() -> Any:
            nonlocal last
            try:
                status, last = await self.ask("crawling", "GET", f"/api/v1/crawl/{crawl_id}/status")
            except aiohttp.ClientError:
                return None  # it was killed, and is about to be back
            return last if status == 200 and last["pipeline_status"] in ENDS else None

        try:
            return await until(over, seconds=90, what="an end")
        except AssertionError as error:
            raise AssertionError(f"{last}\n{self.deployment.log.read_text()[-3000:]}") from error

    async def made(self, job: Any) -> Any:
        """What became of a job, once it is over."""

        async def over() -> Any:
            _, found = await self.ask("jobs", "GET", f"/api/background/job/{job['job_id']}")
            return found if found.get("status") in ENDS else None

        return await until(over, seconds=60, what="an end")

    async def purchases(self) -> list[str]:
        """Every snapshot that was paid for."""
        await self.deployment.ready(["provider"])
        async with self.http.get(f"{self.deployment.places['provider'].url}/simulator/ledger") as answer:
            return [one["snapshot_id"] for one in (await answer.json())["snapshots"]]

    async def loaded(self, crawl_ids: list[str]) -> None:
        """Wait until BigQuery has all of their rows, and no more."""

        async def rows() -> bool:
            return await self.google.rows(crawl_ids) == dict.fromkeys(crawl_ids, RECORDS)

        await until(rows, seconds=60, what="rows")

    async def told(self, crawl_ids: list[str], *ways: str) -> None:
        """Wait until the team knows of each, by every way, exactly one fact."""

        async def known() -> bool:
            return all(self.team.ids(way, crawl_id) for way in ways for crawl_id in crawl_ids)

        await until(known, seconds=60, what="an event")
        assert all(len(self.team.ids(way, crawl_id)) == 1 for way in ways for crawl_id in crawl_ids)


@pytest.fixture
async def world(
    deployment: Deployment, pubsub_emulator: str, bigquery_emulator: str, names: dict[str, str]
) -> AsyncIterator[World]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as http, team() as endpoint:
        google = Google(http, pubsub_emulator, bigquery_emulator, names["project"], names["dataset"])
        yield World(deployment, google, endpoint, http)


async def test_doorbells_alone_lead_a_crawl_from_process_to_process(world: World) -> None:
    await world.google.subscribe(COMPLETED, f"{world.team.url}/rung")

    crawl_id = await world.trigger(f"ready_after:0.2,records:{RECORDS}", key="rung", Prefer="respond-async")

    assert (await world.ended(crawl_id))["pipeline_status"] == "completed"
    await world.told([crawl_id], "rung")
    await world.loaded([crawl_id])


async def test_a_crawl_goes_through_processes_that_know_nothing_of_each_other(world: World) -> None:
    await world.google.subscribe(COMPLETED, f"{world.team.url}/pubsub")
    asked = {"topic": COMPLETED, "push_url": f"{world.team.url}/headrace"}
    status, subscription = await world.ask("events", "POST", "/api/v1/events/subscriptions", json=asked)
    assert status == 201, subscription

    bought = len(await world.purchases())
    async with world.google.ticking():
        at_once = await world.trigger(f"ready_after:0.2,records:{RECORDS}", key="at once")
        later = await world.trigger(f"ready_after:0.2,records:{RECORDS}", key="later", Prefer="respond-async")

        for crawl_id in (at_once, later):
            found = await world.ended(crawl_id)
            assert (found["pipeline_status"], found["result"]["row_count"]) == ("completed", RECORDS)
            assert found["result"]["gcs_path"].startswith("gs://deployed-")
        await world.told([at_once, later], "pubsub", "headrace")
        await world.loaded([at_once, later])
    assert len(await world.purchases()) == bought + 2
    _, job = await world.ask("jobs", "GET", f"/api/background/job/{later}")
    assert job["status"] == "completed"


async def test_files_and_pages_come_in_where_every_process_is_a_container(world: World) -> None:
    sources = "/api/v1/data-sources"
    _, listed = await world.ask("intake", "GET", sources)
    form = aiohttp.FormData()
    form.add_field("file", b"name,price\nrye,3.20\nspelt,4.10\n", filename="bread.csv")
    _, upload = await world.ask("intake", "POST", f"{sources}/{listed['items'][0]['id']}/files", data=form)
    shop = {"name": "Bakery", "source_type": "website", "config": {}}
    _, source = await world.ask("intake", "POST", sources, json=shop)
    page = {"url": f"{world.deployment.places['site'].url}/products/rye-loaf"}
    _, capture = await world.ask("intake", "POST", f"{sources}/{source['id']}/urls", json=page)

    async with world.google.ticking():
        imported, captured = await world.made(upload), await world.made(capture)
    _, dataset = await world.ask("intake", "GET", f"/api/v1/datasets/{imported['result']['dataset_id']}/rows")
    assert dataset["items"] == [{"name": "rye", "price": 3.2}, {"name": "spelt", "price": 4.1}]
    assert captured["status"] == "completed", captured
    assert captured["result"]["screenshot_url"].startswith("gs://deployed-")


async def _survives(world: World, victim: str, turn: int) -> list[str]:
    """Crawls that were under way when the victim was killed; it is back a moment later."""
    sims = [f"ready_after:{seconds},records:{RECORDS}" for seconds in ("0.2", "1")]
    ordering = [
        asyncio.create_task(world.trigger(sim, key=f"{victim} {turn} {number}", **headers))
        for number, (sim, headers) in enumerate(zip(sims, ({}, {"Prefer": "respond-async"}), strict=True))
    ]
    await asyncio.sleep(0.15 + 0.2 * (turn % 6))  # now here, now there
    world.deployment.kill(victim)
    await asyncio.sleep(0.5)
    world.deployment.start([victim])
    return list(await asyncio.gather(*ordering))


async def _nothing_is_lost(world: World, victims: list[str]) -> None:
    way = f"pubsub-{uuid4().hex}"
    await world.google.subscribe(COMPLETED, f"{world.team.url}/{way}")
    bought = len(await world.purchases())

    async with world.google.ticking():
        crawls = [crawl_id for turn, victim in enumerate(victims) for crawl_id in await _survives(world, victim, turn)]

        for crawl_id in crawls:
            found = await world.ended(crawl_id)
            assert (found["pipeline_status"], found["result"]["row_count"]) == ("completed", RECORDS)
        await world.told(crawls, way)
        await world.loaded(crawls)
    assert len(await world.purchases()) - bought == len(crawls)


async def test_whoever_is_killed_on_a_crawls_way_nothing_is_lost_or_bought_twice(world: World) -> None:
    await _nothing_is_lost(world, ON_ITS_WAY)


@pytest.mark.slow
async def test_whoever_is_killed_nothing_is_lost_or_bought_twice(world: World) -> None:
    await _nothing_is_lost(
        world, [*world.deployment.functions, *(f"{one} service" for one in world.deployment.services)]
    )
