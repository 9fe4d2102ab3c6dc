"""Topics and subscriptions, made where they are missing and changed where they differ; all of it can be repeated.

No subscription orders its messages: no consumer needs it, and an ordered one would repeat what was handled already
after each failure.
"""

from typing import Any

from google.api_core.exceptions import AlreadyExists, NotFound
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.pubsub_v1 import types

from infra.gcp.pubsub.clients import ASKING, Clients
from infra.gcp.pubsub.trouble import SubscriptionElsewhere, as_problems
from infra.runtime.events.bus import ADDRESSED, Subscription

DEAD_LETTERS = "dead-letters"
PUSH_SECONDS = 600  # the longest a push may take
FEWEST_ATTEMPTS, MOST_ATTEMPTS = 5, 100  # Pub/Sub counts no other numbers

_LEASE_SECONDS = 60
_KEEPING_SECONDS = 10  # a dead letter is read and kept at once
_MOST_BACKOFF = 600.0  # seconds
_DOORBELL_SECONDS = 600  # the shortest
_CHANGEABLE = ("ack_deadline_seconds", "dead_letter_policy", "push_config", "retry_policy")


async def declare(
    clients: Clients, subscription: Subscription, *, account: str | None = None, doorbell: bool = False
) -> None:
    """Make or change a subscription, with its topic and where its dead letters go.

    Pushes carry a token of the service ``account`` for the endpoint as audience. A ``doorbell`` may be lost: its
    messages are neither kept for long nor set aside.
    Raises ``SubscriptionElsewhere`` and what ``as_problems`` raises.
    """
    asked = _asked(clients, subscription, account=account, doorbell=doorbell)
    with as_problems(subscription.name):
        try:
            there = await clients.subscriber.get_subscription(subscription=asked.name, **ASKING)
        except NotFound:
            await declare_topic(clients, subscription.topic)
            if not doorbell:
                await declare_dead_letters(clients)
            there = await _made(clients, asked)
        if there.topic != asked.topic:
            raise SubscriptionElsewhere(f"{subscription.name} belongs to {there.topic}")
        if changed := [name for name in _CHANGEABLE if getattr(there, name) != getattr(asked, name)]:
            request = {"subscription": asked, "update_mask": FieldMask(paths=changed)}
            await clients.subscriber.update_subscription(request=request, **ASKING)


async def declare_topic(clients: Clients, name: str) -> None:
    """Make a topic; fine if it is there. Raises what ``as_problems`` raises."""
    with as_problems(name):
        try:
            await clients.publisher.create_topic(name=clients.topic(name), **ASKING)
        except AlreadyExists:
            return


async def declare_dead_letters(clients: Clients) -> None:
    """Make the topic of all dead letters and the subscription they are read from. Raises as ``declare_topic`` does."""
    await declare_topic(clients, DEAD_LETTERS)
    asked = types.Subscription(
        name=clients.subscription(DEAD_LETTERS),
        topic=clients.topic(DEAD_LETTERS),
        ack_deadline_seconds=_KEEPING_SECONDS,
        expiration_policy=types.ExpirationPolicy(),
    )
    with as_problems(DEAD_LETTERS):
        await _made(clients, asked)


async def _made(clients: Clients, asked: Any) -> Any:
    try:
        return await clients.subscriber.create_subscription(request=asked, **ASKING)
    except AlreadyExists:
        return await clients.subscriber.get_subscription(subscription=asked.name, **ASKING)


def _asked(clients: Clients, subscription: Subscription, *, account: str | None, doorbell: bool) -> Any:
    s = subscription
    asked = types.Subscription(
        name=clients.subscription(s.name),
        topic=clients.topic(s.topic),
        ack_deadline_seconds=PUSH_SECONDS if s.push_url else _LEASE_SECONDS,
        expiration_policy=types.ExpirationPolicy(),  # without it a subscription that is idle for a month is gone
        filter=f'NOT attributes:"{ADDRESSED}" OR attributes."{ADDRESSED}" = "{s.name}"',
        retry_policy=types.RetryPolicy(
            minimum_backoff=_seconds(s.min_backoff_s), maximum_backoff=_seconds(s.max_backoff_s)
        ),
        push_config=_push(s.push_url, account),
    )
    if doorbell:
        asked.message_retention_duration = Duration(seconds=_DOORBELL_SECONDS)
    else:
        asked.dead_letter_policy = types.DeadLetterPolicy(
            dead_letter_topic=clients.topic(DEAD_LETTERS),
            max_delivery_attempts=min(max(s.max_attempts, FEWEST_ATTEMPTS), MOST_ATTEMPTS),
        )
    return asked


def _push(url: str | None, account: str | None) -> Any:
    if url is None:
        return types.PushConfig()
    pushing = types.PushConfig(push_endpoint=url, no_wrapper=types.PushConfig.NoWrapper(write_metadata=True))
    if account is not None:
        pushing.oidc_token = types.PushConfig.OidcToken(service_account_email=account, audience=url)
    return pushing


def _seconds(seconds: float) -> Duration:
    return Duration(nanos=round(min(seconds, _MOST_BACKOFF) * 1e9) % 10**9, seconds=int(min(seconds, _MOST_BACKOFF)))
