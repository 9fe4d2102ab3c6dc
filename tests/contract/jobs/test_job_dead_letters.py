"""Dead letters: listed with their reasons, replayed, or discarded."""

from typing import Any, cast
from uuid import UUID

import pytest

from infra.runtime.events.bus import DeadLetterUnknown
from infra.runtime.http.page_token import InvalidPage
from services.jobs.commanding.discard_dead_letter import discard_dead_letter
from services.jobs.commanding.list_dead_letters import list_dead_letters
from services.jobs.store.dead import Dead
from tests.contract.jobs.letters import Letters, dead, letter, listed
from tests.contract.jobs.rig import Desk


async def test_a_failed_job_is_listed_with_its_reason_and_where_its_payload_is(desk: Desk) -> None:
    [job_id] = await dead(desk, source_id="s")

    [item] = await listed(desk)

    assert (item["id"], item["source"], item["kind"], item["queue"]) == (str(job_id), "jobs", "k", "q")
    assert (item["code"], item["reason"], item["attempt"]) == ("FINAL", "not what was promised", 1)
    assert item["payload"] == f"/api/background/job/{job_id}"
    assert item["error"]["recovery"]


async def test_jobs_and_messages_are_listed_together_the_last_first_page_after_page(desk: Desk) -> None:
    jobs = await dead(desk, 3)
    bus = Letters([letter(ago=30.0), letter(ago=90.0), letter(tenant="other", ago=100.0)])

    found = await listed(desk, bus)

    assert [one["id"] for one in found] == [
        str(jobs[0]),
        bus.found[0].id,
        str(jobs[1]),
        bus.found[1].id,
        str(jobs[2]),
    ]
    assert [one["id"] for one in await listed(desk, bus, source="bus")] == [one.id for one in bus.found[:2]]
    assert [one["id"] for one in await listed(desk, bus, source="jobs")] == [str(one) for one in jobs]


async def test_a_page_reads_no_more_messages_than_it_shows_and_never_another_tenants(desk: Desk) -> None:
    mine = [letter(ago=1.0 * number) for number in range(5)]
    bus = Letters([*[letter(tenant="other") for _ in range(9)], *mine])

    found = await listed(desk, bus, page_size=2)

    assert [one["id"] for one in found] == [one.id for one in mine]
    assert set(bus.asked) == {3}


async def test_the_list_can_be_narrowed(desk: Desk) -> None:
    [job_id] = await dead(desk)

    for asked in ({"kind": "other"}, {"queue": "other"}, {"code": "OTHER"}, {"tenant": "other"}):
        assert await listed(desk, **asked) == []
    assert [one["id"] for one in await listed(desk, kind="k", queue="q", code="FINAL")] == [str(job_id)]


async def test_a_forged_token_is_refused(desk: Desk) -> None:
    with pytest.raises(InvalidPage):
        await list_dead_letters(
            Dead(tenant="default"),
            source=None,
            page_size=2,
            page_token="forged",
            database=desk.database,
            bus=Letters(),
        )


async def test_a_discarded_job_is_listed_no_more_keeps_the_reason_and_can_be_retried(desk: Desk) -> None:
    [job_id] = await dead(desk)
    given = {"tenant": "default", "database": desk.database, "bus": cast("Any", Letters())}

    assert await discard_dead_letter(job_id, reason="old news", **given) == "jobs"

    row = await desk.row(job_id)
    assert (row["state"], row["discard_reason"], await listed(desk)) == ("failed", "old news", [])
    assert (await desk.told(job_id))[-1] == "discarded"
    with pytest.raises(DeadLetterUnknown):
        await discard_dead_letter(job_id, reason="again", **given)


async def test_a_discarded_message_is_forgotten(desk: Desk) -> None:
    bus = Letters([letter()])

    given = {"tenant": "default", "database": desk.database, "bus": bus}
    assert await discard_dead_letter(UUID(bus.found[0].id), reason="old news", **given) == "bus"

    assert bus.discarded == [bus.found[0].id]


async def test_control_a_job_that_did_not_fail_is_no_dead_letter(desk: Desk) -> None:
    [job_id] = await desk.queue()

    assert await listed(desk) == []
    with pytest.raises(DeadLetterUnknown):
        await discard_dead_letter(job_id, reason="x", tenant="default", database=desk.database, bus=Letters())
