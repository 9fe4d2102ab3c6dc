"""Settings on their way to another process."""

from pathlib import Path
from typing import Any

import pytest

from infra.runtime.configuration.settings import Settings, read_settings
from infra.runtime.configuration.variables import defaults, environment


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for one in defaults():
        monkeypatch.delenv(one.name, raising=False)


def handed_over(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
    return read_settings()


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"max_workers": 3, "poll_interval": 0.25, "polling_enabled": False, "port": 0},
        {"database_url": "postgresql://me:CANARY@db/x", "bright_data_api_token": "CANARY"},
        {"public_url": "https://a.example", "log_level": "DEBUG"},
        {"profile": "emulators", "lake_url": "gs://lake/a", "pubsub_emulator_host": "127.0.0.1:8085"},
    ],
)
def test_another_process_has_the_same_settings(monkeypatch: pytest.MonkeyPatch, given: dict[str, Any]) -> None:
    settings = read_settings(data_dir=Path("/data"), **given)

    assert handed_over(settings, monkeypatch) == settings


def test_a_relative_directory_is_the_same_one_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert environment(read_settings(data_dir=Path("here")))["HEADRACE_DATA_DIR"] == str(tmp_path / "here")


def test_what_is_as_usual_is_not_said() -> None:
    assert environment(read_settings(data_dir=Path(".headrace"))) == {}
