"""Routes of crawls that are only shown any more."""

from typing import Any
from uuid import UUID, uuid4

import aiohttp

from infra.runtime.http.app import create_app
from services.crawling.face import commands, questions
from tests.contract.http.house import serving
from tests.flow.crawling.archives import aged, archived
from tests.flow.crawling.rig import House
from tests.gates import OpenGate

COMMANDS = ("cancel", "pause", "resume", "download", "retry-background")


async def answers(house: House, crawl_id: UUID) -> dict[str, tuple[int, Any]]:
    """Status and body of every route's answer."""
    routers = [questions.routes(house.runtime), commands.routes(house.runtime)]
    app = create_app(title="crawling", gate=OpenGate(), routers=routers)
    async with serving(app) as port, aiohttp.ClientSession() as http:

        async def ask(method: str, route: str) -> tuple[int, Any]:
            url = f"http://127.0.0.1:{port}/api/v1/crawl/{crawl_id}/{route}"
            async with http.request(method, url) as answer:
                return answer.status, await (answer.read() if route == "result" else answer.json(content_type=None))

        asked = [("GET", "status"), ("GET", "result"), *(("POST", command) for command in COMMANDS)]
        return {route: await ask(method, route) for method, route in asked}


async def test_an_archived_crawl_is_shown_and_takes_no_command(house: House) -> None:
    crawl_id = await house.stored("ready_after:0,records:3")
    await house.work("load")
    await aged(house, crawl_id)
    result = await house.result(crawl_id)
    await archived(house)

    told = await answers(house, crawl_id)

    assert (told["status"][0], told["status"][1]["archived"]) == (200, True)
    assert told["result"] == (200, result)
    refused = {command: (told[command][0], told[command][1]["code"]) for command in COMMANDS}
    assert refused == dict.fromkeys(COMMANDS, (409, "CRAWL_ARCHIVED"))


async def test_control_an_unknown_crawl_is_unknown_to_every_route(house: House) -> None:
    told = await answers(house, uuid4())

    assert {status for status, _ in told.values()} == {404}
