"""Every service's face, started by plain uvicorn."""

import asyncio
import json

import aiohttp
import pytest

from infra.postgres.database import Database
from infra.runtime.functions.topology import generated
from tests.contract.functions.conftest import Deploy

SERVICES: list[str] = generated()["services"]


@pytest.mark.parametrize("name", SERVICES)
async def test_a_service_starts_by_itself_is_ready_and_ends_in_time(
    serve: Deploy, http: aiohttp.ClientSession, name: str
) -> None:
    face = serve(name)
    await face.up(http)

    assert await face.ask(http, "GET", "/readyz") == (200, {"status": "ok"})
    assert (await face.ask(http, "GET", "/nowhere"))[0] == 404
    assert await asyncio.to_thread(face.end) < 8, face.said
    assert "Application shutdown complete" in face.said


async def test_the_log_on_google_cloud_stands_with_the_trace_of_its_request(
    serve: Deploy, http: aiohttp.ClientSession, database: Database
) -> None:
    face = serve("jobs", GOOGLE_CLOUD_PROJECT="a-project")
    await face.up(http)
    await database.pool.execute("DROP TABLE jobs CASCADE")

    traced = {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
    assert (await face.ask(http, "GET", "/api/v2/jobs", headers=traced))[0] == 500

    [line] = [json.loads(one) for one in face.said.splitlines() if "UndefinedTable" in one]
    assert line["logging.googleapis.com/trace"] == f"projects/a-project/traces/{'a' * 32}"


async def test_a_service_ends_its_streams_before_it_ends(serve: Deploy, http: aiohttp.ClientSession) -> None:
    face = serve("jobs")
    await face.up(http)

    async with http.get(f"{face.url}/api/background/stream/progress") as stream:
        assert stream.status == 200
        await stream.content.readany()
        ending = asyncio.create_task(asyncio.to_thread(face.end))
        await stream.content.read()  # to its end, not to an error

    assert await ending < 4, face.said


async def test_a_service_without_a_database_says_so_and_does_not_start(serve: Deploy, database_dsn: str) -> None:
    face = serve("jobs", HEADRACE_DATABASE_URL=database_dsn.replace("/test_", "/nobody_"))

    assert await asyncio.to_thread(face.process.wait, 30) == 3

    assert "nobody_" in face.said
    assert "Traceback" not in face.said


async def test_a_service_with_a_setting_it_cannot_use_names_it(serve: Deploy) -> None:
    face = serve("jobs", HEADRACE_LEASE_SECONDS="soon")

    assert await asyncio.to_thread(face.process.wait, 30) == 3

    assert "HEADRACE_LEASE_SECONDS" in face.said
    assert "Traceback" not in face.said


async def test_a_service_that_cannot_open_for_a_reason_nobody_foresaw_does_not_go_on(serve: Deploy) -> None:
    face = serve("jobs", HEADRACE_DATA_DIR="/dev/null/folder", HEADRACE_LAKE_URL="")

    assert await asyncio.to_thread(face.process.wait, 30) == 3, face.said
