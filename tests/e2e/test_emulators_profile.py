"""`headrace up --profile emulators`: the same crawl through Google's clients, seen from outside."""

import asyncio
import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree
from typing import Any

import aiohttp
import psutil
import pytest

from tests.e2e.conftest import HEADRACE, OURS, Api, System

PATIENCE = 60.0
COMPLETED = "data.ingestion.completed"
LOADED = "data.warehouse.loaded"


def running() -> Iterator[System]:
    """A system in its own folder, with emulators that it starts itself."""
    folder = Path(tempfile.mkdtemp(prefix="headrace-emulated-"))
    folder.chmod(0o755)
    system = System(folder, HEADRACE_PROFILE="emulators")
    system.start_provider()
    system.start()
    yield system
    system.stop()
    rmtree(folder)


@pytest.fixture(scope="module")
def emulated(installed_emulators: None) -> Iterator[System]:
    yield from running()


@pytest.fixture
def killable(installed_emulators: None) -> Iterator[System]:
    yield from running()


@pytest.fixture
async def api(emulated: System, http: aiohttp.ClientSession) -> Api:
    await emulated.ready(http)
    return Api(http, emulated)


def address(system: System, name: str) -> str:
    return (system.folder / "data" / "emulators" / f"{name}.address").read_text()


async def event(api: Api, topic: str, crawl_id: str) -> Any:
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        _, page = await api.get(f"/api/v1/events?type={topic}&crawl_id={crawl_id}")
        if page["items"]:
            return page["items"][0]
        await asyncio.sleep(0.05)
    pytest.fail(f"no {topic}:\n{api.system.log.read_text()[-2000:]}")


class Subscriber:
    """Another team's subscription at Pub/Sub itself."""

    def __init__(self, http: aiohttp.ClientSession, host: str, topic: str) -> None:
        self._http = http
        self._base = f"http://{host}/v1/projects/local"
        self._topic = topic

    async def subscribe(self) -> None:
        body = {"topic": f"projects/local/topics/{self._topic}"}
        async with self._http.put(f"{self._base}/subscriptions/another-team", json=body) as answer:
            assert answer.status == 200, await answer.text()

    async def next(self) -> dict[str, Any]:
        ends = time.monotonic() + PATIENCE
        while time.monotonic() < ends:
            pull = f"{self._base}/subscriptions/another-team:pull"
            async with self._http.post(pull, json={"maxMessages": 1}) as answer:
                if received := (await answer.json()).get("receivedMessages"):
                    return dict(received[0]["message"])
        pytest.fail("nothing was published")


async def rows(http: aiohttp.ClientSession, url: str, crawl_id: str) -> int:
    """How many rows BigQuery shows of a crawl."""
    sql = f"SELECT count(*) AS n FROM headrace.records WHERE crawl_id = '{crawl_id}'"
    asked = {"query": sql, "useLegacySql": False}
    async with http.post(f"{url}/bigquery/v2/projects/local/queries", json=asked) as answer:
        found = await answer.json()
        assert answer.status == 200, found
    return int(found["rows"][0]["f"][0]["v"])


async def test_a_trigger_becomes_an_event_at_pubsub_an_object_and_rows_in_bigquery(
    api: Api, emulated: System, http: aiohttp.ClientSession
) -> None:
    team = Subscriber(http, address(emulated, "pubsub"), COMPLETED)
    await team.subscribe()

    crawl_id = await api.trigger("ready_after:0.1,records:37")
    message = await team.next()
    told = await event(api, COMPLETED, crawl_id)
    await event(api, LOADED, crawl_id)

    assert message["attributes"]["ce-type"] == COMPLETED
    assert message["attributes"]["ce-id"] == told["id"]
    assert told["data"]["gcs_path"].startswith("gs://headrace/")
    assert told["data"]["row_count"] == 37
    assert await rows(http, address(emulated, "bigquery"), crawl_id) == 37
    bucket, _, name = told["data"]["gcs_path"].removeprefix("gs://").partition("/")
    stored = f"{address(emulated, 'storage')}/storage/v1/b/{bucket}/o/{name.replace('/', '%2F')}"
    async with http.get(stored) as answer:
        assert int((await answer.json())["generation"]) == int((await api.status(crawl_id))["result"]["generation"])


async def test_the_command_line_asks_bigquery(api: Api, emulated: System) -> None:
    crawl_id = await api.trigger("ready_after:0.1,records:3")
    await event(api, LOADED, crawl_id)

    clean = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    sql = f"SELECT count(*) AS posts FROM records WHERE crawl_id = '{crawl_id}'"
    command = [HEADRACE, "query", sql, "--profile", "emulators", "--data-dir", emulated.folder / "data"]
    done = await asyncio.to_thread(subprocess.run, command, env=clean, capture_output=True, text=True, check=False)

    assert (done.returncode, json.loads(done.stdout or "null")) == (0, {"posts": 3}), done.stderr


def emulators_of(folder: Path) -> list[psutil.Process]:
    """Processes whose command names an emulator of this folder's ports or data."""
    ports = [path.read_text().rpartition(":")[2] for path in (folder / "data" / "emulators").glob("*.address")]
    found = []
    for process in psutil.process_iter(["cmdline"]):
        line = " ".join(process.info["cmdline"] or ())
        if "infra.local.emulators" in line and any(port in line for port in ports):
            found.append(process)
    return found


async def gone(processes: list[psutil.Process]) -> bool:
    _, left = await asyncio.to_thread(psutil.wait_procs, processes, timeout=PATIENCE)
    return not left


async def answers(port: int) -> bool:
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        try:
            _, back = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            await asyncio.sleep(0.05)
        else:
            back.close()
            return True
    return False


@pytest.mark.parametrize("name", ["pubsub", "storage", "bigquery"])
async def test_an_emulator_that_is_killed_comes_back_and_the_crawl_goes_on(
    api: Api, emulated: System, http: aiohttp.ClientSession, name: str
) -> None:
    port = address(emulated, name).rpartition(":")[2]
    before = await api.trigger("ready_after:3,records:5")
    leash = next(one for one in emulators_of(emulated.folder) if any(port in part for part in one.cmdline()))
    [program] = leash.children()

    program.kill()
    assert await gone([program])
    after = await api.trigger("ready_after:0.1,records:7")

    for crawl_id, count in ((before, 5), (after, 7)):
        await event(api, LOADED, crawl_id)
        assert await rows(http, address(emulated, "bigquery"), crawl_id) == count
    assert await answers(int(port))  # crawls get along without Pub/Sub for a while


async def test_a_killed_system_leaves_no_emulator_behind_and_the_next_one_goes_on(
    killable: System, http: aiohttp.ClientSession
) -> None:
    await killable.ready(http)
    api = Api(http, killable)
    crawl_id = await api.trigger("ready_after:3,records:9")
    before = {name: address(killable, name) for name in ("pubsub", "storage", "bigquery")}
    children = emulators_of(killable.folder)
    assert len(children) >= 3

    killed = killable._processes.pop()
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert await gone(children)
    killable.start()
    await killable.ready(http)

    assert {name: address(killable, name) for name in before} == before
    await event(api, LOADED, crawl_id)
    assert await rows(http, before["bigquery"], crawl_id) == 9
    assert len((await api.ledger())["snapshots"]) == 1
