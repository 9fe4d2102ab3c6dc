"""All that Terraform would make, in one applied state over mocks, against the code that runs there."""

import json
import re
from copy import deepcopy
from typing import Any

import pytest

from infra.gcp.bigquery.ledger import LOADED_BY
from infra.gcp.pubsub.clients import Clients
from infra.gcp.pubsub.lay_out import subscriptions
from infra.gcp.pubsub.topology import DEAD_LETTERS, _asked
from infra.local.faces import openapi
from infra.runtime.configuration.settings import DECLARED, variable
from infra.runtime.functions.doorbells import doorbells
from schemas.tables import warehouse_layout, warehouse_tables
from tests.contract.terraform.applied import State, spoiled
from tests.contract.terraform.engine import ROOT

TOPOLOGY = json.loads((ROOT / "schemas/generated/topology.json").read_text())


def differing_subscriptions(state: State) -> dict[str, Any]:
    """What Terraform makes otherwise than ``headrace topology`` would."""
    made = {one["name"]: one for one in state["google_pubsub_subscription"]}
    clients = Clients("a-project", emulator="127.0.0.1:1")
    differing: dict[str, Any] = {}
    for one, rings in subscriptions(TOPOLOGY["functions"], push_url="https://{function}.example").items():
        asked = _asked(clients, one, account="push@example.com", doorbell=rings)
        there = made.get(one.name, {})
        ours = {
            "filter": asked.filter,
            "ack": asked.ack_deadline_seconds,
            "unwrapped": asked.push_config.no_wrapper.write_metadata,
            "signed": bool(asked.push_config.oidc_token.service_account_email),
            "retention": round(asked.message_retention_duration.total_seconds()) or 604800,
            "backoff": [round(asked.retry_policy.maximum_backoff.total_seconds())],
            "attempts": [n for n in [asked.dead_letter_policy.max_delivery_attempts] if n],
        }
        theirs = there and {
            "filter": there["filter"],
            "ack": there["ack_deadline_seconds"],
            "unwrapped": there["push_config"][0]["no_wrapper"][0]["write_metadata"],
            "signed": bool(there["push_config"][0]["oidc_token"][0]["service_account_email"]),
            "retention": int(there["message_retention_duration"].rstrip("s")),
            "backoff": [int(policy["maximum_backoff"].rstrip("s")) for policy in there["retry_policy"]],
            "attempts": [policy["max_delivery_attempts"] for policy in there["dead_letter_policy"]],
        }
        if ours != theirs:
            differing[one.name] = (ours, theirs)
    return differing


def losing(state: State) -> list[str]:
    """Subscriptions to events that drop what nobody takes, or whose dead letters Pub/Sub may not move or replay."""
    topics = {one["id"]: one["name"] for one in state["google_pubsub_topic"]}
    given = {(one["subscription"], one["role"]) for one in state["google_pubsub_subscription_iam_member"]}
    needed = {"roles/pubsub.subscriber", "roles/pubsub.viewer"}
    lost = []
    for one in state["google_pubsub_subscription"]:
        if topics[one["topic"]] in {DEAD_LETTERS, *doorbells()}:
            continue
        whither = [topics.get(policy["dead_letter_topic"]) for policy in one["dead_letter_policy"]]
        if whither != [DEAD_LETTERS] or any((one["name"], role) not in given for role in needed):
            lost.append(one["name"])
    return lost


def lost_paths(state: State, owners: dict[str, str]) -> list[str]:
    """Paths of the API that the load balancer would not give to the service that has them."""
    backends = {one["id"]: re.findall(r'"(\w+)"', one["at"])[-1] for one in state["google_compute_backend_service"]}
    (url_map,) = [one for one in state["google_compute_url_map"] if one["path_matcher"]]
    (matcher,) = url_map["path_matcher"]
    rules = {path: backends[rule["service"]] for rule in matcher["path_rule"] for path in rule["paths"]}
    lost = []
    for path, owner in owners.items():
        fitting = [rule for rule in rules if rule == path or (rule.endswith("/*") and path.startswith(rule[:-1]))]
        reached = rules[max(fitting, key=len)] if fitting else backends[matcher["default_service"]]
        if reached != owner:
            lost.append(path)
    return lost


async def owners() -> dict[str, str]:
    """Which service answers which path."""
    found = {}
    for name in TOPOLOGY["services"]:
        paths = (await openapi([name]))["paths"]
        found |= {path: name for path in paths if path.startswith("/api/")}
    return found


def differing_tables(state: State) -> list[str]:
    """Tables of rows that Terraform makes otherwise than the warehouse's adapter would."""
    made = {one["table_id"]: one for one in state["google_bigquery_table"]}
    differing = []
    for name, columns in warehouse_tables().items():
        layout, there = warehouse_layout()[name], made.get(f"{name}_rows")
        stamp = {"name": LOADED_BY, "type": "STRING", "mode": "REQUIRED"}
        ours = [{key: column[key] for key in stamp} for column in [*columns, stamp]]
        if (
            there is None
            or [{key: column[key] for key in stamp} for column in json.loads(there["schema"])] != ours
            or there["time_partitioning"][0]["field"] != layout["partition"]
            or there["clustering"] != layout["clustering"]
        ):
            differing.append(name)
    return differing


