"""What the three profiles make of the same variables, and what they refuse."""

from pathlib import Path
from typing import Any

import pytest

from infra.runtime.configuration.emulated import needed
from infra.runtime.configuration.profile import EmulatorInGcp, PlacesDisagree, ProfileIncomplete, placed
from infra.runtime.configuration.settings import Settings, SettingsRefused, read_settings
from infra.runtime.configuration.variables import defaults

GCP = {
    "profile": "gcp",
    "google_cloud_project": "acme-1",
    "database_url": "postgresql://db/headrace",
    "lake_url": "gs://acme-lake",
    "warehouse_url": "bq://acme-1.headrace",
}
HOSTS = {
    "PUBSUB_EMULATOR_HOST": "127.0.0.1:1",
    "STORAGE_EMULATOR_HOST": "http://127.0.0.1:1",
    "BIGQUERY_EMULATOR_HOST": "http://127.0.0.1:1",
}


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for one in defaults():
        monkeypatch.delenv(one.name, raising=False)


def given(**values: Any) -> Settings:
    return read_settings(**{"data_dir": Path("/data"), **values})


def test_what_is_embedded_needs_no_place_of_googles() -> None:
    assert placed(given()) == given()
    assert needed(placed(given())) == []


def test_behind_emulators_everything_has_a_place() -> None:
    found = placed(given(profile="emulators"))

    assert (found.google_cloud_project, found.lake_url, found.warehouse_url) == (
        "local",
        "gs://headrace",
        "bq://local.headrace",
    )
    assert needed(found) == ["pubsub", "storage", "bigquery"]


def test_behind_emulators_data_lies_apart_because_a_database_belongs_to_one_lake() -> None:
    assert read_settings().data_dir == Path(".headrace")
    assert read_settings(profile="emulators").data_dir == Path(".headrace/emulated")
    assert read_settings(profile="emulators", data_dir="/data").data_dir == Path("/data")


def test_a_wrong_profile_is_the_only_thing_that_is_said_about_it() -> None:
    with pytest.raises(SettingsRefused) as refused:
        read_settings(profile="cloud")

    assert "HEADRACE_PROFILE" in refused.value.detail
    assert "HEADRACE_DATA_DIR" not in refused.value.detail


def test_behind_emulators_a_place_that_is_named_stays() -> None:
    named = {"google_cloud_project": "mine", "lake_url": "gs://lake/b", "warehouse_url": "file:///rows"}
    found = placed(given(profile="emulators", **named))

    assert {name: getattr(found, name) for name in named} == named
    assert needed(found) == ["pubsub", "storage"]


def test_the_datasets_project_is_the_project_that_is_named() -> None:
    found = placed(given(profile="emulators", google_cloud_project="mine"))

    assert found.warehouse_url == "bq://mine.headrace"


def test_settled_settings_settle_as_they_are() -> None:
    found = placed(given(profile="emulators"))

    assert placed(found) == found


@pytest.mark.parametrize("name", HOSTS)
def test_google_itself_is_never_used_beside_an_emulator(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, HOSTS[name])

    with pytest.raises(EmulatorInGcp) as refused:
        placed(given(**GCP))

    assert refused.value.detail == name
    assert "HEADRACE_PROFILE=emulators" in refused.value.recovery


def test_control_without_an_emulator_google_is_used_as_named() -> None:
    assert placed(given(**GCP)) == given(**GCP)


@pytest.mark.parametrize(
    ("lacking", "variable"),
    [
        ("google_cloud_project", "GOOGLE_CLOUD_PROJECT"),
        ("database_url", "HEADRACE_DATABASE_URL"),
        ("lake_url", "HEADRACE_LAKE_URL"),
        ("warehouse_url", "HEADRACE_WAREHOUSE_URL"),
    ],
)
def test_google_has_no_place_that_could_be_guessed(lacking: str, variable: str) -> None:
    with pytest.raises(ProfileIncomplete) as refused:
        placed(given(**{**GCP, lacking: None}))

    assert refused.value.detail == variable


def test_all_that_google_lacks_is_named_at_once() -> None:
    with pytest.raises(ProfileIncomplete) as refused:
        placed(given(profile="gcp", lake_url="file:///lake"))

    assert len(refused.value.detail.split(", ")) == 4


def test_bigquery_is_not_promised_to_load_from_a_directory() -> None:
    with pytest.raises(PlacesDisagree) as refused:
        placed(given(warehouse_url="bq://acme-1.headrace"))

    assert "HEADRACE_LAKE_URL" in refused.value.recovery


@pytest.mark.parametrize("problem", [EmulatorInGcp, PlacesDisagree, ProfileIncomplete])
def test_all_of_it_counts_as_wrong_settings(problem: type[Exception]) -> None:
    assert issubclass(problem, SettingsRefused)
