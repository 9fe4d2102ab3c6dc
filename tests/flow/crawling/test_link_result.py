"""Where the lake can sign, a result is fetched from the lake itself; where it cannot, from us."""

import gzip
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import pytest
from structlog.testing import capture_logs

from infra.gcp.storage.signing import signing
from infra.runtime.http.app import create_app
from services.crawling.face import questions
from tests.contract.http.house import serving
from tests.contract.lake.test_signed_addresses import Google, key_credentials, machine
from tests.flow.crawling.lakes import in_storage
from tests.flow.crawling.rig import House, sha256
from tests.gates import OpenGate

TWO_PARTS = "ready_after:0,records:1500"
LINES = {"Accept": "application/x-ndjson"}


@pytest.fixture
def signing_house(house: House, storage_emulator: str) -> House:
    house.replace(lake=in_storage(storage_emulator, signing=key_credentials()))
    return house


async def ask(house: House, crawl_id: UUID, **headers: str) -> tuple[int, bytes, Any]:
    """Status, body and headers of the answer to whoever follows no redirect."""
    app = create_app(title="crawling", gate=OpenGate(), routers=[questions.routes(house.runtime)])
    async with serving(app) as port, aiohttp.ClientSession() as http:
        url = f"http://127.0.0.1:{port}/api/v1/crawl/{crawl_id}/result"
        answer = await http.get(url, headers=headers, allow_redirects=False)
        return answer.status, await answer.read(), answer.headers


async def test_a_result_is_fetched_by_the_address_that_the_answer_names(signing_house: House) -> None:
    crawl_id = await signing_house.stored(TWO_PARTS)
    (bought,) = await signing_house.bought()
    status, _, headers = await ask(signing_house, crawl_id)
    async with aiohttp.ClientSession(auto_decompress=False) as http, http.get(headers["Location"]) as answer:
        body = gzip.decompress(await answer.read())

    assert (status, headers["Cache-Control"]) == (307, "no-store")
    assert sha256(body) == bought["sha256"]


async def test_whoever_asks_for_lines_gets_lines_from_us(signing_house: House) -> None:
    crawl_id = await signing_house.stored(TWO_PARTS)
    (bought,) = await signing_house.bought()

    status, body, _ = await ask(signing_house, crawl_id, **LINES)

    assert (status, sha256(body)) == (200, bought["sha256"])


async def test_where_nobody_can_sign_the_lines_come_from_us(house: House, storage_emulator: str) -> None:
    house.replace(lake=in_storage(storage_emulator))
    crawl_id = await house.stored(TWO_PARTS)
    (bought,) = await house.bought()

    status, body, _ = await ask(house, crawl_id)

    assert (status, sha256(body)) == (200, bought["sha256"])


async def test_where_iam_refuses_to_sign_the_lines_come_from_us_and_a_log_says_what_is_missing(
    house: House, storage_emulator: str
) -> None:
    house.replace(lake=in_storage(storage_emulator, signing=signing(machine(), Google(status=403))))
    crawl_id = await house.stored(TWO_PARTS)
    (bought,) = await house.bought()

    with capture_logs() as told:
        status, body, _ = await ask(house, crawl_id)

    assert (status, sha256(body)) == (200, bought["sha256"])
    [line] = [one for one in told if one.get("code") == "STORE_SIGNING_FAILED"]
    assert "iam.serviceAccountTokenCreator" in line["recovery"]


async def test_there_is_no_address_of_what_is_not_there(signing_house: House) -> None:
    waiting = await signing_house.submitted("ready_after:3600")
    gone = await signing_house.stored()
    await signing_house.context.lake.delete(f"crawls/default/{gone}/1/records.ndjson.gz")

    assert [(await ask(signing_house, one))[0] for one in (uuid4(), waiting, gone)] == [404, 409, 404]
