"""The topology that functions need is made in Pub/Sub, as often as anybody likes."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from infra.gcp.pubsub import lay_out
from infra.gcp.pubsub.topology import DEAD_LETTERS
from infra.runtime.functions import topology
from tests.contract.bus.rig import Inbox, PubSubRig, consuming, event, reader

FUNCTIONS = {
    "push_event": {"topics": ["crawl.failed", "crawl.triggered"]},
    "poll_crawls": {"tick": True, "doorbells": ["tick", "doorbell.poll"]},
}
URL, ACCOUNT = "http://127.0.0.1:9/{function}", "push@test.iam.gserviceaccount.com"
HEADRACE = Path(sys.executable).with_name("headrace")


async def laid_out(pubsub: PubSubRig, push_url: str | None = URL) -> list[str]:
    return await lay_out(pubsub.project, FUNCTIONS, emulator=pubsub.emulator, push_url=push_url, push_account=ACCOUNT)


async def found(pubsub: PubSubRig, name: str) -> Any:
    clients = await pubsub.clients()
    return await clients.subscriber.get_subscription(subscription=clients.subscription(name), timeout=5)


async def test_it_can_be_repeated(pubsub: PubSubRig) -> None:
    first = await laid_out(pubsub)
    before = [await found(pubsub, name) for name in [*first, DEAD_LETTERS]]

    assert await laid_out(pubsub) == first
    assert [await found(pubsub, name) for name in [*first, DEAD_LETTERS]] == before


async def test_a_push_is_the_bare_event_with_its_attributes_and_a_token_for_its_endpoint(pubsub: PubSubRig) -> None:
    await laid_out(pubsub)

    pushing = (await found(pubsub, "push_event.crawl.failed")).push_config

    assert pushing.push_endpoint == "http://127.0.0.1:9/push_event"
    assert pushing.no_wrapper.write_metadata
    assert (pushing.oidc_token.service_account_email, pushing.oidc_token.audience) == (ACCOUNT, pushing.push_endpoint)


async def test_an_event_is_kept_when_nobody_takes_it_and_a_doorbell_is_not(pubsub: PubSubRig) -> None:
    await laid_out(pubsub)

    told, bell = await found(pubsub, "push_event.crawl.failed"), await found(pubsub, "poll_crawls.tick")

    assert told.dead_letter_policy.dead_letter_topic == f"projects/{pubsub.project}/topics/{DEAD_LETTERS}"
    assert (told.dead_letter_policy.max_delivery_attempts, told.ack_deadline_seconds) == (20, 600)
    assert told.message_retention_duration.days == 7
    assert not bell.dead_letter_policy
    assert bell.message_retention_duration.total_seconds() == 600
    assert not told.expiration_policy.ttl  # however quiet it is
    assert not bell.expiration_policy.ttl


async def test_what_differs_is_changed_and_what_waits_stays(pubsub: PubSubRig) -> None:
    bus, load = await pubsub.bus(), Inbox()
    await laid_out(pubsub)
    await bus.publish([event(1)])

    await laid_out(pubsub, push_url=None)

    async with consuming(bus, {"push_event.crawl.triggered": load}):
        assert (await load.next())[0] == event(1)
    assert (await found(pubsub, "push_event.crawl.triggered")).push_config.push_endpoint == ""


@pytest.mark.parametrize("attempts", [(1, 5), (20, 20), (1_000, 100)])
async def test_pubsub_counts_from_five_to_a_hundred_attempts(pubsub: PubSubRig, attempts: tuple[int, int]) -> None:
    bus = await pubsub.bus()
    await bus.declare(reader(max_attempts=attempts[0]))

    assert (await found(pubsub, "load")).dead_letter_policy.max_delivery_attempts == attempts[1]


def test_the_command_makes_what_the_functions_need(pubsub_emulator: str, tmp_path: Path) -> None:
    given = {
        "PUBSUB_EMULATOR_HOST": pubsub_emulator,
        "HEADRACE_PROFILE": "emulators",
        "HEADRACE_LAKE_URL": tmp_path.as_uri(),
        "HEADRACE_WAREHOUSE_URL": tmp_path.as_uri(),
        "HEADRACE_DATA_DIR": str(tmp_path),
        "GOOGLE_CLOUD_PROJECT": f"test-{uuid4().hex[:12]}",
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HEADRACE_")}

    told = [_run(kept | given | more) for more in ({}, {}, {"HEADRACE_PUSH_URL": URL})]

    names = topology.generated()["functions"]
    events = [f"{name}.{topic}" for name, one in names.items() for topic in one.get("topics", ())]
    bells = [f"{name}.{topic}" for name, one in names.items() for topic in one.get("doorbells", ())]
    assert told[0] == told[1] == events
    assert sorted(told[2]) == sorted([*events, *bells])


def _run(environment: dict[str, str]) -> list[str]:
    done = subprocess.run([HEADRACE, "topology"], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()
