"""Which snapshot a webhook is about."""

import pytest

from services.crawling.accept_webhook import WebhookUnknown
from services.crawling.face.webhook_hint import snapshot_of


def test_a_notification_names_it_in_its_json() -> None:
    assert snapshot_of(b'{"snapshot_id": "sd_1", "status": "ready"}', {}) == "sd_1"


@pytest.mark.parametrize("header", ["snapshot-id", "dca-collection-id"])
def test_a_delivery_names_it_in_a_header_whatever_its_body_is(header: str) -> None:
    assert snapshot_of(b"\x1f\x8b\x08 not json", {header: "sd_2"}) == "sd_2"
    assert snapshot_of(b'{"snapshot_id": "sd_1"}', {header: "sd_2"}) == "sd_2"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{}",
        b'{"snapshot_id": 5}',
        b'{"snapshot_id": ["sd_1"]}',
        b'{"snapshot_id": "sd\\u0000"}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"snapshot_id": NaN}',
    ],
)
def test_a_body_that_names_none_belongs_to_no_crawl(body: bytes) -> None:
    with pytest.raises(WebhookUnknown):
        snapshot_of(body, {})
