"""Events as messages: CloudEvents in binary mode, attributes as attributes and the JSON data as it is.

Pushed without a wrapper and with metadata, such a message is the very request that the embedded bus sends.
"""

from datetime import UTC, datetime
from typing import Any

from google.pubsub_v1 import types

from infra.runtime.bus import ADDRESSED
from schemas.event import Envelope


def written(envelope: Envelope, *, only: str | None = None) -> types.PubsubMessage:
    """An event as a message, for all subscriptions or for ``only`` one."""
    addressed = {ADDRESSED: only} if only is not None else {}
    return types.PubsubMessage(data=envelope.body(), attributes={**envelope.headers(), **addressed})


def read(message: Any) -> Envelope:
    """The event in a message. Raises ``ValueError``."""
    return Envelope.from_http(message.attributes, message.data)


def unreadable(message: Any) -> Envelope:
    """What can be kept of a message that is no event: attributes and text, as data of an event named by the message."""
    return Envelope(
        id=message.message_id,
        type=message.attributes.get("ce-type", "unreadable"),
        source="//pubsub.googleapis.com",
        subject=message.attributes.get("ce-subject", ""),
        time=published_at(message),
        tenant=message.attributes.get("ce-tenant", "default"),
        data={"attributes": dict(message.attributes), "text": message.data.decode(errors="replace").replace("\0", "")},
    )


def published_at(message: Any) -> datetime:
    """When Pub/Sub took the message."""
    return datetime.fromtimestamp(message.publish_time.timestamp(), UTC)
