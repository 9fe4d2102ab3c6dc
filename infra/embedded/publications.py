"""Which rows of a table are visible: the sum of its markers, each a small file that never changes."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from infra.embedded.draft import write_once


class Visible(NamedTuple):
    """Rows to show: of one key (a crawl, a batch), one attempt, in one file."""

    key: str
    attempt: int
    path: str


class Publications:
    """The markers and files of one table, shared by every process. Every method blocks.

    Markers only ever add up (the highest attempt wins, withdrawn is for good), so their order does not matter.
    Both they and finished files never change, so each is read once a process.
    """

    def __init__(self, root: Path, table: str) -> None:
        self._root = root
        self.folder = root / table
        self._markers: set[str] = set()
        self._newest: dict[str, int] = {}
        self._withdrawn: set[str] = set()
        self._files: dict[str, Mapping[str, tuple[int, int]]] = {}
        self._lock = Lock()

    def publish(self, attempts: Mapping[str, int]) -> None:
        """Show these attempts instead of lower ones, all at once."""
        self._mark({"attempts": dict(sorted(attempts.items()))})

    def withdraw(self, keys: Iterable[str]) -> None:
        """Hide every attempt of these keys, also those yet to come."""
        self._mark({"withdrawn": sorted(keys)})

    def visible(self) -> list[Visible]:
        """What can be seen now, one file a key."""
        with self._lock:
            # Markers first: a marker is written after its files, so the files of each marker are found then.
            self._read_markers()
            self._read_files()
            shown: dict[str, Visible] = {}
            for path, held in sorted(self._files.items()):
                for key, (attempt, _) in held.items():
                    if self._newest.get(key) == attempt and key not in self._withdrawn:
                        # A repeated load under another id holds the same rows again: the first file stands for both.
                        shown.setdefault(key, Visible(key, attempt, path))
            return list(shown.values())

    def _mark(self, content: Mapping[str, object]) -> None:
        text = json.dumps(content, separators=(",", ":")).encode()
        write_once(self._root, self.folder / "published" / f"{hashlib.sha256(text).hexdigest()}.json", text)

    def _read_markers(self) -> None:
        for path in (self.folder / "published").glob("*.json"):
            if path.name not in self._markers:
                marker = json.loads(path.read_bytes())
                for key, attempt in marker.get("attempts", {}).items():
                    self._newest[key] = max(attempt, self._newest.get(key, 0))
                self._withdrawn.update(marker.get("withdrawn", []))
                self._markers.add(path.name)

    def _read_files(self) -> None:
        from infra.embedded.parquet import contents  # noqa: PLC0415  # pyarrow takes long to load

        for path in self.folder.glob("*.parquet"):
            if str(path) not in self._files:
                self._files[str(path)] = contents(path)
