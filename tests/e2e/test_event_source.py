"""What a page in a real browser hears of jobs of data sources through ``EventSource``."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright

from tests.e2e.conftest import Api

PATIENCE_MS = 30_000
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SEEDS = {"id", "status", "progress_message", "result_file_id"}

# As the frontend listens: whatever another tenant or no source has is not for it.
LISTEN = """path => new Promise(opened => {
  window.heard = [];
  const sse = window.sse = new EventSource(path);
  sse.addEventListener("job_update", event => window.heard.push(JSON.parse(event.data)));
  sse.addEventListener("snapshot", event => opened(JSON.parse(event.data).jobs.map(job => job.id)));
})"""
ENDED = """id => window.heard.some(job => job.id === id && job.status === "completed")"""


@asynccontextmanager
async def page(api: Api) -> AsyncIterator[Page]:
    """A page of the system's own origin that may connect to it, which `/docs` may not."""
    program = os.environ.get("HEADRACE_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip("there is no Chromium here: apt-get install chromium")
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=program)
        try:
            opened = await browser.new_page()
            await opened.goto(f"{api.system.url}/livez", wait_until="domcontentloaded")
            yield opened
        finally:
            await browser.close()


async def drill(api: Api, **more: Any) -> str:
    payload = {"seconds": 0.3, "steps": ["classifying"], "result": {"result_file_id": "page-1"}}
    status, job = await api.post("/api/background/submit", {"kind": "drill", "payload": payload, **more})
    assert status == 202, job
    return str(job["job_id"])


async def test_a_browser_hears_how_jobs_of_data_sources_change(api: Api) -> None:
    _, source = await api.post("/api/v1/data-sources", {"name": "Shop", "source_type": "website"})
    async with page(api) as opened:
        snapshot = await opened.evaluate(LISTEN, "/api/v1/data-sources/stream")
        of_none = await drill(api)
        job_id = await drill(api, source_id=source["id"])
        await opened.wait_for_function(ENDED, arg=job_id, timeout=PATIENCE_MS)
        heard = await opened.evaluate("window.heard")

    told = [one for one in heard if one["id"] == job_id]
    assert snapshot == []
    assert all(one.keys() >= SEEDS for one in told)
    assert {"queued", "classifying", "completed"} <= {one["status"] for one in told}
    assert (told[-1]["status"], told[-1]["result_file_id"]) == ("completed", "page-1")
    assert of_none not in {one["id"] for one in heard}


async def test_control_another_stream_tells_of_jobs_of_no_source(api: Api) -> None:
    async with page(api) as opened:
        await opened.evaluate(LISTEN, "/api/background/stream/progress")
        job_id = await drill(api)
        await opened.wait_for_function(ENDED, arg=job_id, timeout=PATIENCE_MS)
