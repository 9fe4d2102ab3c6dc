"""GET /api/v1/events."""

from collections.abc import AsyncIterator

import pytest

from infra.postgres import outbox
from infra.postgres.database import Database
from schemas.catalogue import event_types
from tests.contract.events.house import House, failed, tell, triggered


async def everything(house: House, **query: str) -> AsyncIterator[str]:
    """Subjects of all pages."""
    after: dict[str, str] = {}
    while True:
        status, page = await house.get(limit=2, **query, **after)
        assert status == 200
        for item in page["items"]:
            yield item["subject"]
        if not page["items"]:
            return
        after = {"after": page["next_page_token"]}


async def test_events_are_cloudevents_in_the_order_they_were_told(house: House) -> None:
    await tell(house.database, triggered(1))
    await tell(house.database, failed(1))

    status, page = await house.get()

    assert status == 200
    assert [item["type"] for item in page["items"]] == ["crawl.triggered", "crawl.failed"]
    first = page["items"][0]
    assert first["id"] == triggered(1).id
    assert first["data"] == triggered(1).model_dump(mode="json")
    assert {name: first[name] for name in ("specversion", "source", "subject", "tenant", "datacontenttype")} == {
        "specversion": "1.0",
        "source": "//headrace/crawls",
        "subject": "crawl-1",
        "tenant": "default",
        "datacontenttype": "application/json",
    }


async def test_pages_join_without_gap_or_repetition_and_new_events_follow(house: House) -> None:
    await tell(house.database, *(failed(number) for number in range(5)))
    assert [subject async for subject in everything(house)] == [f"crawl-{number}" for number in range(5)]
    _, last = await house.get()
    _, empty = await house.get(after=last["next_page_token"])
    assert empty == {"items": [], "next_page_token": last["next_page_token"]}

    await tell(house.database, failed(9))

    _, page = await house.get(after=empty["next_page_token"])
    assert [item["subject"] for item in page["items"]] == ["crawl-9"]


async def test_an_empty_log_gives_a_place_to_go_on_from(house: House) -> None:
    _, page = await house.get()
    await tell(house.database, failed(1))

    _, later = await house.get(after=page["next_page_token"])

    assert [item["subject"] for item in later["items"]] == ["crawl-1"]


async def test_events_can_be_chosen_by_type_and_crawl(house: House) -> None:
    await tell(house.database, triggered(1), failed(1), triggered(2), failed(2), failed(3))

    assert [s async for s in everything(house, type="crawl.failed")] == ["crawl-1", "crawl-2", "crawl-3"]
    assert [s async for s in everything(house, crawl_id="crawl-2")] == ["crawl-2", "crawl-2"]
    assert [s async for s in everything(house, type="crawl.failed", crawl_id="crawl-2")] == ["crawl-2"]


async def test_another_tenants_events_are_not_there(house: House) -> None:
    await tell(house.database, failed(1), tenant="other")
    await tell(house.database, failed(2))

    assert [subject async for subject in everything(house)] == ["crawl-2"]


async def seen_around_a_slow_transaction(house: House, *, by_number: bool) -> list[str]:
    """Ids a reader gets when a transaction that holds a lower number commits later."""
    slow = await house.database.pool.acquire()
    transaction = slow.transaction()
    await transaction.start()
    await outbox.store(slow, [outbox.fact(failed(1), tenant="default")])
    await tell(house.database, failed(2))
    seen: list[str] = []
    token, last = "", 0
    for commit in (True, False):
        if by_number:
            rows = await house.database.pool.fetch("SELECT seq, subject FROM events WHERE seq > $1 ORDER BY seq", last)
            seen += [row["subject"] for row in rows]
            last = max([last, *(row["seq"] for row in rows)])
        else:
            _, page = await house.get(**({"after": token} if token else {}))
            seen += [item["subject"] for item in page["items"]]
            token = page["next_page_token"]
        if commit:
            await transaction.commit()
            await house.database.pool.release(slow)
    return seen


async def test_an_event_that_commits_late_is_read_all_the_same(house: House) -> None:
    assert await seen_around_a_slow_transaction(house, by_number=False) == ["crawl-1", "crawl-2"]


async def test_control_a_reader_by_number_misses_it(house: House) -> None:
    assert await seen_around_a_slow_transaction(house, by_number=True) == ["crawl-2"]


@pytest.mark.parametrize(
    "after", ["x", "1-2", "1-2-3-4", "-1-0-0", "1-99999999999999999999-1", "1-1-9999999999999999999"]
)
async def test_what_is_no_place_is_a_bad_request(house: House, after: str) -> None:
    status, problem = await house.get(after=after)

    assert (status, problem["code"]) == (400, "INVALID_CURSOR")


async def test_a_place_of_another_epoch_or_of_a_dropped_event_is_gone(house: House) -> None:
    await tell(house.database, failed(1))
    _, page = await house.get()
    epoch, xid, seq = page["next_page_token"].split("-")
    assert (await house.get(after=f"{int(epoch) + 1}-{xid}-{seq}"))[1]["code"] == "CURSOR_EXPIRED"
    await tell(house.database, failed(2))
    await house.database.pool.execute("DELETE FROM events WHERE subject = 'crawl-1'")

    status, problem = await house.get(after=page["next_page_token"])

    assert (status, problem["code"]) == (410, "CURSOR_EXPIRED")


async def test_an_unknown_type_is_answered_with_those_there_are(house: House) -> None:
    status, problem = await house.get(type="crawl.exploded")

    assert (status, problem["code"], problem["allowed"]) == (422, "UNKNOWN_TOPIC", list(event_types()))


@pytest.mark.parametrize("limit", ["0", "1001", "many"])
async def test_a_limit_out_of_range_is_refused(house: House, limit: str) -> None:
    assert (await house.get(limit=limit))[0] == 422


async def test_the_log_is_read_through_its_index(database: Database) -> None:
    await tell(database, *(failed(number) for number in range(300)))
    await database.pool.execute("ANALYZE events")
    place = await database.pool.fetchrow("SELECT xid, seq FROM events ORDER BY xid DESC, seq DESC OFFSET 3 LIMIT 1")

    plan = await database.pool.fetch(
        "EXPLAIN (ANALYZE, BUFFERS OFF) SELECT * FROM events WHERE (xid, seq) > ($1::xid8, $2::bigint)"
        " AND xid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY xid, seq LIMIT 100",
        *place,
    )

    assert not any("Seq Scan" in row[0] and "never executed" not in row[0] for row in plan)
