"""Pages and runs that are submitted again under their Idempotency-Key are submitted once."""

from typing import Any

import pytest

from tests.flow.intake.sources import SHOP, Sources

BLOG = "https://blog.example/"


async def test_the_same_pages_under_one_key_are_captured_once(sources: Sources) -> None:
    made = await sources.made()
    body, key = {"urls": [SHOP, BLOG]}, {"Idempotency-Key": "monday"}
    _, first = await sources.ask("POST", f"/{made['id']}/urls", body, **key)
    status, again = await sources.ask("POST", f"/{made['id']}/urls", body, **key)
    other = await sources.ask("POST", f"/{made['id']}/urls", body, **{"Idempotency-Key": "tuesday"})

    assert (status, again) == (202, first)
    assert [job["resource"] for job in first["jobs"]] == [SHOP, BLOG]
    assert other[0] == 202
    assert len(await sources.jobs("capture")) == 4  # control: another key is another submission


async def test_a_run_under_one_key_runs_once(sources: Sources) -> None:
    made, key = await sources.made(config={"urls": [SHOP]}), {"Idempotency-Key": "monday"}
    _, first = await sources.ask("POST", f"/{made['id']}/run", **key)
    await sources.work()
    status, again = await sources.ask("POST", f"/{made['id']}/run", **key)
    await sources.ask("POST", f"/{made['id']}/run")

    assert (status, again["id"], again["status"]) == (202, first["id"], "completed")
    assert len(await sources.jobs("source_run")) == 2  # control: without a key it runs again


@pytest.mark.parametrize(("path", "body", "changed"), [("urls", {"url": SHOP}, {"url": BLOG}), ("run", None, None)])
async def test_a_key_that_stands_for_something_else_is_refused(
    sources: Sources, path: str, body: Any, changed: Any
) -> None:
    made, other = [await sources.made(config={"urls": [SHOP]}) for _ in range(2)]
    await sources.ask("POST", f"/{made['id']}/{path}", body, **{"Idempotency-Key": "k"})
    told = [
        await sources.ask("POST", f"/{one['id']}/{path}", said, **{"Idempotency-Key": "k"})
        for one, said in ((other, body), *(((made, changed),) if changed else ()))
    ]

    assert {(status, said["code"]) for status, said in told} == {(422, "IDEMPOTENCY_MISMATCH")}


async def test_a_page_that_may_not_be_asked_for_is_refused_when_it_is_submitted(sources: Sources) -> None:
    made = await sources.made()
    status, said = await sources.ask("POST", f"/{made['id']}/urls", {"urls": [SHOP, "http://169.254.169.254/"]})

    assert (status, said["code"]) == (422, "EGRESS_REFUSED")
    assert "169.254.169.254" in said["detail"]
    assert await sources.jobs("capture") == []
