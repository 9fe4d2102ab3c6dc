"""What another team's function can rely on."""

import asyncio
import threading

import pytest

from schemas.catalogue import UnknownTopic
from schemas.events.crawl_failed import CrawlFailed
from schemas.events.crawl_triggered import CrawlTriggered
from schemas.subscribe import MemorySeen, Result, subscribe
from tests.unit.schemas.pushes import FAILED, push


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
