"""Which emulators a process of a data directory uses."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.emulators.addresses import remember, same_port
from infra.runtime.configuration.emulated import EmulatorsAway, with_emulators
from infra.runtime.configuration.settings import Settings, read_settings


@pytest.fixture
def listening() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def given(data_dir: Path, **hosts: str) -> Settings:
    return read_settings(profile="emulators", data_dir=data_dir, **hosts)


def told(data_dir: Path, port: int) -> Path:
    folder = data_dir / "emulators"
    folder.mkdir()
    remember(folder, "pubsub", port)
    return folder


def test_one_that_runs_for_the_directory_is_found(tmp_path: Path, listening: int) -> None:
    told(tmp_path, listening)

    assert with_emulators(given(tmp_path)).pubsub_emulator_host == f"127.0.0.1:{listening}"


def test_one_that_is_named_wins(tmp_path: Path, listening: int) -> None:
    told(tmp_path, 1)

    host = f"localhost:{listening}"
    assert with_emulators(given(tmp_path, pubsub_emulator_host=host)).pubsub_emulator_host == host


def test_without_any_it_is_told_what_to_start(tmp_path: Path) -> None:
    with pytest.raises(EmulatorsAway) as away:
        with_emulators(given(tmp_path))

    assert "PUBSUB_EMULATOR_HOST is not set" in away.value.detail
    assert "headrace up --profile emulators" in away.value.recovery


def test_one_that_does_not_answer_is_named_at_once_instead_of_asked_for_minutes(tmp_path: Path, listening: int) -> None:
    told(tmp_path, listening)

    with pytest.raises(EmulatorsAway, match=r"PUBSUB_EMULATOR_HOST=127\.0\.0\.1:1\b"):
        with_emulators(given(tmp_path, pubsub_emulator_host="127.0.0.1:1"))


def test_what_is_embedded_needs_none(tmp_path: Path) -> None:
    settings = read_settings(data_dir=tmp_path)

    assert with_emulators(settings) == settings


def test_a_port_is_kept_while_it_is_free(tmp_path: Path, listening: int) -> None:
    folder = told(tmp_path, listening)
    assert same_port(folder, "pubsub") != listening

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    remember(folder, "pubsub", free)
    assert same_port(folder, "pubsub") == free
