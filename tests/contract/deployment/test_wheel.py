"""What the image starts works from an installed wheel, outside the tree."""

import asyncio
import contextlib
import json
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from tests.contract.deployment.wheelhouse import ROOT, House, deployed_command
from tests.ports import kept_port

DEADLINE_SECONDS = 40.0
TOPOLOGY = json.loads((ROOT / "schemas/generated/topology.json").read_text())


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with tempfile.TemporaryDirectory(prefix="headrace-wheel-") as folder:
        yield House(Path(folder))


@asynccontextmanager
async def started(house: House, command: list[str], port: int, dsn: str) -> AsyncIterator[aiohttp.ClientSession]:
    """A process of the image; inside the block it answers /livez."""
    environment = house.environment(HEADRACE_DATABASE_URL=dsn, PORT=str(port), HOST="127.0.0.1")
    process = await asyncio.create_subprocess_exec(*house.command(*command), cwd=house.app, env=environment)
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            async with asyncio.timeout(DEADLINE_SECONDS):
                while process.returncode is None and not await alive(session):  # noqa: ASYNC110  # another process
                    await asyncio.sleep(0.1)
            assert process.returncode is None, "it ended by itself"
            yield session
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await asyncio.wait_for(process.wait(), timeout=10)


async def alive(session: aiohttp.ClientSession) -> bool:
    with contextlib.suppress(aiohttp.ClientError):
        async with session.get("/livez") as answer:
            return answer.status == 200
    return False


def local(command: list[str], port: int) -> list[str]:
    """The command on loopback and a port of the test's own."""
    return [{"0.0.0.0": "127.0.0.1", "8080": str(port)}.get(one, one) for one in command]


def test_the_wheel_is_what_runs(house: House) -> None:
    place = house.run("python", "-P", "-c", "import infra, functions; print(infra.__file__, functions.__file__)")
    assert str(house.app.parent) in place.stdout
    assert str(ROOT) not in place.stdout
    assert "migrate" in house.run("headrace", "--help").stdout


def test_the_wheel_brings_what_is_read_at_run_time(house: House, database_dsn: str) -> None:
    done = house.run("headrace", "migrate", HEADRACE_DATABASE_URL=database_dsn)
    assert done.returncode == 0, done.stderr
    assert not list(house.app.parent.glob("venv/lib/python*/site-packages/infra/terraform"))


@pytest.mark.parametrize("name", TOPOLOGY["services"])
async def test_a_face_answers(house: House, database_dsn: str, name: str) -> None:
    port = kept_port()
    async with (
        started(house, local(deployed_command("face", name), port), port, database_dsn) as session,
        session.get("/readyz") as answer,
    ):
        assert answer.status == 200, await answer.text()


@pytest.mark.parametrize("name", ["sweep", "store_snapshot"])
async def test_a_function_takes_a_doorbell(house: House, database_dsn: str, name: str) -> None:
    port = kept_port()
    async with (
        started(house, local(deployed_command("function", name), port), port, database_dsn) as session,
        session.post("/", data=b"{}") as answer,
    ):
        assert answer.status == 204, await answer.text()


async def test_control_a_function_that_is_not_there_does_not_start(house: House, database_dsn: str) -> None:
    port = kept_port()
    with pytest.raises(AssertionError, match="ended by itself"):
        async with started(house, local(deployed_command("function", "swap"), port), port, database_dsn):
            pass
