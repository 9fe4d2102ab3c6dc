"""Every variable: its name, its default, and that it changes one thing and is used."""

import ast
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec.structs import asdict, replace

from functions import load_warehouse, store_snapshot
from infra.postgres.database import Database
from infra.postgres.doorbell import Doorbell
from infra.runtime.configuration.secret import Secret
from infra.runtime.configuration.settings import DECLARED, Settings, SettingsRefused, read_settings, variable
from infra.runtime.configuration.variables import defaults
from infra.runtime.runtime import Runtime
from services.crawling.policy import policy
from services.jobs.function import works
from services.jobs.job import Work
from tests.unit.infra.runtime.configuration.settings_table import TABLE

ROOT = Path(__file__).parents[5]


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for one in defaults():
        monkeypatch.delenv(one.name, raising=False)


def plain(settings: Settings) -> dict[str, Any]:
    """The settings by variable, secrets in the clear."""
    found = {variable(field): getattr(settings, field) for field in DECLARED}
    return {name: value.clear if isinstance(value, Secret) else value for name, value in found.items()}


def test_the_table_names_every_variable_and_its_default() -> None:
    assert plain(read_settings()) == {name: default for name, default, *_ in TABLE}


@pytest.mark.parametrize(("name", "written", "meant"), [(row[0], row[2], row[3]) for row in TABLE])
def test_a_variable_changes_its_own_setting_and_no_other(
    monkeypatch: pytest.MonkeyPatch, name: str, written: str, meant: object
) -> None:
    before = plain(read_settings())
    monkeypatch.setenv(name, written)

    assert plain(read_settings()) == before | {name: meant}


@pytest.mark.parametrize(("name", "wrong"), [(row[0], row[4]) for row in TABLE if row[4] is not None])
def test_a_wrong_value_is_refused_by_the_variables_name(monkeypatch: pytest.MonkeyPatch, name: str, wrong: str) -> None:
    monkeypatch.setenv(name, wrong)

    with pytest.raises(SettingsRefused, match=f"^{name} is '{wrong}': ") as caught:
        read_settings()

    assert "\n" not in caught.value.detail


@pytest.mark.parametrize("field", [name for name in DECLARED if not variable(name).startswith("HEADRACE_")])
def test_a_setting_with_a_name_of_its_own_has_no_second_one(monkeypatch: pytest.MonkeyPatch, field: str) -> None:
    before = plain(read_settings())
    for second in {f"HEADRACE_{field.upper()}", field.upper()} - {variable(field)}:
        monkeypatch.setenv(second, "http://1")

    assert plain(read_settings()) == before


def test_what_is_given_in_code_wins_over_a_variable_of_any_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKGROUND_MAX_POLLS", "3")

    assert read_settings(max_polls=9).max_polls == 9


def read_in(source: str) -> set[str]:
    """Fields that a source reads off settings, whatever they are reached by."""
    read = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)]
    fields = [node for node in read if node.attr in DECLARED]
    return {node.attr for node in fields if ast.unparse(node.value).endswith("settings")}


def test_every_setting_is_used() -> None:
    sources = [path for folder in ("functions", "services", "infra") for path in (ROOT / folder).rglob("*.py")]
    used = set().union(*(read_in(path.read_text()) for path in sources))

    assert set(DECLARED) - used == set()


@pytest.mark.parametrize(
    ("source", "found"),
    [("x = settings.port", {"port"}), ("f(runtime.settings.host)", {"host"}), ("settings = port", set())],
)
def test_control_a_use_is_told_from_a_mention(source: str, found: set[str]) -> None:
    assert read_in(source) == found


def given(**changes: Any) -> Settings:
    return read_settings().but(**changes)


@pytest.mark.parametrize(
    ("field", "value", "effect"),
    [
        ("polling_enabled", False, {"polling_enabled": False}),
        ("background_polling", False, {"polling_enabled": False}),
        ("poll_interval", 0.5, {"poll_interval": 0.5}),
        ("max_polls", 7, {"max_polls": 7}),
        ("stall_seconds", 7.0, {"stall": 7.0}),
        ("deadline_seconds", 7.0, {"deadline": timedelta(seconds=7)}),
        ("submit_settle_seconds", 7.0, {"settle": 7.0}),
        ("retry_base_seconds", 7.0, {"retry_base": 7.0}),
        ("retry_cap_seconds", 7.0, {"retry_cap": 7.0}),
        ("lease_seconds", 7.0, {"lease": 7.0}),
        ("poll_concurrency", 7, {"poll_concurrency": 7}),
        ("max_queue_size", 7, {"room": 7}),
        ("prices", "a=2.5", {"prices": {"a": Decimal("2.5")}}),
        ("records_per_input", 7, {"records_per_input": 7}),
    ],
)
def test_a_setting_of_crawling_has_one_effect_there(field: str, value: object, effect: dict[str, Any]) -> None:
    usual = policy(given(), public_url=None)

    assert policy(given(**{field: value}), public_url=None) == replace(usual, **effect)


def worker_of(**changes: Any) -> dict[str, Any]:
    """A worker's numbers where the settings say so; its terms among them."""
    database = Database(None)
    made = SimpleNamespace(
        settings=given(**changes), database=database, doorbell=Doorbell(database), name="n", built={}
    )
    worker = works(queue="q", kind="k")(lambda _: Work()).worker(cast("Runtime", made))
    own = {name: getattr(worker, name) for name in ("concurrency", "batch_size", "lease_seconds")}
    return {**own, **asdict(worker.terms)}


@pytest.mark.parametrize(
    ("name", "written", "effect"),
    [
        ("HEADRACE_LEASE_SECONDS", "1", {"lease_seconds": 1.0}),
        ("HEADRACE_RETRY_BASE_SECONDS", "2.5", {"retry_base_seconds": 2.5}),
        ("HEADRACE_RETRY_CAP_SECONDS", "3.5", {"retry_cap_seconds": 3.5}),
        ("JOB_TIMEOUT", "7", {"timeout_seconds": 7.0}),
        ("PROCESSING_BATCH_SIZE", "7", {"batch_size": 7}),
        ("PROCESSING_MAX_RETRIES", "7", {"max_tries": 8}),
        ("PROCESSING_BACKOFF_FACTOR", "7", {"backoff_factor": 7.0}),
        ("PROCESSING_MAX_CONCURRENT_JOBS", "7", {"concurrency": 7}),
        ("BACKGROUND_RETRY", "false", {"retries": False}),
    ],
)
def test_a_variable_has_one_effect_on_every_worker(
    monkeypatch: pytest.MonkeyPatch, name: str, written: str, effect: dict[str, Any]
) -> None:
    usual = worker_of()
    monkeypatch.setenv(name, written)

    assert worker_of() == usual | effect


def test_the_number_of_stores_at_once_is_a_setting_and_that_of_loads_is_not() -> None:
    assert store_snapshot.main.function.concurrency(given(store_workers=3)) == 3
    assert load_warehouse.main.function.concurrency(given(store_workers=3)) == load_warehouse.main.function.concurrency(
        given()
    )
