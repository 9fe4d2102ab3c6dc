from pathlib import Path

import aiohttp

from infra.local.simulators.bright_data import serve
from infra.local.stand_ins import bright_data

AUTHORIZATION = {"Authorization": "Bearer any"}


async def buy(http: aiohttp.ClientSession, url: str) -> str:
    body = [{"url": "https://www.facebook.com/a?sim=ready_after:0"}]
    async with http.post(f"{url}/datasets/v3/trigger?dataset_id=gd_1", json=body, headers=AUTHORIZATION) as answer:
        return str((await answer.json())["snapshot_id"])


async def status(http: aiohttp.ClientSession, url: str, snapshot_id: str) -> int:
    async with http.get(f"{url}/datasets/v3/progress/{snapshot_id}", headers=AUTHORIZATION) as answer:
        return answer.status


async def test_what_one_process_buys_another_can_ask_for(tmp_path: Path) -> None:
    async with aiohttp.ClientSession() as http, bright_data(tmp_path) as here, bright_data(tmp_path) as there:
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
        async with bright_data(tmp_path) as url:
            bought = await buy(http, url)
        async with bright_data(tmp_path) as url:
            assert await status(http, url, bought) == 200
