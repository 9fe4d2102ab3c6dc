"""What the demo takes in: a file that becomes a dataset, and a page that is captured and classified."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from infra.local.demo_client import Client, DemoFailed
from infra.local.demo_view import Screen
from infra.local.simulators import site
from infra.runtime.browser.chromium import ChromiumMissing, find_chromium
from infra.runtime.configuration.settings import Settings

PAGE = "/products/rye-loaf"
SOURCE = "North Mill Bakery"
PRODUCTS = "product,price,in_stock\nrye loaf,4.80,true\napple cake,18.50,true\noat biscuits,3.20,false\n"
BAKED_GOOD = {
    "name": "baked good",
    "description": "Bread, cake or biscuits that a bakery sells.",
    "synonyms": ["bread", "loaf", "cake", "biscuits"],
    "properties": [{"name": "price", "type": "number", "description": "Price in EUR"}],
}
_LOOK_SECONDS = 0.05
_ENDED = {"completed", "failed", "cancelled"}


@asynccontextmanager
async def bakery(settings: Settings) -> AsyncIterator[tuple[Settings, str]]:
    """The bundled site, and settings by which captures may reach it, though it is on this machine."""
    server = await site.serve()
    hosts = [one for one in (settings.egress_allow, server.url.removeprefix("http://")) if one]
    try:
        yield settings.but(egress_allow=",".join(hosts)), server.url
    finally:
        await server.close()


async def ordered(client: Client, settings: Settings, shop: str) -> dict[str, str]:
    """Upload the file and submit the page; ids of their jobs, without the page's where there is no Chromium."""
    files = next(one["id"] for one in await _sources(client, "file_upload") if one["builtin"])
    form = aiohttp.FormData()
    form.add_field("file", PRODUCTS.encode(), filename="products.csv", content_type="text/csv")
    jobs = {"file": (await client.send(f"/api/v1/data-sources/{files}/files", data=form))["job_id"]}
    try:
        find_chromium(settings)
    except ChromiumMissing:
        return jobs
    concepts = (await client.ask("/api/v1/ontology/concepts"))["items"]
    if BAKED_GOOD["name"] not in {one["name"] for one in concepts}:
        await client.send("/api/v1/ontology/concepts", json=BAKED_GOOD)
    website = next((one["id"] for one in await _sources(client, "website") if one["name"] == SOURCE), None)
    if website is None:
        body = {"name": SOURCE, "source_type": "website"}
        website = (await client.send("/api/v1/data-sources", json=body))["id"]
    submitted = await client.send(f"/api/v1/data-sources/{website}/urls", json={"url": shop + PAGE})
    return {**jobs, "page": submitted["job_id"]}


async def taken_in(client: Client, screen: Screen, jobs: Mapping[str, str]) -> None:
    """Show what became of both. Raises ``DemoFailed`` where it is not what was sent."""
    screen.title("A file: POST /api/v1/data-sources/{id}/files")
    result = await _result(client, jobs["file"])
    dataset = await client.ask(f"/api/v1/datasets/{result.get('duplicate_of') or result['dataset_id']}")
    columns = {one["name"]: one["type"] for one in dataset["columns"]}
    if dataset["row_count"] != PRODUCTS.count("\n") - 1:
        raise DemoFailed(f"products.csv became {dataset['row_count']} rows")
    again = ", imported by an earlier demo" if "duplicate_of" in result else ""
    screen.say(f"  products.csv  {dataset['row_count']} rows{again}")
    screen.say(f"    {', '.join(f'{name} {kind}' for name, kind in columns.items())}")
    screen.title("A page: POST /api/v1/data-sources/{id}/urls")
    if "page" not in jobs:
        screen.say("  There is no Chromium, so none is captured; `headrace doctor` says what helps.")
        return
    await _page(screen, await _result(client, jobs["page"]))


async def _page(screen: Screen, capture: Mapping[str, Any]) -> None:
    screen.say(f"  {capture['title']}  {capture['width']} x {capture['height']} pixels in {capture['screenshot_url']}")
    for found in capture["resources"]:
        said, properties = found["classification"], found["extracted_properties"]
        extracted = "".join(f", {name} {value}" for name, value in properties.items())
        screen.say(f"    {said['label']} ({said['confidence']:.2f}, says {said['model']}){extracted}")
    for warning in capture["warnings"]:
        raise DemoFailed(f"The page was not classified: {warning['detail']}")


async def _result(client: Client, job_id: str) -> dict[str, Any]:
    while (job := await client.ask(f"/api/background/job/{job_id}"))["status"] not in _ENDED:  # noqa: ASYNC110  # HTTP
        await asyncio.sleep(_LOOK_SECONDS)
    if job["error"]:
        raise DemoFailed(f"{job['kind']}: {job['error']['code']} {job['error']['message']}. {job['error']['recovery']}")
    return dict(job["result"])


async def _sources(client: Client, kind: str) -> list[dict[str, Any]]:
    return list((await client.ask("/api/v1/data-sources", source_type=kind))["items"])
