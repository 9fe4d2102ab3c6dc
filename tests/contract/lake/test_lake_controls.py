"""The suite itself is tested: a lake that breaks a promise must fail the sentence about it."""

import importlib.util
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from infra.embedded.lake import Lake


class Careless(Lake):
    """Writes straight to the final name, over what is there."""

    async def create(self, name: str, blocks: AsyncIterator[bytes]) -> Any:
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            async for block in blocks:
                file.write(block)
        return await self.stat(name)


@pytest.fixture(scope="module")
def suite() -> ModuleType:
    spec = importlib.util.spec_from_file_location("lake_suite", Path(__file__).with_name("test_lake.py"))
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "sentence",
    [
        "test_an_exception_in_the_stream_leaves_nothing",
        "test_a_cancelled_writer_leaves_nothing",
        "test_a_taken_name_keeps_its_object",
        "test_composing_onto_a_taken_name_changes_nothing",
        "test_a_missing_part_leaves_no_object",
        "test_an_object_in_the_making_is_not_listed",
    ],
)
async def test_a_careless_lake_fails_the_suite(suite: ModuleType, sentence: str, tmp_path: Path) -> None:
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        await getattr(suite, sentence)(Careless(tmp_path))


async def test_a_careless_lake_lets_both_writers_win(suite: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        await suite.test_of_two_concurrent_writers_exactly_one_wins(SimpleNamespace(open=lambda: Careless(tmp_path)))
