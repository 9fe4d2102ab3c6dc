"""Events as messages: CloudEvents in binary mode, attributes as attributes and the JSON data as it is.

Pushed without a wrapper and with metadata, such a message is the very request that the embedded bus sends.
"""

from datetime import UTC, datetime
from typing import Any

from google.pubsub_v1 import types

from infra.runtime.events.bus import ADDRESSED
from schemas.envelope import Envelope


def written(envelope: Envelope, *, only: str | None = None) -> types.PubsubMessage:
    """An event as a message, for all subscriptions or for ``only`` one."""
    addressed = {ADDRESSED: only} if only is not None else {}
    return types.PubsubMessage(data=envelope.body(), attributes={**envelope.headers(), **addressed})


def read(message: Any) -> Envelope:
    """The event in a message. Raises ``ValueError``."""
    return Envelope.from_http(message.attributes, message.data)


def kept(message: Any) -> Envelope:
    """The event in a message as a database takes it; of a message that is none, attributes and text."""
    try:
        envelope = read(message)
    except ValueError:
        return _unreadable(message)
    return _unreadable(message) if any("\0" in value for value in message.attributes.values()) else envelope


def _unreadable(message: Any) -> Envelope:
    given = {_clean(name): _clean(value) for name, value in message.attributes.items()}
    return Envelope(
        id=message.message_id,
        type=given.get("ce-type", "unreadable"),
        source="//pubsub.googleapis.com",
        subject=given.get("ce-subject", ""),
        time=published_at(message),
        tenant=given.get("ce-tenant", "default"),
        data={"attributes": given, "text": _clean(message.data.decode(errors="replace"))},
    )


def _clean(text: str) -> str:
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")  # PostgreSQL keeps it nowhere


def published_at(message: Any) -> datetime:
    """When Pub/Sub took the message."""
    return datetime.fromtimestamp(message.publish_time.timestamp(), UTC)
