"""Documents are looked at: in lists, and each with its text and what was found in it."""

from typing import Any
from uuid import uuid4

import pytest

from tests.flow.documents.desk import RESOURCES, Desk
from tests.flow.documents.shelf import Shelf, lamp

DOCUMENTS = "/api/v1/documents"


async def items(reader: Desk, query: str = "") -> list[dict[str, Any]]:
    status, said, _ = await reader.ask("GET", f"{DOCUMENTS}?{query}")
    assert status == 200, said
    return list(said["items"])


async def test_a_document_has_its_text_and_what_was_found_in_it(shelf: Shelf, reader: Desk) -> None:
    crawl_id = await shelf.made(source_id="shop")
    [third, *_] = sorted(await items(reader), key=lambda one: -one["ordinal"])

    _, whole, _ = await reader.ask("GET", f"{DOCUMENTS}/{third['id']}")
    [found] = whole.pop("resources")

    assert whole.pop("text") == "Price: 12 EUR"
    assert whole == third
    assert (third["crawl_id"], third["attempt"], third["source_id"]) == (str(crawl_id), 1, "shop")
    assert (third["status"], third["warnings"], third["title"]) == ("classified", [], "Lamp 2 - product")
    assert (found["classification"]["label"], found["extracted_properties"]) == ("Product", {"price": 12.0})
    assert (found["document_id"], found["source_id"]) == (third["id"], "shop")
    assert found["provenance"]["objects"]["records"].endswith(".ndjson.gz")
    assert (await reader.ask("GET", f"{RESOURCES}/{found['id']}"))[1] == found


async def test_lists_are_filtered(shelf: Shelf, reader: Desk) -> None:
    first = await shelf.made(source_id="shop")
    second = await shelf.crawl(lamp(9), source_id="jobs")
    await shelf.tell(second)
    await shelf.work()
    await shelf.house.sql("UPDATE documents SET status = 'failed' WHERE crawl_id = $1", second)

    counts = {
        query: len(await items(reader, query))
        for query in (
            "",
            f"crawl_id={first}",
            f"crawl_id={second}",
            f"crawl_id={uuid4()}",
            "source_id=shop",
            "source_id=other",
            "status=failed",
            "status=classified&source_id=jobs",
        )
    }

    assert list(counts.values()) == [4, 3, 1, 0, 3, 0, 1, 0]


async def test_lists_go_on_where_they_ended(shelf: Shelf, reader: Desk) -> None:
    await shelf.made()
    seen, query = [], "page_size=2"
    while query:
        _, said, _ = await reader.ask("GET", f"{DOCUMENTS}?{query}")
        seen += [one["id"] for one in said["items"]]
        token = said["next_page_token"]
        query = f"page_size=2&page_token={token}" if token else ""

    assert len(set(seen)) == len(seen) == 3


@pytest.mark.parametrize("query", ["status=done", "crawl_id=x", "page_size=0", "page_token=x", "surprise=1"])
async def test_what_cannot_be_meant_is_refused(reader: Desk, query: str) -> None:
    status, said, _ = await reader.ask("GET", f"{DOCUMENTS}?{query}")

    assert status in {400, 422}
    assert said["errors"][0]["field"].endswith(query.partition("=")[0])


@pytest.mark.parametrize("document_id", ["x", "00000000-0000-4000-8000-000000000000"])
async def test_what_is_not_there_is_not_found(reader: Desk, document_id: str) -> None:
    status, said, _ = await reader.ask("GET", f"{DOCUMENTS}/{document_id}")

    assert (status, said["code"]) == (404, "NOT_FOUND")
