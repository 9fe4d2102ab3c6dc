"""The event log after the database was restored into another cluster, whose transactions have other numbers."""

import pytest

from infra.postgres.database import Database
from infra.postgres.instance import recognise_restore
from tests.contract.events.house import House, failed, tell

FAR = "'9000000000000'::xid8"


@pytest.fixture
async def opened(house: House) -> House:
    """A house whose database was opened before, and has events."""
    await recognise_restore(house.database)
    for number in (1, 2):
        await tell(house.database, failed(number))
    return house


async def restore(database: Database) -> None:
    """Make it look as pg_dump and another cluster leave it: numbers from there lie in the future here."""
    await database.pool.execute(f"UPDATE events SET xid = {FAR}")
    await database.pool.execute("UPDATE instance SET cluster = cluster - 1")


async def subjects(house: House) -> list[str]:
    return [item["subject"] for item in (await house.get())[1]["items"]]


async def test_events_from_before_a_restore_are_read_before_those_that_follow(opened: House) -> None:
    await restore(opened.database)

    assert await recognise_restore(opened.database)
    await tell(opened.database, failed(3))

    assert await subjects(opened) == ["crawl-1", "crawl-2", "crawl-3"]


async def test_control_unrecognised_they_are_not_read_at_all(opened: House) -> None:
    await restore(opened.database)
    await tell(opened.database, failed(3))

    assert await subjects(opened) == ["crawl-3"]


async def test_places_from_before_a_restore_are_gone(opened: House) -> None:
    place = (await opened.get())[1]["next_page_token"]
    await restore(opened.database)

    await recognise_restore(opened.database)

    status, body = await opened.get(after=place)
    assert (status, body["code"]) == (410, "CURSOR_EXPIRED")
    async with opened.stream(last_event_id=place) as stream:
        assert (await stream.frame())["event"] == "reset"
        assert await stream.crawls(2) == ["crawl-1", "crawl-2"]


async def test_a_database_that_stayed_where_it_was_keeps_its_places(opened: House) -> None:
    place = (await opened.get())[1]["next_page_token"]

    assert not await recognise_restore(opened.database)

    assert (await opened.get(after=place))[0] == 200


async def test_a_restore_is_recognised_once(opened: House) -> None:
    await restore(opened.database)

    assert [await recognise_restore(opened.database) for _ in range(2)] == [True, False]


async def test_numbers_from_the_future_tell_of_a_restore_where_no_cluster_is_known(opened: House) -> None:
    await restore(opened.database)
    await opened.database.pool.execute("UPDATE instance SET cluster = NULL")

    assert await recognise_restore(opened.database)
