"""Pushes as a subscriber gets them, honest and forged."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace
from standardwebhooks import Webhook

from schemas.event import envelop
from schemas.events.crawl_failed import CrawlFailed

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
FAILED = CrawlFailed(crawl_id="c", attempt=1, error="e", code="TIMEOUT", stage="s", recovery="r")


def push(event: CrawlFailed = FAILED, **more: Any) -> tuple[dict[str, str], bytes]:
    sent = envelop(event, time=datetime(2025, 1, 1, tzinfo=UTC), tenant="default")
    sent = replace(sent, data={**sent.data, **more})
    return sent.headers(), sent.body()


def signed(headers: Mapping[str, str], body: bytes, *, secret: str = SECRET, age_s: float = 0) -> dict[str, str]:
    at = datetime.now(UTC) - timedelta(seconds=age_s)
    return {
        **headers,
        "webhook-id": headers["ce-id"],
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(headers["ce-id"], at, body.decode()),
    }
