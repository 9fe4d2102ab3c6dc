"""How many processes a stack may have, by its settings and by the server's connections."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from infra.local.workers import Workers, workers
from infra.runtime.configuration.settings import read_settings
from infra.runtime.runtime import open_runtime


@pytest.fixture
async def limited(database_dsn: str, tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    async with AsyncExitStack() as stack:

        async def made(**settings: object) -> Workers:
            wanted = read_settings(database_url=database_dsn, data_dir=tmp_path, **settings)
            return await workers(await stack.enter_async_context(open_runtime(wanted)))

        yield made


@pytest.mark.parametrize("most", [1, 3])
async def test_there_are_as_many_as_the_setting_allows(limited: Callable[..., Any], most: int) -> None:
    with capture_logs() as logs:
        assert (await limited(max_workers=most)).most == most

    assert logs == []


async def test_without_the_setting_there_is_one_a_processor(limited: Callable[..., Any]) -> None:
    assert (await limited(database_pool=2)).most == os.cpu_count()


async def test_there_are_never_more_than_the_server_has_connections_for(limited: Callable[..., Any]) -> None:
    with capture_logs() as logs:
        found = await limited(max_workers=64, database_pool=30)

    assert found.most < 64
    [warning] = [line for line in logs if "HEADRACE_DATABASE_POOL" in line["event"]]
    assert (warning["wished"], warning["possible"]) == (64, found.most)


async def test_who_wished_for_nothing_is_not_told_of_a_wish(limited: Callable[..., Any]) -> None:
    with capture_logs() as logs:
        assert (await limited(database_pool=100)).most == 1

    assert logs == []
