"""Every adapter of the port Lake: one entry in ``ADAPTERS`` and the whole suite runs against it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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


ADAPTERS: dict[str, Callable[[Path], LakeAdapter]] = {"embedded": embedded}


@pytest.fixture(params=sorted(ADAPTERS))
def adapter(request: pytest.FixtureRequest, tmp_path: Path) -> LakeAdapter:
    return ADAPTERS[request.param](tmp_path)


@pytest.fixture
def lake(adapter: LakeAdapter) -> Any:
    return adapter.open()
