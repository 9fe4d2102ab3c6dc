"""The subscriptions of functions."""

from infra.gcp.pubsub.lay_out import subscriptions
from infra.runtime.events.bus import Subscription
from infra.runtime.functions import topology

FUNCTIONS = {
    "push_event": {"topics": ["crawl.failed"]},
    "poll_crawls": {"tick": True, "queue": "poll", "doorbells": ["tick", "doorbell.poll"]},
}
URL = "https://{function}.example/"


def test_functions_that_are_pushed_to_have_a_subscription_an_event_and_a_doorbell() -> None:
    assert subscriptions(FUNCTIONS, push_url=URL) == {
        Subscription(
            name="push_event.crawl.failed", topic="crawl.failed", push_url="https://push_event.example/"
        ): False,
        Subscription(name="poll_crawls.tick", topic="tick", push_url="https://poll_crawls.example/"): True,
        Subscription(
            name="poll_crawls.doorbell.poll", topic="doorbell.poll", push_url="https://poll_crawls.example/"
        ): True,
    }


def test_functions_that_pull_need_no_doorbell() -> None:
    assert subscriptions(FUNCTIONS, push_url=None) == {
        Subscription(name="push_event.crawl.failed", topic="crawl.failed"): False
    }


def test_they_are_named_as_the_functions_themselves_declare_them() -> None:
    functions = topology.generated()["functions"]
    declared = {name for one in functions for name in getattr(_of(one), "subscriptions", dict)()}

    assert {one.name for one in subscriptions(functions, push_url=None)} == declared
    assert declared


def _of(name: str) -> object:
    return topology.function(name)
