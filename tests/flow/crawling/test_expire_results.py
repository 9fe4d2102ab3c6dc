"""Results leave the lake in their time; what the warehouse has of them stays."""

from typing import Any

import pytest

from services.crawling.erasing import expire_results as expiring
from services.crawling.erasing.expire_results import expire_results
from tests.flow.crawling.rig import House


async def test_results_go_when_their_time_is_over(house: House) -> None:
    kept = await house.stored("ready_after:0,records:1")
    wished = await house.stored("ready_after:0,records:1", order={"keep_days": 2})
    await house.work("load")
    places: dict[str, Any] = {"database": house.context.database, "lake": house.context.lake}
    assert await expire_results(days=None, **places) == 0

    await house.sql(
        "UPDATE stored_results SET expires_at = expires_at - interval '3 days',"
        " stored_at = stored_at - interval '3 days'"
    )

    assert await expire_results(days=None, **places) == 1
    assert await house.lake_names(wished) == []
    assert await house.visible(wished) == [(1, 1)]
    assert await expire_results(days=4, **places) == 0
    assert await house.lake_names(kept) != []
    assert await expire_results(days=2, **places) == 1
    assert await house.lake_names(kept) == []


async def test_results_that_are_still_to_be_loaded_keep_no_others(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiring, "BATCH", 2)
    loaded = await house.stored("ready_after:0,records:1")
    await house.work("load")
    waiting = [await house.stored("ready_after:0,records:1") for _ in range(4)]
    await house.sql("UPDATE stored_results SET stored_at = now() - interval '9 days'")
    await house.sql("UPDATE stored_results SET stored_at = now() - interval '3 days' WHERE crawl_id = $1", loaded)
    places: dict[str, Any] = {"database": house.context.database, "lake": house.context.lake}

    assert await expire_results(days=2, **places) == 1
    assert await expire_results(days=2, **places) == 0

    assert await house.lake_names(loaded) == []
    assert all([await house.lake_names(one) for one in waiting])
