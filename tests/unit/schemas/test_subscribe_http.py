"""Who may push, and the web application around a function."""

import base64
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from schemas.envelope import Envelope
from schemas.events.crawl_failed import CrawlFailed
from schemas.subscribe import subscribe
from tests.unit.schemas.pushes import FAILED, SECRET, push, signed


def _other_body(headers: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
    return signed(headers, body), body.replace(b"TIMEOUT", b"TIMEOUX")


FORGERIES: dict[str, Callable[[dict[str, str], bytes], tuple[dict[str, str], bytes]]] = {
    "unsigned": lambda h, b: (h, b),
    "another secret": lambda h, b: (signed(h, b, secret="whsec_" + base64.b64encode(b"x" * 32).decode()), b),
    "another body": _other_body,
    "old": lambda h, b: (signed(h, b, age_s=301), b),
    "from the future": lambda h, b: (signed(h, b, age_s=-301), b),
    "signature is no base64": lambda h, b: ({**signed(h, b), "webhook-signature": "v1,!"}, b),
    "signature has no version": lambda h, b: ({**signed(h, b), "webhook-signature": "x"}, b),
    "timestamp is no number": lambda h, b: ({**signed(h, b), "webhook-timestamp": "now"}, b),
    "body is no text": lambda h, b: (signed(h, b), b"\xff"),
    "another event's id": lambda h, b: ({**signed(h, b), "ce-id": "0"}, b),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
async def test_a_forged_request_is_refused_and_reaches_no_function(
    forge: Callable[[dict[str, str], bytes], tuple[dict[str, str], bytes]],
) -> None:
    got: list[CrawlFailed] = []
    subscriber = subscribe("crawl.failed", secret=SECRET)(got.append)

    assert (await subscriber.handle(*forge(*push()))).status == 401
    assert got == []


async def test_a_signed_request_is_handled() -> None:
    got: list[CrawlFailed] = []
    subscriber = subscribe("crawl.failed", secret=SECRET)(got.append)
    headers, body = push()

    assert (await subscriber.handle({k.title(): v for k, v in signed(headers, body).items()}, body)).status == 204
    assert got == [FAILED]


async def request(
    app: Callable[..., Awaitable[None]], headers: Mapping[str, str], *body: bytes, method: str = "POST"
) -> tuple[int, bytes]:
    """One request, its body in pieces."""
    pieces = [{"type": "http.request", "body": b, "more_body": True} for b in body]
    pieces.append({"type": "http.request", "body": b""})
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return pieces.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "headers": [(k.encode(), v.encode()) for k, v in headers.items()]}
    await app(scope, receive, send)
    return sent[0]["status"], sent[1]["body"]


async def test_the_web_application_puts_the_body_together_and_answers() -> None:
    got: list[CrawlFailed] = []
    app = subscribe("crawl.failed", secret=SECRET)(got.append).asgi
    headers, body = push()

    assert await request(app, signed(headers, body), body[:5], body[5:]) == (204, b"")
    assert (await request(app, headers, body))[0] == 401
    assert (await request(app, signed(headers, body), body, method="GET"))[0] == 405
    assert (await request(app, headers, *[b"x" * 600_000] * 3))[0] == 413
    assert got == [FAILED]


def test_an_envelope_of_ours_is_what_the_helpers_above_send() -> None:
    assert Envelope.from_http(*push()).data == FAILED.model_dump()
