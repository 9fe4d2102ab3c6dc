"""A worker on a folder that nobody used yet says so, and leaves it as it was."""

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra.local.worker import NothingYet, work
from infra.runtime.configuration.settings import Settings, read_settings
from services.console.cli import app


def test_the_command_says_what_to_do_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEADRACE_DATABASE_URL", raising=False)

    done = CliRunner().invoke(app, ["worker", "--data-dir", str(tmp_path / "fresh")])

    said = " ".join(done.output.split())
    assert done.exit_code == 1
    assert "There is nothing to work on yet" in said
    assert "headrace up" in said
    assert not (tmp_path / "fresh").exists()


async def test_a_worker_with_a_database_of_its_own_needs_no_folder_that_was_used(
    tmp_path: Path, database_dsn: str
) -> None:
    settings = read_settings(database_url=database_dsn, data_dir=tmp_path / "fresh")
    working = asyncio.create_task(work(settings))
    try:
        async with asyncio.timeout(30):
            while not (tmp_path / "fresh" / "lake").exists() and not working.done():  # noqa: ASYNC110  # a folder sets no event
                await asyncio.sleep(0.02)
    finally:
        working.cancel()
        (outcome,) = await asyncio.gather(working, return_exceptions=True)

    assert isinstance(outcome, asyncio.CancelledError)


async def test_control_without_one_it_does(tmp_path: Path) -> None:
    with pytest.raises(NothingYet, match="holds no database"):
        await work(Settings(data_dir=tmp_path))
