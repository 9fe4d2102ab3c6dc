"""A document job whose model is away keeps what it has, says why, and goes on when the model is back."""

from dataclasses import replace

from services.documents.models.resting import MOST_SILENCES, REST_SECONDS, Resting
from services.documents.wiring import documents
from tests.flow.documents.readers import Away
from tests.flow.documents.shelf import Shelf, lamp


async def test_while_its_model_is_away_a_job_waits_and_then_goes_on(shelf: Shelf) -> None:
    model, now, runtime = Away(), [0.0], shelf.house.runtime
    resting = Resting(model, clock=lambda: now[0])
    runtime.built[documents] = replace(runtime.once(documents), model=resting)
    await shelf.concept()
    crawl_id = await shelf.crawl(*map(lamp, range(7)))
    await shelf.tell(crawl_id)

    for _ in range(2):
        await shelf.work()
        await shelf.house.hurry()
    [job] = await shelf.jobs()
    assert (job["error_code"], job["error_message"]) == ("MODEL_RESTING", "reader did not answer")
    assert (job["state"], job["tries"]) == ("ready", 2)
    assert len(model.read) == MOST_SILENCES  # the second try asked nobody
    assert {row["status"] for row in await shelf.rows(crawl_id)} == {"pending"}

    model.back, now[0] = True, REST_SECONDS
    await shelf.work()
    [job] = await shelf.jobs()
    assert (job["state"], job["result"]["processed_count"], job["result"]["error_count"]) == ("completed", 7, 0)
    assert await shelf.labels(crawl_id) == ["Product"] * 7
