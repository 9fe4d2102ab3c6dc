"""What becomes of a message in an event function."""

from datetime import UTC, datetime
from typing import Any

import pytest

from infra.runtime.events.bus import PoisonMessage, final
from infra.runtime.events.subscriber import receive, subscriber
from schemas.envelope import Envelope
from schemas.events.crawl_failed import CrawlFailed
from schemas.problem import Problem, ProblemClass

DATA: dict[str, Any] = {
    "crawl_id": "c",
    "attempt": 1,
    "error": "e",
    "code": "TIMEOUT",
    "stage": "polling_timeout",
    "recovery": "r",
}


class Denied(Problem):
    code = "PROVIDER_AUTH"
    kind = ProblemClass.AUTH


def envelope(topic: str = CrawlFailed.topic, **changes: Any) -> Envelope:
    data = {name: value for name, value in {**DATA, **changes}.items() if value is not ...}
    return Envelope(id="i", type=topic, subject="c", time=datetime(2025, 1, 1, tzinfo=UTC), data=data)


class Use:
    """A use case that keeps what it gets."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.got: list[CrawlFailed] = []
        self._failure = failure

    async def __call__(self, event: CrawlFailed) -> None:
        self.got.append(event)
        if self._failure is not None:
            raise self._failure


async def test_the_function_gets_the_typed_event_and_unknown_fields_are_ignored() -> None:
    use = Use()

    await receive(envelope(field_of_tomorrow=1), CrawlFailed, use)

    assert use.got == [CrawlFailed(**DATA)]


@pytest.mark.parametrize(
    "message",
    [
        envelope(topic="crawl.exploded"),
        envelope(stage=...),
        envelope(attempt=0),
        envelope(attempt="many"),
        envelope(crawl_id=None),
    ],
    ids=["other topic", "missing field", "out of range", "wrong type", "null"],
)
async def test_a_message_that_cannot_be_read_is_poison_and_reaches_no_function(message: Envelope) -> None:
    use = Use()

    with pytest.raises(PoisonMessage) as caught:
        await receive(message, CrawlFailed, use)

    assert final(caught.value) == "poison"
    assert use.got == []


async def test_the_reason_for_poison_names_fields_and_no_values() -> None:
    with pytest.raises(PoisonMessage) as caught:
        await receive(envelope(attempt="hunter2", stage=...), CrawlFailed, Use())

    assert "attempt: int_parsing" in caught.value.detail
    assert "stage: missing" in caught.value.detail
    assert "hunter2" not in caught.value.detail


@pytest.mark.parametrize("failure", [Denied("no"), RuntimeError("a bug")])
async def test_what_the_function_raises_is_left_to_the_bus(failure: Exception) -> None:
    with pytest.raises(type(failure)) as caught:
        await subscriber(CrawlFailed, Use(failure))(envelope(), 1)

    assert caught.value is failure
