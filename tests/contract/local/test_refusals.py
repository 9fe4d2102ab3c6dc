"""What cannot be meant ends the program before anything is made or opened."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEADRACE = Path(sys.executable).with_name("headrace")
GOOGLE = {
    "GOOGLE_CLOUD_PROJECT": "acme-1",
    "HEADRACE_DATABASE_URL": "postgresql://127.0.0.1:1/none",
    "HEADRACE_LAKE_URL": "gs://acme-lake",
    "HEADRACE_WAREHOUSE_URL": "bq://acme-1.headrace",
}
HOSTS = {
    "PUBSUB_EMULATOR_HOST": "127.0.0.1:1",
    "STORAGE_EMULATOR_HOST": "http://127.0.0.1:1",
    "BIGQUERY_EMULATOR_HOST": "http://127.0.0.1:1",
}


def up(data_dir: Path, *profile: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return headrace(data_dir, "up", *profile, **variables)


def headrace(data_dir: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HEADRACE_")}
    given = {**kept, "HEADRACE_DATA_DIR": str(data_dir), "HEADRACE_PORT": "0", **variables}
    return subprocess.run([HEADRACE, *words], env=given, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("name", HOSTS)
def test_an_emulator_beside_the_profile_gcp_is_refused(tmp_path: Path, name: str) -> None:
    done = up(tmp_path / "data", "--profile", "gcp", **GOOGLE, **{name: HOSTS[name]})

    assert (done.returncode, done.stdout) == (2, "")
    assert name in done.stderr
    assert "HEADRACE_PROFILE=emulators" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["worker", "demo", "topology", "migrate", "key list", "query x"])
def test_every_command_refuses_it(tmp_path: Path, command: str) -> None:
    done = headrace(tmp_path / "data", *command.split(), HEADRACE_PROFILE="gcp", PUBSUB_EMULATOR_HOST="127.0.0.1:1")

    assert (done.returncode, done.stdout) == (2, "")
    assert "PUBSUB_EMULATOR_HOST" in done.stderr


def test_google_s_places_must_all_be_named(tmp_path: Path) -> None:
    done = up(tmp_path / "data", "--profile", "gcp")

    assert done.returncode == 2
    assert all(name in done.stderr for name in GOOGLE)


def test_control_with_all_of_them_and_no_emulator_it_goes_on_to_the_database(tmp_path: Path) -> None:
    done = up(tmp_path / "data", "--profile", "gcp", **GOOGLE)

    assert done.returncode == 1
    assert "EMULATOR" not in done.stderr
    assert "HEADRACE_DATABASE_URL" in done.stderr


@pytest.mark.parametrize("name", HOSTS)
def test_an_emulator_that_is_named_and_does_not_answer_is_told_before_others_start(tmp_path: Path, name: str) -> None:
    done = up(tmp_path / "data", "--profile", "emulators", **{name: HOSTS[name]})

    assert done.returncode == 1
    assert f"{name}={HOSTS[name]}" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "data/emulators").exists()
