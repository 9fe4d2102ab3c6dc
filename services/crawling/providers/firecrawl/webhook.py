"""Firecrawl's webhooks: whether they are Firecrawl's, and what they are about."""

import hashlib
import hmac
import zlib
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from infra.runtime.configuration.secret import Secret
from services.crawling.accept_delivery import Delivery, DeliveryTooLarge
from services.crawling.accept_webhook import WebhookUnknown
from services.crawling.providers.firecrawl.provider import BATCH

MAX_UNPACKED = 32 << 20
_GZIP = 31  # zlib's number for: a gzip header and trailer
_LONGEST_ID = 200


def secrets_of(setting: Secret | None) -> list[bytes]:
    """The secrets that hold: none, one, or two while one follows the other."""
    given = setting.clear.split(",") if setting is not None else []
    return [one.strip().encode() for one in given if one.strip()]


def is_signed(body: bytes, signature: str, secrets: Sequence[bytes]) -> bool:
    """Whether the bytes that came are signed by one of the secrets; without a secret nothing is."""
    given = signature.encode("utf-8", "surrogateescape")
    expected = [b"sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest().encode() for secret in secrets]
    return any(hmac.compare_digest(given, one) for one in expected)


def delivery_of(body: bytes, *, encoding: str) -> Delivery:
    """What a webhook says. Raises ``DeliveryTooLarge``, and ``WebhookUnknown`` where it names no job."""
    try:
        told: Any = msgspec.json.decode(_unpacked(body) if encoding.strip().lower() == "gzip" else body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, zlib.error) as error:
        raise WebhookUnknown("the webhook is no JSON") from error
    told = told if isinstance(told, dict) else {}
    job_id, what = told.get("id"), str(told.get("type", ""))
    if not isinstance(job_id, str) or not 0 < len(job_id) <= _LONGEST_ID or "\0" in job_id:
        raise WebhookUnknown("the webhook names no job")
    return Delivery(
        id=_text(told.get("webhookId")),
        snapshot_id=f"{BATCH}{job_id}" if what.startswith("batch_scrape.") else job_id,
        crawl_id=_crawl_of(told.get("metadata")),
        ended=what.endswith((".completed", ".failed")),
    )


def _unpacked(body: bytes) -> bytes:
    unpacked = zlib.decompressobj(_GZIP).decompress(body, MAX_UNPACKED + 1)
    if len(unpacked) > MAX_UNPACKED:
        raise DeliveryTooLarge(f"it unpacks to more than {MAX_UNPACKED} bytes")
    return unpacked


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= _LONGEST_ID and "\0" not in value else None


def _crawl_of(metadata: Any) -> UUID | None:
    try:
        return UUID(str(metadata["headrace_crawl_id"]))
    except (TypeError, KeyError, ValueError):
        return None
