import socket
from pathlib import Path
from typing import Any

import pytest

from infra.local.doctor import Finding, examine
from infra.local.emulators import package
from infra.runtime.configuration.settings import read_settings


def findings(data_dir: Path, **given: object) -> dict[str, Finding]:
    settings = read_settings(**{"data_dir": data_dir, "port": 0, **given})
    return {finding.what: finding for finding in examine(settings)}


def broken(found: dict[str, Finding]) -> list[str]:
    return [what for what, finding in found.items() if finding.fix]


def test_where_everything_is_there_nothing_is_to_be_fixed(tmp_path: Path) -> None:
    assert broken(findings(tmp_path / "new")) == []


def test_a_variable_that_sets_nothing_is_named_with_what_may_be_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_PROT", "CANARY")
    monkeypatch.setenv("HEADRACE_LOG_LEVEL", "DEBUG")
    found = findings(tmp_path)

    assert broken(found) == ["variables"]
    assert found["variables"].found.endswith(
        ": HEADRACE_LOG_LEVEL, perhaps BACKGROUND_LOG_LEVEL is meant; HEADRACE_PROT, perhaps HEADRACE_PORT is meant"
    )


def test_a_taken_port_is_named_with_the_setting_that_helps(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        found = findings(tmp_path, port=other.getsockname()[1])

    assert broken(found) == ["port"]
    assert "HEADRACE_PORT" in found["port"].fix


@pytest.mark.parametrize(
    ("given", "what", "fix"),
    [
        ({"host": "0.0.0.0"}, "address", "HEADRACE_HOST"),
        ({"chromium": Path("/nowhere/chrome")}, "Chromium", "HEADRACE_CHROMIUM"),
        ({"database_url": "postgresql://me:CANARY@127.0.0.1:1/x"}, "PostgreSQL", "HEADRACE_DATABASE_URL"),
        ({"database_url": "CANARY"}, "PostgreSQL", "HEADRACE_DATABASE_URL"),
    ],
)
def test_what_is_wrong_comes_with_a_way_out_and_without_secrets(
    tmp_path: Path, given: dict[str, Any], what: str, fix: str
) -> None:
    found = findings(tmp_path, **given)

    assert broken(found) == [what]
    assert fix in found[what].fix
    assert "CANARY" not in str(found)


def test_a_data_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    found = findings(tmp_path / "file" / "data")

    assert broken(found) == ["data directory"]
    assert "HEADRACE_DATA_DIR" in found["data directory"].fix


def test_a_file_in_place_of_the_data_directory_is_called_one(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert "file is not a directory" in findings(tmp_path / "file")["data directory"].found


def test_a_full_disk_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.local.doctor.ROOM", 1 << 60)

    assert broken(findings(tmp_path)) == ["data directory"]


def test_it_says_when_crawls_would_cost_money(tmp_path: Path) -> None:
    assert "simulator" in findings(tmp_path)["Bright Data"].found
    assert "cost money" in findings(tmp_path, bright_data_api_token="any")["Bright Data"].found
    assert "simulator" in findings(tmp_path, bright_data_api_token="any")["Firecrawl"].found
    assert "cost money" in findings(tmp_path, firecrawl_api_key="any")["Firecrawl"].found


def test_it_says_which_places_the_profile_chose(tmp_path: Path) -> None:
    assert "gs://headrace" in findings(tmp_path, profile="emulators")["profile"].found
    assert "folders" in findings(tmp_path)["profile"].found


def test_emulators_are_looked_for_where_the_profile_needs_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "FOLDER", tmp_path / "nothing")
    found = findings(tmp_path, profile="emulators", pubsub_emulator_host=None)

    assert broken(found) == ["emulators"]
    assert "headrace emulators --install" in found["emulators"].fix
    assert broken(findings(tmp_path)) == []


def test_an_emulator_that_does_not_answer_is_named(tmp_path: Path) -> None:
    found = findings(tmp_path, profile="emulators", storage_emulator_host="http://127.0.0.1:1")

    assert broken(found) == ["emulators"]
    assert "STORAGE_EMULATOR_HOST=http://127.0.0.1:1" in found["emulators"].found


def test_an_emulator_beside_google_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", "127.0.0.1:1")

    assert broken(findings(tmp_path, profile="gcp")) == ["profile"]
