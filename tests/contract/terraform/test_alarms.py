"""What nobody would be told of: subscriptions whose function fails while no alert of the applied state can see it."""

import re
from typing import Any

from tests.contract.terraform.applied import State

AGE = "subscription/oldest_unacked_message_age"
ACKNOWLEDGED = 'subscription/push_request_count" AND metric.labels.response_class="ack"'
FAILED = 'run.googleapis.com/request_count" AND metric.labels.response_code_class="5xx"'
# A doorbell rings each minute and is tried for ten, after 1, 2, 4, ... 256 s: then nine tries a minute fail.
TRIES_A_SECOND = 9 / 60


def limits(state: State, metric: str) -> list[dict[str, Any]]:
    """Thresholds of alerts on one metric."""
    every = [one for policy in state["google_monitoring_alert_policy"] for one in policy["conditions"]]
    return [limit for one in every for limit in one["condition_threshold"] or [] if metric in limit["filter"]]


def unseen(state: State) -> set[str]:
    """Subscriptions that drop messages before these are old enough for an alert, and whose failing service has none."""
    ages = [one["threshold_value"] + int(one["duration"].rstrip("s")) for one in limits(state, AGE)]
    failures = [one["filter"] for one in limits(state, FAILED) if one["threshold_value"] < TRIES_A_SECOND]
    watched = {name.replace("-", "_") for one in failures for name in re.findall(r'"([a-z-]+)"', one)}
    return {
        one["name"]
        for one in state["google_pubsub_subscription"]
        if not any(age < int(one["message_retention_duration"].rstrip("s")) for age in ages)
        and one["name"].partition(".")[0] not in watched
    }


def test_somebody_is_told_of_every_function_that_fails(state: State) -> None:
    assert unseen(state) == set()


def test_control_the_age_of_a_doorbell_tells_nothing(state: State) -> None:
    policies = [
        {**one, "conditions": []} if one["display_name"].endswith("goes on failing") else one
        for one in state["google_monitoring_alert_policy"]
    ]
    assert {"sweep.tick", "poll_crawls.tick"} <= unseen({**state, "google_monitoring_alert_policy": policies})


def unmissed(state: State) -> set[str]:
    """Subscriptions of the clock whose acknowledgements may stop without an alert."""
    every = [one for policy in state["google_monitoring_alert_policy"] for one in policy["conditions"]]
    missing = [one["filter"] for each in every for one in each["condition_absent"] or []]
    names = [name for one in missing if ACKNOWLEDGED in one for name in re.findall(r'full_match\("([^"]+)"\)', one)]
    ticks = {one["name"] for one in state["google_pubsub_subscription"] if one["name"].endswith(".tick")}
    return {tick for tick in ticks if not any(re.fullmatch(name, tick) for name in names)}


def test_somebody_is_told_of_every_function_that_the_clock_cannot_call(state: State) -> None:
    assert unmissed(state) == set()


def test_control_a_call_of_the_sweep_says_nothing_of_the_others(state: State) -> None:
    policies = [
        {**one, "conditions": one["conditions"][:1]} if one["display_name"].endswith("stands still") else one
        for one in state["google_monitoring_alert_policy"]
    ]
    assert "poll_crawls.tick" in unmissed({**state, "google_monitoring_alert_policy": policies})
