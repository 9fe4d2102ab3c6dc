"""What is deployed neither goes by mistake nor hangs unseen, in one applied state over mocks; controls take it away."""

from typing import Any

import pytest

from infra.runtime.configuration.settings import Settings
from infra.runtime.http.faces import FORM_BYTES
from tests.contract.terraform.applied import State, spoiled

LIMIT = "idle_in_transaction_session_timeout"
LARGEST = "HEADRACE_MAX_UPLOAD_BYTES"
REQUEST_BYTES = 32 << 20  # what Cloud Run hands on in HTTP/1.1
LONGEST_IDLE = 60_000  # milliseconds that a transaction may hold its locks while nobody speaks


def perishable(state: State) -> set[str]:
    """Databases and tables with data that one wrong command takes for good."""
    databases = state["google_sql_database_instance"]
    tables = [one for one in state["google_bigquery_table"] if not one["view"]]
    return {one["at"] for one in (*databases, *tables) if not one["deletion_protection"]} | {
        one["at"]
        for one in databases
        if not one["settings"][0]["backup_configuration"][0]["point_in_time_recovery_enabled"]
    }


def patient(state: State) -> set[str]:
    """Databases that wait for ever for a client that went away in the middle of a transaction."""
    limits = {
        one["at"]: sum(int(flag["value"]) for flag in one["settings"][0]["database_flags"] if flag["name"] == LIMIT)
        for one in state["google_sql_database_instance"]
    }
    return {at for at, limit in limits.items() if not 0 < limit <= LONGEST_IDLE}


def unasked(state: State) -> set[str]:
    """Services that nobody asks whether they live."""
    return {
        one["at"]
        for one in state["google_cloud_run_v2_service"]
        for container in one["template"][0]["containers"]
        for probe in ("startup_probe", "liveness_probe")
        if not any(http["path"] == "/livez" for asked in container[probe] or [] for http in asked["http_get"])
    }


def unanswered(state: State) -> set[str]:
    """Services that would take more in one request than Cloud Run hands on to them."""
    usual = str(Settings().max_upload_bytes)
    return {
        one["at"]
        for one in state["google_cloud_run_v2_service"]
        for container in one["template"][0]["containers"]
        if int({env["name"]: env["value"] for env in container["env"]}.get(LARGEST, usual)) + FORM_BYTES > REQUEST_BYTES
    }


def test_nothing_that_holds_data_goes_by_mistake(state: State) -> None:
    assert perishable(state) == set()


def test_nobody_holds_a_lock_for_ever(state: State) -> None:
    assert patient(state) == set()


def test_every_service_is_asked_whether_it_lives(state: State) -> None:
    assert unasked(state) == set()


def test_a_file_that_is_too_large_is_refused_by_us_and_not_by_the_platform(state: State) -> None:
    assert unanswered(state) == set()


def test_control_a_service_that_would_take_more_than_it_is_given_is_seen(state: State) -> None:
    service = state["google_cloud_run_v2_service"][0]
    containers = [{**one, "env": []} for one in service["template"][0]["containers"]]
    template = [{**service["template"][0], "containers": containers}]
    assert unanswered(spoiled(state, "google_cloud_run_v2_service", template=template)) == {service["at"]}


@pytest.mark.parametrize("kind", ["google_sql_database_instance", "google_bigquery_table"])
def test_control_what_may_be_deleted_is_seen(state: State, kind: str) -> None:
    assert perishable(spoiled(state, kind, deletion_protection=False, view=[])) == {state[kind][0]["at"]}


@pytest.mark.parametrize(
    ("inside", "found"),
    [("backup_configuration", perishable), ("database_flags", patient)],
    ids=["no way back", "no limit"],
)
def test_control_a_setting_of_the_database_that_went_is_seen(state: State, inside: str, found: Any) -> None:
    database = state["google_sql_database_instance"][0]
    without = {"backup_configuration": [{"point_in_time_recovery_enabled": False}], "database_flags": []}
    settings = [{**database["settings"][0], inside: without[inside]}]
    assert found(spoiled(state, "google_sql_database_instance", settings=settings)) == {database["at"]}


@pytest.mark.parametrize("probe", ["startup_probe", "liveness_probe"])
def test_control_a_service_without_a_probe_is_seen(state: State, probe: str) -> None:
    service = state["google_cloud_run_v2_service"][0]
    containers = [{**one, probe: []} for one in service["template"][0]["containers"]]
    template = [{**service["template"][0], "containers": containers}]
    assert unasked(spoiled(state, "google_cloud_run_v2_service", template=template)) == {service["at"]}
