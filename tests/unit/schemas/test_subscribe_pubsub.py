"""A push of Pub/Sub, unwrapped and with metadata, is read like one of ours."""

import pytest

from schemas.events.crawl_failed import CrawlFailed
from schemas.subscribe import Result, subscribe
from tests.unit.schemas.pushes import FAILED, SECRET, push

PUBSUBS_OWN = {
    "Accept": "application/json",
    "Authorization": "Bearer eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl",
    "From": "noreply@google.com",
    "User-Agent": "CloudPubSub-Google",
    "X-Goog-Pubsub-Message-Id": "13",
    "X-Goog-Pubsub-Publish-Time": "2025-01-01T00:00:00.123Z",
    "X-Goog-Pubsub-Subscription-Name": "projects/p/subscriptions/team",
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
}


async def test_an_unwrapped_push_is_handled_once_however_often_it_is_delivered() -> None:
    got: list[CrawlFailed] = []
    subscriber = subscribe("crawl.failed")(got.append)
    attributes, body = push()

    answers = [
        await subscriber.handle({**PUBSUBS_OWN, **attributes, "X-Goog-Pubsub-Message-Id": str(delivery)}, body)
        for delivery in range(2)
    ]

    assert answers == [Result(204), Result(204, "handled before")]
    assert got == [FAILED]


@pytest.mark.parametrize("wrapped", [b'{"message": {"data": "e30=", "attributes": {}}, "subscription": "s"}', b"{}"])
async def test_control_a_push_without_its_attributes_is_a_bad_request(wrapped: bytes) -> None:
    got: list[CrawlFailed] = []

    assert (await subscribe("crawl.failed")(got.append).handle(PUBSUBS_OWN, wrapped)).status == 400
    assert got == []


async def test_who_set_a_secret_takes_signed_pushes_only() -> None:
    attributes, body = push()
    got: list[CrawlFailed] = []

    assert (
        await subscribe("crawl.failed", secret=SECRET)(got.append).handle(PUBSUBS_OWN | attributes, body)
    ).status == 401
    assert got == []
