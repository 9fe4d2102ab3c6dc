"""Directories of stopped servers: the template is made once, because the first start is the slow one."""

import asyncio
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.postgres.server import start


@pytest.fixture(scope="session")
def stopped_server() -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="headrace-template-"))

    async def make() -> None:
        await (await start(directory)).leave()

    asyncio.run(make())
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def data_dir(stopped_server: Path) -> Iterator[Path]:
    parent = Path(tempfile.mkdtemp(prefix="headrace-data-"))
    subprocess.run(["cp", "-a", str(stopped_server), str(parent / "with space")], check=True)
    yield parent / "with space"
    shutil.rmtree(parent)


@pytest.fixture
def empty_dir() -> Iterator[Path]:
    """Not below pytest's own folder: every starting pytest closes that to others, and under root that is PostgreSQL."""
    directory = Path(tempfile.mkdtemp(prefix="headrace-empty-"))
    yield directory
    shutil.rmtree(directory)
