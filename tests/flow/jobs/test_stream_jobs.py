"""GET /api/background/stream/progress."""

import asyncio
import json as text
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from uuid import UUID

import pytest

from functions import clean_up
from infra.postgres.log_cursor import Cursor
from services.jobs.reading.job_feed import job_feed
from services.jobs.store.rows import telling
from tests.contract.events.house import Stream
from tests.flow.jobs.reader import STRANGERS, Reader

STREAM = "/api/background/stream/progress"
SHOWN = (
    "id status progress_message result_file_id job_id progress current_step steps_completed message kind queue attempt"
)


@asynccontextmanager
async def stream(reading: Reader, *, last_event_id: str | None = None, **query: Any) -> AsyncIterator[Stream]:
    """An open stream; ``first`` is its snapshot, or empty where it goes on."""
    headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
    url = reading.counter.url + STREAM
    async with reading.counter.http.get(url, params=query, headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        opened = Stream(answer)
        retry = await opened.frame()
        assert retry["retry"] == "2000"
        opened.first = await opened.frame() if last_event_id is None else retry
        yield opened


def shown(frame: dict[str, str]) -> list[str]:
    assert frame["event"] == "snapshot"
    return [job["id"] for job in json(frame)["jobs"]]


def json(frame: dict[str, str]) -> Any:
    return text.loads(frame["data"])


async def update(opened: Stream) -> Any:
    frame = await opened.frame()
    assert frame["event"] == "job_update", frame
    assert str(Cursor.parse(frame["id"])) == frame["id"]
    return json(frame)


async def tell(reading: Reader, job_id: UUID, what: str = "progress", **columns: Any) -> None:
    """A change of a job with its line, as the engine writes them."""
    said = ", ".join(f"{name} = {value}" for name, value in columns.items()) or "id = id"
    await reading.counter.sql(
        f"WITH moved AS (UPDATE jobs SET {said} WHERE id = $1 RETURNING *) {telling('moved', what)}", job_id
    )


async def test_a_stream_begins_with_the_jobs_that_are_not_over(reading: Reader) -> None:
    made = await reading.queue(3)
    await reading.queue(columns="state = 'completed', finished_at = now()")
    await reading.queue(tenant="other")

    async with stream(reading) as opened:
        assert shown(opened.first) == [str(one) for one in reversed(made)]
        assert set(SHOWN.split()) <= set(json(opened.first)["jobs"][0])
        assert opened.answer.headers["Content-Type"].startswith("text/event-stream")
        assert opened.answer.headers["X-Accel-Buffering"] == "no"


async def test_every_change_follows_with_the_seeds_fields(reading: Reader) -> None:
    async with reading.counter.working(), stream(reading) as opened:
        _, job = await reading.counter.submit(
            {"kind": "drill", "payload": {"steps": ["a", "b"], "result": {"result_file_id": "f"}}, "source_id": "s"}
        )
        told = [await update(opened)]
        while told[-1]["status"] != "completed":
            told.append(await update(opened))

    assert {one["job_id"] for one in told} == {one["id"] for one in told} == {job["job_id"]}
    assert [one["type"] for one in told][:2] == ["queued", "started"]
    assert [one["progress"] for one in told] == sorted(one["progress"] for one in told)
    assert told[-1]["steps_completed"] == ["a", "b"]
    assert [one["result_file_id"] for one in told] == [None] * (len(told) - 1) + ["f"]
    assert all(set(SHOWN.split()) <= set(one) for one in told)
    assert {(one["kind"], one["queue"], one["attempt"], one["source_id"]) for one in told} == {
        ("drill", "drill", 1, "s")
    }


async def test_a_failure_says_why(reading: Reader) -> None:
    async with reading.counter.working(), stream(reading) as opened:
        await reading.counter.submit({"kind": "drill", "payload": {"fail": True}})
        while (told := await update(opened))["status"] != "failed":
            pass

    assert told["message"] == told["progress_message"] == "The drill failed, as it was told to"


@pytest.mark.parametrize("by", ["job_id", "kind", "batch_id", "source_id"])
async def test_a_stream_can_be_narrowed(reading: Reader, by: str) -> None:
    batch = UUID(int=7)
    [job_id] = await reading.queue(kind="wanted", batch_id=batch, source_id="w")
    [other] = await reading.queue(kind="other", batch_id=UUID(int=8), source_id="o")
    [foreign] = await reading.queue(kind="wanted", batch_id=batch, source_id="w", tenant="other")
    value = {"job_id": job_id, "kind": "wanted", "batch_id": batch, "source_id": "w"}[by]

    async with stream(reading, **{by: str(value)}) as opened:
        assert shown(opened.first) == [str(job_id)]
        for one in (other, foreign, job_id):
            await tell(reading, one, progress="5")

        assert (await update(opened))["job_id"] == str(job_id)


async def test_one_job_is_shown_also_if_it_is_over(reading: Reader) -> None:
    [job_id] = await reading.queue(columns="state = 'completed', progress = 100, finished_at = now()")

    async with stream(reading, job_id=str(job_id)) as opened:
        [job] = json(opened.first)["jobs"]

    assert (job["status"], job["progress"]) == ("completed", 100)


@pytest.mark.parametrize("payload", [{"result": {"result_file_id": "f"}}, {"fail": True}])
async def test_one_job_is_shown_as_it_was_also_if_it_is_archived(reading: Reader, payload: dict[str, Any]) -> None:
    async with reading.counter.working(), stream(reading) as opened:
        _, job = await reading.counter.submit({"kind": "drill", "payload": payload, "source_id": "s"})
        while (await update(opened))["status"] not in {"completed", "failed"}:
            pass
    await reading.counter.sql("UPDATE jobs SET finished_at = finished_at - interval '1 year', discarded_at = now()")
    await reading.counter.sql("UPDATE job_events SET at = at - interval '1 year'")
    async with stream(reading, job_id=job["job_id"]) as before:
        await clean_up.main.function.build(reading.counter.runtime)(asyncio.Event())
    assert await reading.ids() == []

    async with stream(reading, job_id=job["job_id"]) as after, stream(reading, job_id=job["job_id"], kind="k") as none:
        assert json(after.first)["jobs"] == json(before.first)["jobs"] != []
        assert json(none.first)["jobs"] == []


@pytest.mark.parametrize("stranger", STRANGERS)
async def test_a_job_nobody_has_is_not_found(reading: Reader, stranger: str) -> None:
    assert (await reading.get(STREAM, job_id=stranger))[0] == 404


async def test_a_job_of_another_tenant_is_not_found(reading: Reader) -> None:
    [foreign] = await reading.queue(tenant="other")

    assert (await reading.get(STREAM, job_id=str(foreign)))[0] == 404


async def test_a_cut_stream_goes_on_where_it_ended(reading: Reader) -> None:
    [job_id] = await reading.queue()
    async with stream(reading) as opened:
        place = opened.first["id"]
        await tell(reading, job_id, progress="10")
        await update(opened)
    await tell(reading, job_id, progress="20")

    async with stream(reading, last_event_id=place) as again:
        assert [(await update(again))["progress"] for _ in range(2)] == [10, 20]


async def test_what_the_snapshot_shows_is_not_told_again(reading: Reader) -> None:
    [job_id] = await reading.queue()
    async with AsyncExitStack() as later:
        async with reading.counter.runtime.database.pool.acquire() as slow, slow.transaction():
            await slow.execute("INSERT INTO queues (name) VALUES ('x')")  # until its end nothing is settled
            for progress in (10, 20, 30):
                await tell(reading, job_id, progress=str(progress))
            opened = await later.enter_async_context(stream(reading))
            assert json(opened.first)["jobs"][0]["progress"] == 30
        await tell(reading, job_id, progress="40")

        assert (await update(opened))["progress"] == 40

    async with stream(reading, last_event_id=opened.first["id"]) as again:
        assert (await update(again))["progress"] == 10  # the control: after its place there was what was shown


async def test_a_long_snapshot_comes_in_parts_and_ends_with_its_place(reading: Reader) -> None:
    await reading.counter.sql(
        "INSERT INTO jobs (id, kind, queue) SELECT gen_random_uuid(), 'k', 'q' FROM generate_series(1, 1200)"
    )
    async with stream(reading) as opened:
        frames = [opened.first]
        while "id" not in frames[-1]:
            frames.append(await opened.frame())

    ids = [one for frame in frames for one in shown(frame)]
    assert len(ids) == len(set(ids)) == 1000
    assert [json(frame)["truncated"] for frame in frames] == [False] * 9 + [True]


@pytest.mark.parametrize("lost", ["epoch", "retention"])
async def test_a_lost_place_is_reset_to_a_snapshot(reading: Reader, lost: str) -> None:
    [job_id] = await reading.queue()
    async with stream(reading) as opened:
        place = opened.first["id"]
    await tell(reading, job_id, progress="10")
    if lost == "epoch":
        await reading.counter.sql("UPDATE instance SET epoch = epoch + 1")
    else:
        await reading.counter.sql("DELETE FROM job_events WHERE type = 'queued'")

    async with stream(reading, last_event_id=place) as again:
        reset, snapshot = await again.frame(), await again.frame()
        assert reset["event"] == "reset"
        assert json(snapshot)["jobs"][0]["progress"] == 10
        await tell(reading, job_id, progress="20")
        assert (await update(again))["progress"] == 20


async def test_open_streams_end_when_the_process_stops(reading: Reader) -> None:
    async with stream(reading) as opened:
        reading.counter.runtime.once(job_feed).close()

        assert await opened.frame() == {}


@pytest.mark.parametrize(
    ("query", "header", "status"),
    [({}, "x", 400), ({"colour": "red"}, None, 422), ({"batch_id": "x"}, None, 422), ({"kind": ""}, None, 422)],
)
async def test_a_wrong_question_is_answered_with_a_problem(
    reading: Reader, query: dict[str, str], header: str | None, status: int
) -> None:
    headers = {"Last-Event-ID": header} if header else {}
    async with reading.counter.http.get(reading.counter.url + STREAM, params=query, headers=headers) as answer:
        assert (answer.status, answer.content_type) == (status, "application/problem+json")
