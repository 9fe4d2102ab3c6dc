"""Where the emulators of a data directory listen: they come back where they were, for others may know them."""

import os
import socket
import tempfile
from pathlib import Path

from infra.runtime.configuration.emulated import file, known, place


def remember(folder: Path, name: str, port: int) -> str:
    """Tell everybody who uses the folder; returns the address as its variable has it."""
    address = f"127.0.0.1:{port}" if name == "pubsub" else f"http://127.0.0.1:{port}"
    descriptor, draft = tempfile.mkstemp(prefix=f"{name}.address.", dir=folder)
    with os.fdopen(descriptor, "w") as written:
        written.write(address)
    Path(draft).replace(file(folder, name))
    return address


def same_port(folder: Path, name: str) -> int:
    """The port it had here, if nobody took it meanwhile, else a free one."""
    before = known(folder).get(name)
    return (_free(place(before)[1]) if before else None) or free_port()


def free_port() -> int:
    """One that nobody listens on."""
    found = _free(0)
    assert found is not None  # noqa: S101  # any port is asked for
    return found


def _free(port: int) -> int | None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return None
        return int(probe.getsockname()[1])
