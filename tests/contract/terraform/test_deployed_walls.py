"""Who cannot reach what is deployed, in one applied state over mocks; each control opens one wall."""

from typing import Any

import pytest

from tests.contract.terraform.applied import State, spoiled
from tests.contract.terraform.test_deployed_state import TOPOLOGY

BEHIND = {"INGRESS_TRAFFIC_INTERNAL_ONLY": "functions", "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER": "services"}


def open_walls(state: State) -> set[str]:
    """Resources that more can reach than the load balancer, Pub/Sub and Cloud SQL's own connector."""
    services = state["google_cloud_run_v2_service"]
    wide = {
        one["at"]
        for one in services
        if one["name"].replace("-", "_") not in TOPOLOGY.get(BEHIND.get(one["ingress"], ""), ())
    }
    buckets = state["google_storage_bucket"]
    shared = {
        one["at"]
        for one in buckets
        if (one["public_access_prevention"], one["uniform_bucket_level_access"]) != ("enforced", True)
    }
    networks = {one["at"]: one["settings"][0]["ip_configuration"][0] for one in state["google_sql_database_instance"]}
    plain = {at for at, one in networks.items() if one["ssl_mode"] != "ENCRYPTED_ONLY" or one["authorized_networks"]}
    return wide | shared | plain


def test_behind_the_load_balancer_nothing_is_reached_around_it(state: State) -> None:
    assert open_walls(state) == set()


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("google_cloud_run_v2_service", {"ingress": "INGRESS_TRAFFIC_ALL"}),
        ("google_storage_bucket", {"public_access_prevention": "inherited"}),
        ("google_storage_bucket", {"uniform_bucket_level_access": False}),
        (
            "google_sql_database_instance",
            {"settings": [{"ip_configuration": [{"ssl_mode": "ALLOW_UNENCRYPTED", "authorized_networks": []}]}]},
        ),
        (
            "google_sql_database_instance",
            {
                "settings": [
                    {"ip_configuration": [{"ssl_mode": "ENCRYPTED_ONLY", "authorized_networks": ["0.0.0.0/0"]}]}
                ]
            },
        ),
    ],
    ids=["a service for everybody", "a public bucket", "rights of single objects", "plain text", "a network let in"],
)
def test_control_an_open_wall_is_seen(state: State, kind: str, values: dict[str, Any]) -> None:
    assert open_walls(spoiled(state, kind, **values)) == {state[kind][0]["at"]}
