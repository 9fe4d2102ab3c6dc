"""Where the stand-in for a paid provider listens: an address that belongs to the data directory, whoever runs it."""

import contextlib
import os
import socket
import tempfile
from pathlib import Path

from infra.runtime.configuration.settings import Settings


def with_stand_in(settings: Settings) -> Settings:
    """The settings as they hold where the bundled simulator stands in: with neither URL nor token of the real one.

    Never where the profile is ``gcp``: there the real one refuses who has no token.
    Nothing needs to run there: whoever calls finds a provider that is away, and waits.
    """
    if settings.profile == "gcp" or settings.bright_data_api_url or settings.bright_data_api_token:
        return settings
    return settings.model_copy(update={"bright_data_api_url": address(settings.data_dir / "simulators")})


def address(folder: Path) -> str:
    """The stand-in's address in this folder; the first who asks chooses it, for all and for good."""
    file = _file(folder)
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        draft = _draft(folder, f"http://127.0.0.1:{_free_port()}")
        with contextlib.suppress(FileExistsError):
            file.hardlink_to(draft)
        draft.unlink()
    return file.read_text()


def move(folder: Path, url: str) -> None:
    """The stand-in listens elsewhere from now on: somebody else has its port."""
    _draft(folder, url).replace(_file(folder))


def _file(folder: Path) -> Path:
    return folder / "bright_data.address"


def _draft(folder: Path, text: str) -> Path:
    descriptor, path = tempfile.mkstemp(prefix="bright_data.address.", dir=folder)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    return Path(path)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
