"""Places choose adapters, and load no more than they need."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from infra.embedded.lake import Lake
from infra.embedded.warehouse import Warehouse
from infra.runtime.adapters import GoogleMissing, open_lake, open_warehouse, seconds_between_loads
from infra.runtime.configuration.settings import Settings, read_settings


def given(**values: Any) -> Settings:
    return read_settings(**values)


OPENINGS: dict[str, Callable[[], object]] = {
    "storage": lambda: open_lake(given(lake_url="gs://bucket", storage_emulator_host="http://127.0.0.1:1")),
    "bigquery": lambda: open_warehouse(
        given(warehouse_url="bq://a.b", bigquery_emulator_host="http://127.0.0.1:1"), cast("Any", None), {}
    ),
}


def test_without_a_place_everything_lies_in_the_data_directory(tmp_path: Path) -> None:
    lake = open_lake(given(data_dir=tmp_path))
    warehouse = open_warehouse(given(data_dir=tmp_path), lake, {})

    assert isinstance(lake, Lake)
    assert isinstance(warehouse, Warehouse)
    assert lake.url("a") == (tmp_path / "lake" / "a").as_uri()


def test_a_folder_that_is_named_is_used_whatever_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "a lake, 100%"

    assert open_lake(given(lake_url=folder.as_uri())).url("a") == (folder / "a").as_uri()


@pytest.mark.parametrize(
    ("emulator", "loads_a_day"), [(None, 1_440), ("http://127.0.0.1:1", 0)], ids=["BigQuery", "an emulator"]
)
def test_a_table_of_bigquery_is_loaded_as_often_as_it_takes_all_day(emulator: str | None, loads_a_day: int) -> None:
    seconds = seconds_between_loads(given(warehouse_url="bq://a.b", bigquery_emulator_host=emulator))

    assert (86_400 / seconds if seconds else 0) == loads_a_day
    assert seconds_between_loads(given()) == 0


def imported(code: str) -> set[str]:
    """Modules a fresh interpreter holds after it opened what embedded places name."""
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\nprint(*sys.modules)"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_google_is_not_loaded_for_a_folder(tmp_path: Path) -> None:
    opened = (
        "from pathlib import Path\nfrom infra.runtime.adapters import *\n"
        "from infra.runtime.configuration.settings import Settings\n"
        f"settings = Settings(data_dir=Path({str(tmp_path)!r}))\nopen_warehouse(settings, open_lake(settings), {{}})"
    )

    names = imported(opened) - {"google", "google.cloud"}  # empty, and there from the start of any process
    assert "infra.embedded.lake" in names
    assert not {name for name in names if name.startswith(("google.", "infra.gcp"))}


@pytest.mark.parametrize("open_it", OPENINGS.values(), ids=OPENINGS.keys())
def test_without_googles_clients_it_is_told_how_to_install_them(
    open_it: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("google.cloud.")]:
        monkeypatch.delitem(sys.modules, name)  # of tests that ran before this one
    monkeypatch.setitem(sys.modules, "google.cloud", None)

    with pytest.raises(GoogleMissing) as refused:
        open_it()

    assert "make setup-gcp" in refused.value.recovery


@pytest.mark.parametrize("open_it", OPENINGS.values(), ids=OPENINGS.keys())
def test_control_with_them_it_opens(open_it: Callable[[], object]) -> None:
    assert open_it() is not None
