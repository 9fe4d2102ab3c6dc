import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import pytest

from infra.local import stand_ins
from infra.local.simulators.bright_data import serve
from infra.local.stand_ins import stand_in

PATIENCE = 20.0
HOLDER = """
import asyncio, sys
from pathlib import Path
from infra.local.stand_ins import stand_in

async def hold():
    async with stand_in("bright_data", Path(sys.argv[1])) as url:
        print(url, flush=True)
        await asyncio.Event().wait()

asyncio.run(hold())
"""
AUTHORIZATION = {"Authorization": "Bearer any"}


async def buy(http: aiohttp.ClientSession, url: str) -> str:
    body = [{"url": "https://www.facebook.com/a?sim=ready_after:0"}]
    async with http.post(f"{url}/datasets/v3/trigger?dataset_id=gd_1", json=body, headers=AUTHORIZATION) as answer:
        return str((await answer.json())["snapshot_id"])


async def status(http: aiohttp.ClientSession, url: str, snapshot_id: str) -> int:
    async with http.get(f"{url}/datasets/v3/progress/{snapshot_id}", headers=AUTHORIZATION) as answer:
        return answer.status


async def test_what_one_process_buys_another_can_ask_for(tmp_path: Path) -> None:
    async with (
        aiohttp.ClientSession() as http,
        stand_in("bright_data", tmp_path) as here,
        stand_in("bright_data", tmp_path) as there,
    ):
        assert await status(http, there, await buy(http, here)) == 200


async def test_control_two_stand_ins_on_one_journal_know_nothing_of_each_other(tmp_path: Path) -> None:
    journal = tmp_path / "bright_data.jsonl"
    here, there = await serve(state_file=journal), await serve(state_file=journal)
    try:
        async with aiohttp.ClientSession() as http:
            assert await status(http, there.url, await buy(http, here.url)) == 404
    finally:
        await here.close()
        await there.close()


async def test_the_next_process_goes_on_where_the_last_one_ended(tmp_path: Path) -> None:
    async with aiohttp.ClientSession() as http:
        async with stand_in("bright_data", tmp_path) as url:
            bought = await buy(http, url)
        async with stand_in("bright_data", tmp_path) as url:
            assert await status(http, url, bought) == 200


@asynccontextmanager
async def other_process(folder: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """A process that has the stand-in, and its address."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDER, str(folder), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield process, (await asyncio.wait_for(process.stdout.readline(), PATIENCE)).decode().strip()
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def knows(http: aiohttp.ClientSession, url: str, bought: str) -> bool:
    with suppress(aiohttp.ClientConnectionError):
        return await status(http, url, bought) == 200
    return False


async def test_who_shared_the_stand_in_of_a_killed_process_has_it_at_the_same_address(tmp_path: Path) -> None:
    async with (
        aiohttp.ClientSession() as http,
        other_process(tmp_path) as (holder, url),
        stand_in("bright_data", tmp_path) as here,
        stand_in("bright_data", tmp_path) as there,
    ):
        assert here == there == url
        bought = await buy(http, url)
        holder.send_signal(signal.SIGKILL)
        await holder.wait()

        async with asyncio.timeout(PATIENCE):
            while not await knows(http, url, bought):  # noqa: ASYNC110  # another process sets no event
                await asyncio.sleep(0.05)


async def test_control_one_that_does_not_inherit_asks_a_dead_port(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(stand_ins, "_inherit", never)
    async with other_process(tmp_path) as (holder, url), stand_in("bright_data", tmp_path):
        holder.kill()
        await holder.wait()

        assert not await stand_ins._answers(url)


async def test_a_process_that_comes_while_the_holder_dies_takes_its_place(tmp_path: Path) -> None:
    async with other_process(tmp_path) as (holder, url):
        coming = [asyncio.create_task(_seen(tmp_path)) for _ in range(5)]
        holder.kill()

        assert await asyncio.wait_for(asyncio.gather(*coming), PATIENCE) == [url] * 5


async def _seen(folder: Path) -> str:
    async with stand_in("bright_data", folder) as url:
        return url
