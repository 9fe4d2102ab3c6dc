"""Which snapshot a Bright Data webhook is about, whatever form its body has."""

from collections.abc import Mapping
from typing import Any

import msgspec

from services.crawling.accept_webhook import WebhookUnknown


def snapshot_of(body: bytes, headers: Mapping[str, str]) -> str:
    """The snapshot id: from ``Snapshot-Id`` where the data itself is delivered, else from the notification's JSON.

    Raises ``WebhookUnknown`` when neither names one.
    """
    if named := headers.get("snapshot-id") or headers.get("dca-collection-id"):
        return named
    try:
        told: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WebhookUnknown("the webhook names no snapshot") from error
    snapshot_id = told.get("snapshot_id") if isinstance(told, dict) else None
    if isinstance(snapshot_id, str) and "\0" not in snapshot_id:
        return snapshot_id
    raise WebhookUnknown("the webhook names no snapshot")
