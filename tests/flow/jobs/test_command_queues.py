"""Commands to queues: they do what they answer, or change nothing."""

import pytest

from tests.flow.jobs.counter import Counter


@pytest.mark.parametrize("own", [True, False], ids=["paused itself", "not paused itself"])
async def test_one_queue_is_not_resumed_while_all_are_paused_together(desk: Counter, *, own: bool) -> None:
    if own:
        await desk.ask("POST", "/queue/pause?queue=drill")
    _, before = await desk.ask("POST", "/queue/pause")

    status, problem = await desk.ask("POST", "/queue/resume?queue=drill")

    assert (status, problem["code"]) == (409, "ALL_QUEUES_PAUSED")
    assert (await desk.ask("POST", "/queue/pause"))[1] == before
    assert (await desk.ask("POST", "/queue/resume"))[1] == {"all_paused": False, "paused": []}


async def test_one_queue_is_resumed_while_others_rest(desk: Counter) -> None:
    for name in ("drill", "load"):
        await desk.ask("POST", f"/queue/pause?queue={name}")

    assert await desk.ask("POST", "/queue/resume?queue=drill") == (200, {"all_paused": False, "paused": ["load"]})


async def test_only_limits_that_are_named_change_and_null_takes_one_away(desk: Counter) -> None:
    async def put(**limits: int | None) -> list[int | None]:
        _, held = await desk.ask("PUT", "/queue/limits", {"queue": "drill", **limits})
        return [held["concurrency"], held["tenant_concurrency"]]

    assert await put(concurrency=5, tenant_concurrency=2) == [5, 2]
    assert await put() == [5, 2]
    assert await put(concurrency=7) == [7, 2]
    assert await put(concurrency=None) == [None, 2]
    [row] = await desk.rows("SELECT concurrency, tenant_concurrency FROM queues WHERE name = 'drill'")
    assert list(row) == [None, 2]
