"""Only what is an event of its topic is published, whoever stored it."""

import json

import pytest
from structlog.testing import capture_logs

from infra.postgres.database import Database
from infra.runtime.events.relay import Relay
from schemas import catalogue
from tests.contract.relay.rig import Radio, failed, tell, time_passes, triggered, waiting

SPOILED = {
    "a field is missing": ("data = data - 'stage'", "stage: Field required"),
    "a number is a text": ("data = jsonb_set(data, '{attempt}', '\"1\"')", "attempt: Input should be a valid integer"),
    "the topic is unknown": ("type = 'crawl.exploded'", "no event is published on 'crawl.exploded'"),
}


async def spoil(database: Database, change: str) -> None:
    """As a process of another version might have stored it."""
    await database.pool.execute(f"UPDATE outbox SET {change} WHERE type = 'crawl.failed'")


@pytest.mark.parametrize(("change", "reason"), SPOILED.values(), ids=SPOILED)
async def test_what_does_not_fit_its_topic_is_not_told_and_holds_up_nothing(
    database: Database, change: str, reason: str
) -> None:
    await tell(database, triggered(1), failed(1), triggered(2))
    await spoil(database, change)
    radio = Radio()

    with capture_logs() as logs:
        assert await Relay(database, radio).sweep() == 2

    assert radio.told == [triggered(1).id, triggered(2).id]
    assert await waiting(database) == 1
    (said,) = [line for line in logs if line["log_level"] == "error"]
    assert said["event_id"] == failed(1).id
    assert said["reason"].startswith(reason)


async def test_a_process_that_knows_the_shape_tells_it_later(database: Database) -> None:
    await tell(database, failed(1))
    await spoil(database, "type = 'crawl.exploded'")
    radio = Radio()
    assert await Relay(database, radio).sweep() == 0

    await database.pool.execute("UPDATE outbox SET type = 'crawl.failed'")  # stands for the newer program
    assert await Relay(database, radio).sweep() == 0  # it is not looked at all the time

    await time_passes(database)
    assert await Relay(database, radio).sweep() == 1
    assert radio.told == [failed(1).id]


async def test_what_a_newer_version_added_is_told_as_it_was_stored(database: Database) -> None:
    await tell(database, failed(1))
    await spoil(database, "data = data || jsonb_build_object('added', 1)")
    sent = []

    class Wire(Radio):
        async def publish(self, envelopes: object) -> None:
            sent.extend(json.loads(one.body()) for one in envelopes)  # type: ignore[attr-defined]

    assert await Relay(database, Wire()).sweep() == 1
    assert sent[0]["added"] == 1


async def test_control_without_the_check_it_would_be_told(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "misfit", lambda _: None)
    await tell(database, failed(1))
    await spoil(database, SPOILED["a field is missing"][0])
    radio = Radio()

    assert await Relay(database, radio).sweep() == 1
