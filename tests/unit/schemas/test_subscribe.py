"""What another team's function can rely on."""

import asyncio
import base64
import threading
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook

from schemas.catalogue import UnknownTopic
from schemas.event import Envelope, envelop
from schemas.events.crawl_failed import CrawlFailed
from schemas.events.crawl_triggered import CrawlTriggered
from schemas.subscribe import MemorySeen, Result, subscribe

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
FAILED = CrawlFailed(crawl_id="c", attempt=1, error="e", code="TIMEOUT", stage="s", recovery="r")


def push(event: CrawlFailed = FAILED, **more: Any) -> tuple[dict[str, str], bytes]:
    sent = envelop(event, time=datetime(2025, 1, 1, tzinfo=UTC), tenant="default")
    sent = sent.model_copy(update={"data": {**sent.data, **more}})
    return sent.headers(), sent.body()


def signed(headers: Mapping[str, str], body: bytes, *, secret: str = SECRET, age_s: float = 0) -> dict[str, str]:
    at = datetime.now(UTC) - timedelta(seconds=age_s)
    return {
        **headers,
        "webhook-id": headers["ce-id"],
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(headers["ce-id"], at, body.decode()),
    }


async def test_a_sync_function_gets_the_typed_event_off_the_event_loop() -> None:
    got: list[tuple[CrawlFailed, int]] = []

    @subscribe("crawl.failed")
    def note(event: CrawlFailed) -> None:
        got.append((event, threading.get_ident()))

    assert await note.handle(*push(field_of_tomorrow=[1])) == Result(204)
    assert [event for event, _ in got] == [FAILED]
    assert got[0][1] != threading.get_ident()


async def test_an_async_function_is_awaited() -> None:
    got = []

    @subscribe("crawl.failed")
    async def note(event: CrawlFailed) -> None:
        await asyncio.sleep(0)
        got.append(event["crawl_id"])

    assert (await note.handle(*push())).status == 204
    assert got == ["c"]


async def test_an_object_with_an_async_call_is_awaited() -> None:
    class Note:
        got = 0

        async def __call__(self, event: CrawlFailed) -> None:
            await asyncio.sleep(0)
            self.got += 1

    note = Note()

    assert (await subscribe("crawl.failed")(note).handle(*push())).status == 204
    assert note.got == 1


def test_calling_the_subscriber_calls_the_function() -> None:
    @subscribe("crawl.failed")
    def note(event: CrawlFailed) -> str:
        return event.code

    assert note(FAILED) == "TIMEOUT"


async def test_a_repetition_is_acknowledged_and_not_handled() -> None:
    got = []

    @subscribe("crawl.failed")
    def note(event: CrawlFailed) -> None:
        got.append(event)

    answers = [(await note.handle(*push())).status for _ in range(3)]

    assert answers == [204, 204, 204]
    assert len(got) == 1


async def test_other_events_and_other_functions_are_not_repetitions() -> None:
    got, seen = [], MemorySeen()
    functions = [
        subscribe("crawl.failed", seen=seen, name=name)(lambda event: got.append(event.attempt)) for name in ("a", "b")
    ]

    for function in functions:
        for attempt in (1, 2):
            await function.handle(*push(FAILED.model_copy(update={"attempt": attempt})))

    assert got == [1, 2, 1, 2]


async def test_a_function_that_failed_gets_the_event_again() -> None:
    calls = []

    @subscribe("crawl.failed")
    def note(event: CrawlFailed) -> None:
        calls.append(event)
        if len(calls) == 1:
            raise RuntimeError("first time")

    assert [(await note.handle(*push())).status for _ in range(3)] == [500, 204, 204]
    assert len(calls) == 2


async def test_the_mark_is_written_after_the_function_and_only_then() -> None:
    order = []

    class Book:
        async def has(self, subscriber: str, event_id: str) -> bool:
            order.append("has")
            return False

        async def add(self, subscriber: str, event_id: str) -> None:
            order.append("add")
            raise ConnectionError("the memory is away")

    subscriber = subscribe("crawl.failed", seen=Book())(lambda _: order.append("function"))

    assert (await subscriber.handle(*push())).status == 500  # unknown whether it is marked: it comes again
    assert order == ["has", "function", "add"]


async def test_a_repetition_during_the_first_handling_is_told_to_come_back() -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    @subscribe("crawl.failed")
    async def note(event: CrawlFailed) -> None:
        begun.set()
        await go.wait()

    first = asyncio.create_task(note.handle(*push()))
    await begun.wait()
    second = await note.handle(*push())
    go.set()

    assert (second.status, (await first).status, (await note.handle(*push())).status) == (409, 204, 204)


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


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, b"{}"),
        (push()[0], b"not json"),
        (push()[0], b"{}"),
        (push()[0] | {"ce-type": "crawl.triggered"}, push()[1]),
        push(attempt=0),
    ],
    ids=["no attributes", "no json", "no fields", "another type", "wrong field"],
)
async def test_what_cannot_be_read_is_a_bad_request(headers: dict[str, str], body: bytes) -> None:
    got: list[CrawlFailed] = []

    assert (await subscribe("crawl.failed")(got.append).handle(headers, body)).status == 400
    assert got == []


def test_a_topic_nobody_publishes_is_refused_at_once() -> None:
    with pytest.raises(UnknownTopic):
        subscribe("crawl.exploded")


def test_a_function_that_takes_another_event_is_refused_at_once() -> None:
    def load(event: CrawlTriggered) -> None:
        """Never called."""

    with pytest.raises(TypeError, match="brings CrawlFailed, but the function takes CrawlTriggered"):
        subscribe("crawl.failed")(load)


async def test_memory_is_bounded_and_forgets_the_oldest() -> None:
    seen = MemorySeen(capacity=2)
    for event_id in ("1", "2", "3"):
        await seen.add("me", event_id)

    assert [await seen.has("me", event_id) for event_id in ("1", "2", "3")] == [False, True, True]


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
