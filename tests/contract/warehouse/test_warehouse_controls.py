"""The suite itself is tested: a warehouse that breaks a promise must fail the sentence about it."""

from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from infra.embedded.lake import Lake
from infra.embedded.publications import Publications, Visible
from infra.embedded.warehouse import Warehouse
from schemas.load_source import LoadSource
from schemas.tables import warehouse_tables


class Open(Publications):
    """Shows every row there is."""

    def visible(self) -> list[Visible]:
        super().visible()
        self._read_files()
        return [Visible(crawl, held[0], path) for path, file in self._files.items() for crawl, held in file.items()]


class Careless(Warehouse):
    """Knows neither publications nor load ids."""

    def __init__(self, root: Path, lake: Lake) -> None:
        super().__init__(root, lake, warehouse_tables())
        self._publications = {"records": Open(root, "records")}
        self._numbers = count()

    async def load(self, load_id: str, table: str, sources: Sequence[LoadSource]) -> Mapping[str, int]:
        return await super().load(f"{load_id}_{next(self._numbers)}", table, sources)


@pytest.fixture
def adapter(embedded_adapter: Any) -> Any:
    """What is broken here is the embedded one."""
    return embedded_adapter


@pytest.fixture
def careless(tmp_path: Path, lake: Any) -> Careless:
    return Careless(tmp_path / "careless", lake)


@pytest.mark.parametrize(
    "sentence",
    [
        "test_rows_are_invisible_until_they_are_published",
        "test_the_newest_published_attempt_replaces_the_one_before",
        "test_a_late_publication_of_an_older_attempt_changes_nothing",
        "test_a_redelivered_load_counts_once",
        "test_a_repeated_load_under_another_id_counts_once",
        "test_withdrawn_crawls_stay_hidden_whatever_is_published",
        "test_publishing_an_attempt_without_rows_takes_the_old_rows_away",
    ],
)
async def test_a_careless_warehouse_fails_the_suite(
    suite: ModuleType, sentence: str, careless: Careless, store: Any
) -> None:
    with pytest.raises(AssertionError):
        await getattr(suite, sentence)(careless, store)


async def test_a_publication_in_pieces_would_be_noticed(
    suite: ModuleType, tmp_path: Path, lake: Any, store: Any
) -> None:
    class Pieces(Warehouse):
        async def publish(self, table: str, attempts: Mapping[str, int]) -> None:
            for crawl_id, attempt in attempts.items():
                await super().publish(table, {crawl_id: attempt})

    pieces = Pieces(tmp_path / "pieces", lake, warehouse_tables())
    with pytest.raises(AssertionError):
        await suite.test_a_reader_sees_all_of_a_publication_or_nothing(
            SimpleNamespace(open=lambda: (pieces, lake)), pieces, store
        )
