"""Records of a completed crawl become documents, and what they are about is found, whatever comes between."""

import asyncio
from typing import Any

import pytest

from services.documents import classify_documents
from services.documents.extraction import extract_documents
from services.documents.store import documents
from services.jobs.engine.settle import LeaseLost
from services.jobs.job import Done, Resume
from tests.flow.crawling.commands import download
from tests.flow.crawling.rig import Killed
from tests.flow.documents.readers import Moody, Mortal, Reader, Slow
from tests.flow.documents.shelf import Shelf, lamp

DEAD = {"error": "dead page", "error_code": "dead_page", "input": {"url": "https://shop.example/0"}}
TITLES = [f"Lamp {number} - product" for number in range(7)]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Documents are stored and classified by twos."""
    monkeypatch.setattr(extract_documents, "BATCH", 2)
    monkeypatch.setattr(extract_documents, "REMOVED_AT_ONCE", 2)
    monkeypatch.setattr(classify_documents, "AT_ONCE", 2)


async def queued(shelf: Shelf, many: int = 7) -> Any:
    """A crawl with so many lamps whose job is queued."""
    await shelf.concept()
    crawl_id = await shelf.crawl(*map(lamp, range(many)))
    await shelf.tell(crawl_id)
    return crawl_id


async def whole(shelf: Shelf, crawl_id: Any) -> None:
    """Each lamp is one document in which one thing was found, and the job is over."""
    assert [(row["title"], row["status"]) for row in await shelf.rows(crawl_id)] == [
        (title, "classified") for title in TITLES
    ]
    assert await shelf.labels(crawl_id) == ["Product"] * 7
    [job] = await shelf.jobs()
    assert job["state"] == "completed"
    counts = [job["result"][name] for name in ("document_count", "processed_count", "error_count")]
    assert counts == [7, 7, 0]


async def test_each_record_becomes_a_document_and_is_classified(shelf: Shelf) -> None:
    await shelf.concept()
    crawl_id = await shelf.crawl(lamp(1), DEAD, lamp(2))

    await shelf.tell(crawl_id)
    await shelf.work()

    rows = await shelf.rows(crawl_id)
    assert [(row["ordinal"], row["url"], row["title"], row["status"]) for row in rows] == [
        (1, "https://shop.example/1", "Lamp 1 - product", "classified"),
        (3, "https://shop.example/2", "Lamp 2 - product", "classified"),
    ]
    assert await shelf.labels(crawl_id) == ["Product", "Product"]
    [job] = await shelf.jobs()
    assert (job["state"], job["progress"]) == ("completed", 100)
    assert job["steps_completed"] == ["extracting", "classifying"]
    assert job["result"] == {
        "crawl_id": str(crawl_id),
        "attempt": 1,
        "document_count": 2,
        "processed_count": 2,
        "error_count": 0,
    }


@pytest.mark.usefixtures("small")
async def test_its_progress_is_seen_and_never_falls(shelf: Shelf) -> None:
    crawl_id = await queued(shelf)
    await shelf.work()

    told = await shelf.house.rows("SELECT progress, step FROM job_events WHERE kind = 'document' ORDER BY id")
    moved = [row["progress"] for row in told]
    await whole(shelf, crawl_id)
    assert moved == sorted(moved)
    assert len(set(moved)) > 8
    assert [row["step"] for row in told if 0 < row["progress"] <= 40] == ["extracting"] * 5
    assert {row["step"] for row in told if 40 < row["progress"] < 100} == {"classifying"}


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("batch", [1, 2, 4])
async def test_a_worker_that_dies_between_batches_leaves_the_rest_to_the_next(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    crawl_id, stored = await queued(shelf), 0
    add = documents.add

    async def dying(*args: Any, **more: Any) -> None:
        nonlocal stored
        stored += 1
        await add(*args, **more)
        if stored == batch:
            raise Killed

    monkeypatch.setattr(documents, "add", dying)
    with pytest.raises(Killed):
        await shelf.hold(crawl_id)
    assert len(await shelf.rows(crawl_id)) == 2 * (batch - 1)
    await shelf.house.end_leases()
    await shelf.work()

    await whole(shelf, crawl_id)
    assert stored == 5  # four batches, one of them twice


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("title", [TITLES[0], TITLES[3], TITLES[6]])
async def test_what_was_classified_before_a_death_is_not_asked_again(shelf: Shelf, title: str) -> None:
    crawl_id, first, second = await queued(shelf), Mortal(title), Reader()

    with pytest.raises(Killed):
        await shelf.hold(crawl_id, model=first)
    kept = [row["title"] for row in await shelf.rows(crawl_id) if row["status"] == "classified"]
    await shelf.house.end_leases()
    await shelf.hold(crawl_id, model=second)

    assert kept + second.read == TITLES
    await whole(shelf, crawl_id)


@pytest.mark.usefixtures("small")
async def test_long_work_goes_on_in_fresh_claims(shelf: Shelf) -> None:
    crawl_id, outcomes = await queued(shelf), list[Any]()

    while not outcomes or isinstance(outcomes[-1], Resume):
        outcomes.append(await shelf.hold(crawl_id, seconds=-1.0))

    assert len(outcomes) == 4 + 4 + 1
    await whole(shelf, crawl_id)


async def test_a_document_that_no_model_understands_is_kept_with_its_warning(shelf: Shelf) -> None:
    crawl_id = await queued(shelf, 3)

    done = await shelf.hold(crawl_id, model=Moody("Lamp 1 - product"))

    assert isinstance(done, Done)
    assert [done.result[name] for name in ("document_count", "processed_count", "error_count")] == [3, 2, 1]
    rows = await shelf.rows(crawl_id)
    assert [row["status"] for row in rows] == ["classified", "failed", "classified"]
    assert [[one["code"] for one in row["warnings"]] for row in rows] == [[], ["CLASSIFY_UNAVAILABLE"], []]
    assert await shelf.labels(crawl_id) == ["Product", "unknown", "Product"]


async def test_without_concepts_documents_are_there_and_say_why_nothing_is_found(shelf: Shelf) -> None:
    crawl_id, model = await shelf.crawl(lamp(1)), Reader()
    await shelf.tell(crawl_id)

    await shelf.hold(crawl_id, model=model)

    [row] = await shelf.rows(crawl_id)
    assert (row["status"], [one["code"] for one in row["warnings"]]) == ("classified", ["NO_CONCEPTS"])
    assert (await shelf.labels(crawl_id), model.read) == ([], [])


async def test_a_job_that_is_done_anew_makes_everything_anew(shelf: Shelf) -> None:
    crawl_id = await queued(shelf)
    await shelf.hold(crawl_id, model=Moody(TITLES[2]))
    await shelf.retry(crawl_id)

    await shelf.work()

    await whole(shelf, crawl_id)


@pytest.mark.usefixtures("small")
async def test_a_later_attempt_of_the_crawl_replaces_what_the_earlier_one_brought(shelf: Shelf) -> None:
    crawl_id = await queued(shelf)
    await shelf.work()
    await download(shelf.house, crawl_id)
    await shelf.house.finish(crawl_id)
    await shelf.bring(crawl_id, lamp(9))
    assert len(await shelf.rows(crawl_id)) == 7

    await shelf.tell(crawl_id)
    await shelf.work()

    assert [(row["attempt"], row["title"]) for row in await shelf.rows(crawl_id)] == [(2, "Lamp 9 - product")]
    assert [row["n"] for row in await shelf.house.rows("SELECT count(*) AS n FROM resources")] == [1]


async def test_a_job_whose_crawl_was_run_again_meanwhile_writes_nothing_any_more(shelf: Shelf) -> None:
    crawl_id, slow = await queued(shelf), Slow()
    at_work = asyncio.create_task(shelf.hold(crawl_id, model=slow))
    await slow.asked.wait()
    await download(shelf.house, crawl_id)
    await shelf.house.finish(crawl_id)
    await shelf.bring(crawl_id, lamp(9))
    await shelf.tell(crawl_id)
    await shelf.work()
    slow.let.set()

    done = await at_work

    assert isinstance(done, Done)
    assert done.result["superseded"] is True
    assert [row["title"] for row in await shelf.rows(crawl_id)] == ["Lamp 9 - product"]


async def test_a_worker_that_lost_its_lease_writes_nothing_any_more(shelf: Shelf) -> None:
    crawl_id, slow = await queued(shelf), Slow()
    at_work = asyncio.create_task(shelf.hold(crawl_id, model=slow))
    await slow.asked.wait()
    await shelf.house.end_leases()
    await shelf.work()
    slow.let.set()

    with pytest.raises(LeaseLost):
        await at_work

    await whole(shelf, crawl_id)


async def test_a_result_that_is_gone_fails_the_job_with_a_way_out(shelf: Shelf) -> None:
    crawl_id = await queued(shelf)
    [job] = await shelf.jobs()
    await shelf.house.context.lake.delete(job["payload"]["object_name"])

    await shelf.work()

    [job] = await shelf.jobs()
    assert (job["state"], job["error_code"], await shelf.rows(crawl_id)) == ("failed", "STORE_MISSING", [])
