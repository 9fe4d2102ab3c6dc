"""The demo through Google's clients: the same three crawls, the same proofs."""

import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree

import pytest

from tests.e2e.test_demo import run


@pytest.fixture(scope="module")
def demo(installed_emulators: None) -> Iterator[subprocess.CompletedProcess[str]]:
    made = Path(tempfile.mkdtemp(prefix="headrace-demo-"))
    made.chmod(0o755)
    yield run(made / "data", "demo", "--profile", "emulators")
    rmtree(made)


def test_it_ends_well_and_by_itself(demo: subprocess.CompletedProcess[str]) -> None:
    assert (demo.returncode, demo.stderr) == (0, "")
    assert "Everything is as it should be" in demo.stdout


def test_what_is_stored_is_in_cloud_storage(demo: subprocess.CompletedProcess[str]) -> None:
    assert len(re.findall(r"bytes of NDJSON in gs://headrace/", demo.stdout)) == 3
    assert "file://" not in demo.stdout


def test_the_rows_come_from_bigquery(demo: subprocess.CompletedProcess[str]) -> None:
    assert re.findall(r"^(\S+) +(1,200|2,400|3,600) +[\d,]+$", demo.stdout, re.MULTILINE) == [
        ("old-harbour", "3,600"),
        ("river-works", "2,400"),
        ("north-mill", "1,200"),
    ]