def unknown_variables(state: State) -> set[str]:
    """Environment variables that no setting has."""
    known = {variable(field) for field in DECLARED}
    services = [one["template"][0]["containers"][0] for one in state["google_cloud_run_v2_service"]]
    jobs = [one["template"][0]["template"][0]["containers"][0] for one in state["google_cloud_run_v2_job"]]
    return {env["name"] for container in [*services, *jobs] for env in container["env"]} - known


def test_faces_know_how_many_proxies_note_their_callers(state: State) -> None:
    services = {one["name"]: one["template"][0]["containers"][0] for one in state["google_cloud_run_v2_service"]}
    told = {(name, env["value"]) for name, one in services.items() for env in one["env"] if "PROXIES" in env["name"]}

    assert told == {(name, "2") for name in TOPOLOGY["services"]}


def test_pubsub_is_as_the_code_would_make_it(state: State) -> None:
    assert differing_subscriptions(state) == {}
    assert DEAD_LETTERS in {one["name"] for one in state["google_pubsub_topic"]}
    assert DEAD_LETTERS in {one["name"] for one in state["google_pubsub_subscription"]}


def test_no_event_is_lost_where_nobody_takes_it(state: State) -> None:
    assert losing(state) == []


def test_tables_are_as_the_code_would_make_them(state: State) -> None:
    assert differing_tables(state) == []


async def test_every_path_reaches_the_service_that_has_it(state: State) -> None:
    assert lost_paths(state, await owners()) == []


def test_every_variable_is_a_setting(state: State) -> None:
    assert unknown_variables(state) == set()


def test_pushes_and_functions_wait_equally_long_and_only_crawling_keeps_its_cpu(state: State) -> None:
    services = {one["name"].replace("-", "_"): one["template"][0] for one in state["google_cloud_run_v2_service"]}
    assert {services[name]["timeout"] for name in TOPOLOGY["functions"]} == {"600s"}
    keeping = {name for name, one in services.items() if not one["containers"][0]["resources"][0]["cpu_idle"]}
    assert keeping == {"crawling"}


def test_functions_let_only_pubsub_in_and_faces_verify_themselves(state: State) -> None:
    verified = {
        one["name"].replace("-", "_"): not one["invoker_iam_disabled"] for one in state["google_cloud_run_v2_service"]
    }
    assert verified == {**dict.fromkeys(TOPOLOGY["functions"], True), **dict.fromkeys(TOPOLOGY["services"], False)}
    assert len(state["google_cloud_run_v2_service_iam_member"]) == len(TOPOLOGY["functions"])


def test_control_another_subscription_is_seen(state: State) -> None:
    pushes = [one for one in state["google_pubsub_subscription"] if one["push_config"]]
    for change in ({"name": "other"}, {"ack_deadline_seconds": 60}, {"filter": ""}, {"dead_letter_policy": []}):
        made = [{**one, **change} for one in pushes]
        assert differing_subscriptions({"google_pubsub_subscription": made})


def test_control_a_subscription_that_loses_events_is_seen(state: State) -> None:
    name = "warehouse.crawl.failed"
    made = [
        {**one, "dead_letter_policy": []} if one["name"] == name else one for one in state["google_pubsub_subscription"]
    ]
    assert losing({**state, "google_pubsub_subscription": made}) == [name]
    given = [one for one in state["google_pubsub_subscription_iam_member"] if one["subscription"] != name]
    assert losing({**state, "google_pubsub_subscription_iam_member": given}) == [name]


@pytest.mark.parametrize("change", [{"schema": "[]"}, {"clustering": ["tenant"]}, {"table_id": "rows"}])
def test_control_another_table_is_seen(state: State, change: dict[str, Any]) -> None:
    tables = [{**one, **change} for one in state["google_bigquery_table"]]
    assert set(differing_tables({"google_bigquery_table": tables})) == set(warehouse_tables())


async def test_control_a_lost_path_is_seen(state: State) -> None:
    maps = deepcopy(state["google_compute_url_map"])
    (matcher,) = next(one["path_matcher"] for one in maps if one["path_matcher"])
    matcher["path_rule"] = matcher["path_rule"][1:]
    assert lost_paths({**state, "google_compute_url_map": maps}, await owners())


def test_control_a_misspelt_variable_is_seen(state: State) -> None:
    container = {"env": [{"name": "HEADRACE_PROFIL"}]}
    assert unknown_variables(spoiled(state, "google_cloud_run_v2_service", template=[{"containers": [container]}]))
