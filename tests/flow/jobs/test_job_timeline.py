"""GET /api/background/job/{id}/events."""

from tests.contract.jobs.rig import until
from tests.flow.jobs.reader import Reader


async def test_a_timeline_tells_what_happened_oldest_first(reading: Reader) -> None:
    async with reading.counter.working():
        _, job = await reading.counter.submit({"kind": "drill", "payload": {"steps": ["a", "b"]}})

        async def over() -> bool:
            return bool((await reading.read(f"/api/background/job/{job['job_id']}"))["status"] == "completed")

        await until(over)

    lines = (await reading.read(f"/api/background/job/{job['job_id']}/events"))["items"]

    assert [line["type"] for line in lines][:2] == ["queued", "started"]
    assert lines[-1]["type"] == lines[-1]["status"] == "completed"
    assert next(line["current_step"] for line in lines if line["type"] == "progress") == "a"
    assert [line["progress"] for line in lines] == sorted(line["progress"] for line in lines)
    assert lines[-1]["progress"] == 100
    assert {line["attempt"] for line in lines} == {1}


async def test_a_long_timeline_comes_in_pages(reading: Reader) -> None:
    [job_id] = await reading.queue()
    await reading.counter.sql(
        "INSERT INTO job_events (job_id, attempt, type, data)"
        " SELECT $1, 1, 'progress', jsonb_build_object('n', n) FROM generate_series(1, 6) n",
        job_id,
    )
    path, found, query = f"/api/background/job/{job_id}/events", [], {"page_size": 3}
    while True:
        body = await reading.read(path, **query)
        found += [line["data"].get("n") for line in body["items"]]
        if body["next_page_token"] is None:
            break
        query["page_token"] = body["next_page_token"]

    assert found == [None, 1, 2, 3, 4, 5, 6]


async def test_a_token_of_another_jobs_timeline_is_refused(reading: Reader) -> None:
    [one, other] = await reading.queue(2)
    for job_id in (one, other):
        await reading.counter.sql("INSERT INTO job_events (job_id, attempt, type) VALUES ($1, 1, 'progress')", job_id)
    token = (await reading.read(f"/api/background/job/{one}/events", page_size=1))["next_page_token"]

    status, problem = await reading.get(f"/api/background/job/{other}/events", page_token=token)

    assert (status, problem["errors"][0]["field"]) == (400, "page_token")
    assert (await reading.get(f"/api/background/job/{one}/events", page_token=token))[0] == 200
