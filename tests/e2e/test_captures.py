"""Pages of a website source, captured by the running system and fetched as any client fetches them."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.e2e.conftest import Api, System

PATIENCE = 60.0


@pytest.fixture(scope="module")
def system(folder: Path, shop: str) -> Iterator[System]:
    running = System(folder, HEADRACE_EGRESS_ALLOW=shop.removeprefix("http://"))
    running.start_provider()
    running.start()
    yield running
    running.stop()


async def captured(api: Api, url: str) -> Any:
    """The capture of a page of a new source, once it is over."""
    status, source = await api.post(
        "/api/v1/data-sources", {"name": f"shop {uuid4()}", "source_type": "website", "config": {}}
    )
    assert status == 201, source
    status, answer = await api.post(f"/api/v1/data-sources/{source['id']}/urls", {"url": url})
    assert status == 202, answer
    [job] = answer.get("items") or [answer]
    ends = time.monotonic() + PATIENCE
    while (found := (await api.get(f"/api/v1/captures/{job['job_id']}"))[1])["status"] not in {"completed", "failed"}:
        assert time.monotonic() < ends, found
        await asyncio.sleep(0.05)
    return found


async def test_a_page_is_captured_and_classified_and_can_be_fetched(api: Api, shop: str) -> None:
    found = await captured(api, f"{shop}/products/rye-loaf")
    result = found["result"]

    assert found["status"] == "completed", found
    assert found["steps_completed"] == ["opening", "captured", "stored", "classified"]
    assert result["title"] == "Rye loaf - North Mill Bakery"
    assert result["warnings"] or result["resources"]

    place = f"{api.system.url}/api/v1/captures/{found['job_id']}"
    kinds = {"screenshot": "image/png", "html": "text/html", "text": "text/plain"}
    for what, kind in kinds.items():
        async with api.http.get(f"{place}/{what}") as answer:
            body = await answer.read()
            assert (answer.status, answer.content_type, bool(body)) == (200, kind, True)
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "sandbox" in answer.headers["Content-Security-Policy"]
            assert answer.headers["Content-Disposition"].startswith("attachment") is (what == "html")


async def test_what_cannot_be_captured_says_why_and_has_nothing_to_fetch(api: Api, shop: str) -> None:
    found = await captured(api, f"{shop}/nowhere")

    assert (found["status"], found["error"]["code"], found["result"]) == ("failed", "CAPTURE_HTTP", None)
    status, refused = await api.get(f"/api/v1/captures/{found['job_id']}/screenshot")
    assert (status, refused["code"]) == (409, "NO_RESULT")


async def test_a_private_address_is_not_taken(api: Api) -> None:
    _, source = await api.post("/api/v1/data-sources", {"name": "inner", "source_type": "website", "config": {}})
    status, refused = await api.post(f"/api/v1/data-sources/{source['id']}/urls", {"url": api.system.url})

    assert (status, refused["code"]) == (422, "EGRESS_REFUSED")


@pytest.mark.parametrize("what", ["", "/screenshot", "/html", "/text"])
async def test_an_unknown_capture_is_not_found(api: Api, what: str) -> None:
    status, refused = await api.get(f"/api/v1/captures/{uuid4()}{what}")

    assert (status, refused["code"]) == (404, "NOT_FOUND")


async def test_a_job_of_another_kind_is_no_capture(api: Api) -> None:
    _, job = await api.post("/api/background/submit", {"kind": "drill"})

    assert (await api.get(f"/api/v1/captures/{job['job_id']}"))[0] == 404
