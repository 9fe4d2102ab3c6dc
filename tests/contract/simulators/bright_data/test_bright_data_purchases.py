"""Buying under faults, scripting, and a ledger that survives a kill."""

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from infra.local.simulators.bright_data import serve

pytestmark = pytest.mark.enable_socket


async def bought(customer: Any) -> int:
    return len((await customer.ledger())["snapshots"])


async def test_a_trigger_is_bought_and_its_answer_lost(customer: Any) -> None:
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await customer.buy("fault:drop@1")
    assert await bought(customer) == 1

    await customer.buy("fault:drop@1")
    assert await bought(customer) == 2


async def test_a_trigger_is_bought_and_answered_500(customer: Any) -> None:
    answer = await customer.trigger([{"url": "https://a.example/?sim=fault:commit_500@1"}])

    assert (answer.status, answer.text, await bought(customer)) == (500, "Internal server error", 1)


@pytest.mark.parametrize("name", ["429", "500", "503", "401", "html"])
async def test_a_refused_trigger_buys_nothing_and_the_next_one_does(customer: Any, name: str) -> None:
    row = {"url": f"https://a.example/?sim=fault:trigger.{name}@1"}
    first, counted, second = await customer.trigger([row]), await bought(customer), await customer.trigger([row])

    assert b"snapshot_id" not in first.body
    assert (counted, second.status, await bought(customer)) == (0, 200, 1)


async def test_a_trigger_that_hangs_is_bought_although_nobody_waits(customer: Any) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await customer.buy("fault:hang=0.3")
    before = await bought(customer)
    async with asyncio.timeout(5):
        while not await bought(customer):  # noqa: ASYNC110  # another process would see no event either
            await asyncio.sleep(0.02)

    assert before == 0


async def test_an_admin_scripts_the_next_purchase_only(customer: Any) -> None:
    await customer.script(sim="ready_after:0,records:2")
    answers = [await customer.get(f"/snapshot/{await customer.buy('')}") for _ in range(2)]

    assert [(one.status, one.body.count(b"\n")) for one in answers] == [(200, 2), (202, 0)]


async def test_an_admin_scripts_a_dataset_until_told_to_stop(customer: Any) -> None:
    await customer.script(sim="ready_after:0,fault:list.503@1", dataset_id="gd_posts", times=None)
    other = await customer.trigger([{"url": "https://a.example"}], dataset_id="gd_other")
    ours = [await customer.buy("records:1") for _ in range(2)]
    listings = [(await customer.get("/snapshots", dataset_id="gd_posts")).status for _ in range(2)]
    await customer.ask("DELETE", "/simulator/script")
    later = await customer.buy("records:1")

    ids = [*ours, json.loads(other.body)["snapshot_id"], later]
    assert [(await customer.get(f"/snapshot/{one}")).status for one in ids] == [200, 200, 202, 202]
    assert listings == [503, 200]


async def test_an_admin_amends_what_was_bought(customer: Any) -> None:
    snapshot_id = await customer.buy("ready_after:never")
    await customer.script(sim="ready_after:0,records:4", snapshot_id=snapshot_id)

    assert (await customer.get(f"/snapshot/{snapshot_id}")).body.count(b"\n") == 4


@pytest.mark.parametrize("sim", ["recrods:1", "fault:typo", "fault:progress.gzip_cut", "records:many", "notify:maybe"])
async def test_a_typing_mistake_is_told(customer: Any, sim: str) -> None:
    answer = await customer.trigger([{"url": f"https://a.example/?sim={sim}"}])

    assert (answer.status, await bought(customer)) == (400, 0)
    assert "grammar" in answer.text


async def test_a_dataset_may_have_so_many_running_jobs(clock: Any) -> None:
    server = await serve(running_limit=2, clock=clock)
    order = {"params": {"dataset_id": "gd_a"}, "headers": {"Authorization": "Bearer x"}}
    async with aiohttp.ClientSession(server.url) as http:
        answers = [await http.post("/datasets/v3/trigger", json={"url": "https://a.example"}, **order) for _ in "123"]
        told = await answers[2].text()
        clock.now += 3
        again = await http.post("/datasets/v3/trigger", json={"url": "https://a.example"}, **order)
        assert [one.status for one in (*answers, again)] == [200, 200, 429, 200]
    await server.close()

    assert told.endswith("Running jobs: 2>=2")


async def test_a_required_token_is_required() -> None:
    server = await serve(token="right")
    async with aiohttp.ClientSession(server.url) as http:
        given = [{"Authorization": f"Bearer {token}"} for token in ("right", "wrong")]
        seen = [(await http.get("/datasets/v3/progress/sd_x", headers=headers)).status for headers in given]
    await server.close()

    assert seen == [404, 401]


async def test_the_ledger_counts_the_calls_about_a_snapshot(customer: Any) -> None:
    snapshot_id = await customer.buy("ready_after:0")
    for path in ("progress", "progress", "snapshot"):
        await customer.get(f"/{path}/{snapshot_id}")
    await customer.ask("POST", f"/snapshot/{snapshot_id}/cancel")

    account = await customer.ledger()
    assert account["snapshots"][0]["calls"] == {"trigger": 1, "progress": 2, "snapshot": 1, "cancel": 1}
    assert account["calls"] == {"trigger": 1, "progress": 2, "snapshot": 1, "cancel": 1}


async def run(state_file: Path) -> tuple[asyncio.subprocess.Process, str]:
    command = [sys.executable, "-m", "infra.local.simulators.bright_data", "--state-file", str(state_file)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    return process, (await asyncio.wait_for(process.stdout.readline(), 30)).decode().strip()


async def test_purchases_survive_a_kill(tmp_path: Path, customer: Any) -> None:
    process, customer.url = await run(tmp_path / "killed.jsonl")
    snapshot_id = await customer.buy("ready_after:0,fault:snapshot.500@2")
    hanging = await customer.buy("ready_after:never")
    await customer.get(f"/snapshot/{snapshot_id}")
    await customer.ask("POST", f"/snapshot/{hanging}/cancel")
    before = await customer.ledger()
    process.kill()
    await process.wait()

    process, customer.url = await run(tmp_path / "killed.jsonl")
    after = await customer.ledger()
    statuses = [(await customer.get(f"/snapshot/{snapshot_id}")).status for _ in range(2)]
    process.send_signal(signal.SIGTERM)

    assert await asyncio.wait_for(process.wait(), 8) == 0
    assert after == before
    assert after["snapshots"][1]["status"] == "canceled"
    assert statuses == [500, 200]


async def test_half_a_line_in_the_journal_costs_nothing_but_itself(tmp_path: Path, clock: Any) -> None:
    journal = tmp_path / "torn.jsonl"
    journal.write_bytes(b'{"kind":"called","call":"list","id":null}\n{"kind":"bou')
    for seen in (1, 2):
        server = await serve(state_file=journal, clock=clock)
        async with aiohttp.ClientSession(server.url) as http:
            account = await (await http.get("/simulator/ledger")).json()
            await http.get("/datasets/v3/snapshots?dataset_id=gd_a", headers={"Authorization": "Bearer x"})
        await server.close()
        assert account["calls"] == {"list": seen}
