"""A web site that our own browser collects: ordered, collected and read as any crawl is."""

import gzip
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import HEADRACE, Api, System


@pytest.fixture(scope="module")
def system(folder: Path, shop: str) -> Iterator[System]:
    running = System(folder, HEADRACE_EGRESS_ALLOW=shop.removeprefix("http://"))
    running.start()
    yield running
    running.stop()


def order(url: str, **options: Any) -> dict[str, Any]:
    return {
        "provider": "website",
        "dataset_id": "pages",
        "platform": "web",
        "competitor": "north-mill",
        "url": url,
        "options": {"delay": 0, "javascript": False, **options},
        "warehouse": "required",
    }


async def test_a_site_becomes_records_and_rows_without_what_its_robots_forbid(
    api: Api, shop: str, folder: Path
) -> None:
    crawl_id = await api.trigger(**order(shop))
    found = await api.ended(crawl_id, seconds=60)
    result = found["result"]
    assert found["pipeline_status"] == "completed", found
    pages = stored(result["gcs_path"])
    urls = [page["url"] for page in pages]

    assert (len(pages), result["completeness"], result["warehouse"]) == (result["row_count"], "complete", "loaded")
    assert f"{shop}/products/rye-loaf" in urls
    assert not [url for url in urls if "/private/" in url]
    assert len(set(urls)) == len(urls)
    assert rows(folder, crawl_id) == len(pages)


async def test_no_more_pages_are_collected_than_were_ordered(api: Api, shop: str) -> None:
    found = await api.ended(await api.trigger(**order(shop, max_pages=2)), seconds=60)

    assert (found["pipeline_status"], found["result"]["row_count"]) == ("completed", 2), found


async def test_a_private_site_is_refused_before_anything_is_stored(api: Api) -> None:
    status, refused = await api.post("/api/v1/crawl/trigger", order("http://10.0.0.5/"))

    assert (status, refused["errors"][0]["field"]) == (422, "url"), refused


def stored(place: str) -> list[Any]:
    lines = gzip.decompress(Path(place.removeprefix("file://")).read_bytes()).splitlines()
    return [json.loads(line) for line in lines]


def rows(folder: Path, crawl_id: str) -> int:
    statement = f"SELECT count(*) AS found FROM records WHERE crawl_id = '{crawl_id}'"
    command = [str(HEADRACE), "query", statement, "--data-dir", str(folder / "data")]
    said = subprocess.run(command, capture_output=True, check=True, text=True)
    return int(json.loads(said.stdout)["found"])
