"""Calls that hang at Google keep nothing waiting but more calls to the same product."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from infra.embedded.lake import Lake
from infra.gcp.bigquery import BigQueryWarehouse
from infra.gcp.bigquery import connection as bigquery
from infra.gcp.storage import StorageLake
from infra.gcp.storage import bucket as requests
from infra.gcp.threads import MOST, Threads
from schemas.tables import warehouse_tables

HUNG = 32  # more than asyncio itself has threads anywhere
PATIENCE = 5.0


@asynccontextmanager
async def silence() -> AsyncIterator[str]:
    """The URL of somebody who takes calls and answers none until the block ends."""
    writers: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: writers.append(writer), "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()


def storage(url: str, folder: Path) -> tuple[Any, Callable[[], Awaitable[object]]]:
    lake = StorageLake("hung", emulator=url)
    return lake, lambda: lake.stat("a")


def warehouse(url: str, folder: Path) -> tuple[Any, Callable[[], Awaitable[object]]]:
    found: Any = BigQueryWarehouse("hung", "hung", Lake(folder), warehouse_tables(), emulator=url)
    return found, lambda: found.query("SELECT 1")


@asynccontextmanager
async def emptiness() -> AsyncIterator[tuple[str, set[object]]]:
    """The URL of somebody who has nothing, and says so once as many ask as there are threads; with who called."""
    all_here, callers = asyncio.Barrier(MOST), set[object]()

    async def answer(request: web.Request) -> web.Response:
        assert request.transport is not None
        callers.add(request.transport.get_extra_info("peername"))
        if request.method == "POST":  # a bucket that is there already
            return web.json_response({"error": {"code": 409, "message": "there"}}, status=409)
        await all_here.wait()
        return web.json_response({"error": {"code": 404, "message": "nothing"}}, status=404)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", callers
    finally:
        await runner.cleanup()


def dataset(url: str, folder: Path) -> tuple[Any, Callable[[], Awaitable[object]]]:
    threads = Threads("dataset")
    line = bigquery.Connection("hung", url, threads)
    return threads, lambda: line.call(line.client.get_dataset, "hung")


async def one(*blocks: bytes) -> AsyncIterator[bytes]:
    for block in blocks:
        yield block


@pytest.mark.parametrize("opened", [storage, warehouse])
async def test_calls_that_hang_stop_neither_files_nor_look_ups_nor_parsing(
    opened: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(requests._ASKING, "retry", requests._ASKING["retry"].with_timeout(0.1))
    monkeypatch.setattr(bigquery, "CALL_SECONDS", 2.0)
    files = Lake(tmp_path / "files")
    async with silence() as url:
        adapter, ask = opened(url, tmp_path)
        hung = [asyncio.create_task(ask()) for _ in range(HUNG)]  # type: ignore[arg-type]  # a coroutine
        await asyncio.sleep(0.2)

        async with asyncio.timeout(PATIENCE):
            await files.create("a", one(b"1"))
            await asyncio.get_running_loop().getaddrinfo("localhost", 80)
            assert await asyncio.to_thread(int, "1") == 1
        assert not any(task.done() for task in hung)
        adapter.close()
    await asyncio.gather(*hung, return_exceptions=True)


@pytest.mark.parametrize("opened", [storage, dataset])
async def test_threads_call_again_on_the_connections_they_have(opened: Callable[..., Any], tmp_path: Path) -> None:
    async with emptiness() as (url, callers):
        adapter, ask = opened(url, tmp_path)
        for _ in range(3):
            async with asyncio.timeout(PATIENCE):
                await asyncio.gather(*(ask() for _ in range(MOST)), return_exceptions=True)
        adapter.close()

    assert len(callers) == MOST


async def test_a_product_has_so_many_threads_and_no_more() -> None:
    threads, go = Threads("bounded"), threading.Event()
    waiting = [asyncio.create_task(threads.run(go.wait)) for _ in range(2 * MOST)]
    await asyncio.sleep(0)
    try:
        assert len(named("bounded")) == MOST
    finally:
        go.set()
        assert all(await asyncio.gather(*waiting))
        threads.close()


async def test_closed_it_takes_nothing_more_and_its_threads_end() -> None:
    threads = Threads("closing")
    await threads.run(int)

    threads.close()

    with pytest.raises(RuntimeError):
        await threads.run(int)
    async with asyncio.timeout(PATIENCE):
        while named("closing"):  # noqa: ASYNC110  # a thread sets no Event at its end
            await asyncio.sleep(0.01)


def named(product: str) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith(product)]
