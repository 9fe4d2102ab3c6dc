"""An append-only journal of what happened, which survives a kill -9 of the simulator."""

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from infra.local.simulators.scripted import Fault


class Journal:
    """Every change is one event, written before it is applied: by the method ``_on_`` and its kind."""

    def __init__(self, path: Path | None = None) -> None:
        self._uses: Counter[tuple[str, str]] = Counter()
        self._file: int | None = None
        if path is not None:
            for event in _read(path):
                self._apply(event)
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            os.write(self._file, b"\n")  # ends the half line a lost machine may have left

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def use(self, owner: str, fault: Fault) -> bool:
        """Whether a fault may happen once more to this owner; if so that is entered."""
        if fault.times is None:
            return True
        if self._uses[owner, fault.text] >= fault.times:
            return False
        self._note(kind="used", owner=owner, fault=fault.text)
        return True

    def _on_used(self, event: Mapping[str, Any]) -> None:
        self._uses[event["owner"], event["fault"]] += 1

    def _note(self, **event: Any) -> None:
        line = json.dumps(event, ensure_ascii=False, separators=(",", ":")) + "\n"
        if self._file is not None:
            os.write(self._file, line.encode())  # one write a line: a kill leaves whole lines
        self._apply(event)

    def _apply(self, event: Mapping[str, Any]) -> None:
        getattr(self, f"_on_{event['kind']}")(event)


def _read(path: Path) -> Iterator[dict[str, Any]]:
    if not path.exists():
        return
    for line in path.read_bytes().split(b"\n"):
        with suppress(ValueError):  # empty, or half a line
            yield json.loads(line)
