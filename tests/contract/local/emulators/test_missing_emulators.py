"""What is missing is named, with the command that installs it."""

import asyncio
import shutil
from pathlib import Path

import pytest

from infra.local.emulators import child, emulators, google_sdk, install, package
from infra.local.emulators.child import EmulatorFailed, Program, started
from infra.local.emulators.google_sdk import PubSubEmulatorMissing, jar
from infra.local.emulators.package import EmulatorMissing, InstallationFailed, Package


@pytest.fixture
def nothing_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(package, "FOLDER", tmp_path / ".emulators")
    return tmp_path


async def test_an_environment_that_is_not_there_is_named_with_what_makes_it(nothing_installed: Path) -> None:
    with pytest.raises(EmulatorMissing) as missing:
        async with emulators(nothing_installed, wanted={"storage"}, given={}):
            pass

    assert "storage" in missing.value.detail
    assert "headrace emulators --install" in missing.value.recovery


def test_an_environment_of_an_older_lock_file_counts_as_missing(nothing_installed: Path) -> None:
    one = Package("storage")
    one.folder.mkdir(parents=True)
    (one.folder / ".installed").write_text("of an older file")
    assert not one.installed()

    (one.folder / ".installed").write_text(one._stamp())
    assert one.installed()


@pytest.mark.parametrize("program", ["java", "gcloud"])
def test_google_s_own_emulator_is_never_installed_only_asked_for(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(google_sdk, "_SDKS", ())
    monkeypatch.setattr(shutil, "which", lambda name: None)

    with pytest.raises(PubSubEmulatorMissing) as missing:
        asyncio.run(install({"pubsub"}))

    assert "gcloud components install pubsub-emulator" in missing.value.recovery
    assert "PUBSUB_EMULATOR_HOST" in missing.value.recovery


def test_the_newest_of_several_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(google_sdk, "_SDKS", (str(tmp_path),))
    monkeypatch.setattr(shutil, "which", lambda name: None)
    folder = tmp_path / "google-cloud-sdk/platform/pubsub-emulator/lib"
    folder.mkdir(parents=True)
    for version in ("0.8.9", "0.8.20", "0.8.3"):
        (folder / f"cloud-pubsub-emulator-{version}-all.jar").touch()

    assert jar().name == "cloud-pubsub-emulator-0.8.20-all.jar"


async def test_what_cannot_be_installed_says_why(nothing_installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InstallationFailed, match=r"Python 1\.5 only"):
        await Package("local-bigquery", version=(1, 5)).install()


async def test_one_that_ends_at_once_is_told_with_its_last_words(tmp_path: Path) -> None:
    program = Program(name="odd", command=["sh", "-c", "echo no room left; exit 3"], probe="http://127.0.0.1:9/")

    with pytest.raises(EmulatorFailed, match="odd ended with 3: no room left"):
        async with started(program, tmp_path):
            pass


async def test_one_that_never_answers_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "READY_SECONDS", 0.3)
    program = Program(name="mute", command=["sleep", "60"], probe="http://127.0.0.1:9/")

    with pytest.raises(EmulatorFailed, match="mute did not answer"):
        async with started(program, tmp_path):
            pass
