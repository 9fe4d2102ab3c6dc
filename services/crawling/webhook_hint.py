"""Which snapshot a Bright Data webhook is about, whatever form its body has."""

from collections.abc import Mapping
from typing import Any

import msgspec

from services.crawling.phase import CrawlNotFound


def snapshot_of(body: bytes, headers: Mapping[str, str]) -> str:
    """The snapshot id: from ``Snapshot-Id`` where the data itself is delivered, else from the notification's JSON.

    Raises ``CrawlNotFound`` when neither names one.
    """
    if named := headers.get("snapshot-id") or headers.get("dca-collection-id"):
        return named
    try:
        told: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CrawlNotFound("the webhook names no snapshot") from error
    if isinstance(told, dict) and isinstance(told.get("snapshot_id"), str):
        return str(told["snapshot_id"])
    raise CrawlNotFound("the webhook names no snapshot")
