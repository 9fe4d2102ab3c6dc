"""`headrace emulators`: the emulators alone, for any client of Google's."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree

import aiohttp
import pytest

from tests.e2e.conftest import HEADRACE, OURS

PROBES = {
    "PUBSUB_EMULATOR_HOST": "http://{}/v1/projects/local/topics",
    "STORAGE_EMULATOR_HOST": "{}/storage/v1/b",
    "BIGQUERY_EMULATOR_HOST": "{}/bigquery/v2/projects/local/datasets",
}


@pytest.fixture
def command(installed_emulators: None) -> Iterator[subprocess.Popen[str]]:
    folder = Path(tempfile.mkdtemp(prefix="headrace-emulators-command-"))
    clean = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    process = subprocess.Popen(
        [HEADRACE, "emulators", "--data-dir", folder],
        env=clean,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        yield process
        process.kill()
    rmtree(folder)


def exported(process: subprocess.Popen[str]) -> dict[str, str]:
    assert process.stdout is not None
    lines = [process.stdout.readline().strip() for _ in PROBES]
    return dict(line.removeprefix("export ").split("=", 1) for line in lines)


async def test_it_prints_the_variables_that_lead_to_them_and_takes_them_away_with_it(
    command: subprocess.Popen[str], http: aiohttp.ClientSession
) -> None:
    found = exported(command)
    assert found.keys() == PROBES.keys()
    for name, probe in PROBES.items():
        async with http.get(probe.format(found[name])) as answer:
            assert answer.status == 200

    command.send_signal(signal.SIGINT)

    assert command.wait(timeout=15) == 0
    for name, probe in PROBES.items():
        with pytest.raises(aiohttp.ClientConnectorError):
            await http.get(probe.format(found[name]))
