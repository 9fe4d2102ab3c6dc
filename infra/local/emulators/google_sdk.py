"""What Google's Pub/Sub emulator needs of this machine: a gcloud SDK that has it, and Java."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from infra.local.emulators.package import EmulatorMissing

_JAR = "platform/pubsub-emulator/lib/cloud-pubsub-emulator-*-all.jar"
_SDKS = ("/usr/lib", "/usr/local", "/opt", "/usr/share", "/opt/homebrew/share", "/snap/google-cloud-cli/current", "~")


class PubSubEmulatorMissing(EmulatorMissing):
    """Google's Pub/Sub emulator is not there, or no Java to run it."""

    code: ClassVar[str] = "PUBSUB_EMULATOR_MISSING"
    recovery: ClassVar[str] = (
        "Install Java (apt-get install default-jre-headless) and run `gcloud components install pubsub-emulator`"
        " (or apt-get install google-cloud-cli-pubsub-emulator), or set PUBSUB_EMULATOR_HOST."
    )


def jar() -> Path:
    """Google's Pub/Sub emulator of the newest version that is there. Raises ``PubSubEmulatorMissing``."""
    found = sorted((path for sdk in _sdks() for path in sdk.glob(_JAR)), key=_version)
    if not found:
        raise PubSubEmulatorMissing("No gcloud SDK with a Pub/Sub emulator was found")
    return found[-1]


def java() -> str:
    """The program that runs it. Raises ``PubSubEmulatorMissing``."""
    found = shutil.which("java")
    if found is None:
        raise PubSubEmulatorMissing("There is no program java")
    return found


def _version(path: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", path.name)]


def _sdks() -> Iterator[Path]:
    if (gcloud := shutil.which("gcloud")) is not None:
        yield Path(gcloud).resolve().parents[1]
    for place in _SDKS:
        yield Path(place).expanduser() / "google-cloud-sdk"
