"""Where the stand-ins for paid services listen: addresses that belong to the data directory, whoever runs them."""

import contextlib
import os
import socket
import tempfile
from collections.abc import Mapping
from pathlib import Path

from infra.runtime.configuration.settings import Settings

STAND_INS: Mapping[str, tuple[str, str]] = {
    "bright_data": ("bright_data_api_url", "bright_data_api_token"),
    "firecrawl": ("firecrawl_api_url", "firecrawl_api_key"),
}
"""The bundled simulators, and the settings of the service each stands in for: its URL and what opens it."""


def stood_in(settings: Settings) -> list[str]:
    """Which simulators stand in: where neither URL nor token of the real one is set.

    Never where the profile is ``gcp``: there the real one refuses who has no token.
    """
    if settings.profile == "gcp":
        return []
    return [name for name, set_by in STAND_INS.items() if not any(getattr(settings, field) for field in set_by)]


def with_stand_in(settings: Settings) -> Settings:
    """The settings as they hold where bundled simulators stand in.

    Nothing needs to run there: whoever calls finds a provider that is away, and waits.
    """
    folder = settings.data_dir / "simulators"
    return settings.but(**{STAND_INS[name][0]: address(folder, name) for name in stood_in(settings)})


def address(folder: Path, name: str) -> str:
    """The address of a stand-in of this folder; the first who asks chooses it, for all and for good."""
    file = _file(folder, name)
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        draft = _draft(file, f"http://127.0.0.1:{_free_port()}")
        with contextlib.suppress(FileExistsError):
            file.hardlink_to(draft)
        draft.unlink()
    return file.read_text()


def move(folder: Path, name: str, url: str) -> None:
    """A stand-in listens elsewhere from now on: somebody else has its port."""
    file = _file(folder, name)
    _draft(file, url).replace(file)


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}.address"


def _draft(file: Path, text: str) -> Path:
    descriptor, path = tempfile.mkstemp(prefix=f"{file.name}.", dir=file.parent)
    with os.fdopen(descriptor, "w") as draft:
        draft.write(text)
    return Path(path)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
