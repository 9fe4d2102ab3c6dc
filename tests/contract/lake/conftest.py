"""Every adapter of the port Lake: one entry in ``ADAPTERS`` and the whole suite runs against it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest


@dataclass(frozen=True)
class LakeAdapter:
    """``code`` is Python that leaves the adapter in ``lake``: run here, and in processes that are killed."""

    code: str

    def open(self) -> Any:
        names: dict[str, Any] = {}
        exec(self.code, names)  # the same text must also run in another process
        return names["lake"]


def embedded(folder: Path) -> LakeAdapter:
    return LakeAdapter(
        f"from pathlib import Path\nfrom infra.embedded.lake import Lake\nlake = Lake(Path({str(folder / 'lake')!r}))\n"
    )


def storage(emulator: str, **more: Any) -> LakeAdapter:
    """A folder of its own in a bucket of the emulator at this address."""
    given = {"prefix": f"test-{uuid4().hex}", "emulator": emulator, **more}
    return LakeAdapter(f"from infra.gcp.storage import StorageLake\nlake = StorageLake('lake-suite', **{given!r})\n")


@pytest.fixture
def embedded_adapter(tmp_path: Path) -> LakeAdapter:
    return embedded(tmp_path)


@pytest.fixture
def storage_adapter(storage_emulator: str) -> LakeAdapter:
    return storage(storage_emulator)


@pytest.fixture
def storage_in_pieces_adapter(storage_emulator: str) -> LakeAdapter:
    """Every object of more than 256 KiB takes the long way."""
    return storage(storage_emulator, chunk_bytes=1 << 18)


ADAPTERS = ("embedded", "storage", "storage_in_pieces")


@pytest.fixture(params=ADAPTERS)
def adapter(request: pytest.FixtureRequest) -> LakeAdapter:
    found: LakeAdapter = request.getfixturevalue(f"{request.param}_adapter")
    return found


@pytest.fixture
def lake(adapter: LakeAdapter) -> Any:
    return adapter.open()
