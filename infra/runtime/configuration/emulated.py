"""Which emulators a process uses: those that are named, else those that run for its data directory."""

import socket
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

from infra.runtime.configuration.settings import Settings, variable
from schemas.problem import Problem

EMULATORS = ("pubsub", "storage", "bigquery")
_PATIENCE = 2.0  # seconds for a connection


class EmulatorsAway(Problem):
    """An emulator does not answer, or none runs for this data directory and none is named."""

    code: ClassVar[str] = "EMULATORS_AWAY"
    status: ClassVar[int] = 503
    title: ClassVar[str] = "An emulator does not answer"
    recovery: ClassVar[str] = (
        "Start `headrace up --profile emulators` on this HEADRACE_DATA_DIR first, or correct the variable named here."
    )


def with_emulators(settings: Settings) -> Settings:
    """The settings with the emulators that run for this data directory, where none is named.

    They must answer: Google's clients would ask a dead one for minutes. Raises ``EmulatorsAway``.
    """
    there = known(settings.data_dir / "emulators")
    fields = {f"{name}_emulator_host": name for name in needed(settings)}
    found = {field: getattr(settings, field) or there.get(name) for field, name in fields.items()}
    must_answer({name: found[field] for field, name in fields.items()})
    return settings.but(**found)


def must_answer(hosts: Mapping[str, str | None]) -> None:
    """Make sure that somebody listens at each of these, by the emulators' names. Raises ``EmulatorsAway``."""
    silent = {variable(f"{name}_emulator_host"): host for name, host in hosts.items() if not answers(host)}
    if silent:
        told = (f"{name}={host}" if host else f"{name} is not set" for name, host in silent.items())
        raise EmulatorsAway(", ".join(told))


def needed(settings: Settings) -> list[str]:
    """The emulators that these places need, by name."""
    if settings.profile != "emulators":
        return []
    in_google = {
        "pubsub": True,
        "storage": (settings.lake_url or "").startswith("gs:"),
        "bigquery": (settings.warehouse_url or "").startswith("bq:"),
    }
    return [name for name in EMULATORS if in_google[name]]


def known(folder: Path) -> dict[str, str]:
    """The addresses of those that run, or ran, for this folder, by name."""
    files = {name: file(folder, name) for name in EMULATORS}
    return {name: path.read_text() for name, path in files.items() if path.exists()}


def file(folder: Path, name: str) -> Path:
    """Where the address of an emulator is told."""
    return folder / f"{name}.address"


def place(address: str) -> tuple[str, int]:
    """Host and port of an address with or without a scheme."""
    parts = urlsplit(address if "//" in address else f"//{address}")
    return parts.hostname or "", parts.port or 0


def answers(address: str | None) -> bool:
    """Whether somebody listens there."""
    if not address:
        return False
    try:
        socket.create_connection(place(address), timeout=_PATIENCE).close()
    except OSError:
        return False
    return True
