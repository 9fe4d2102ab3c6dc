"""Results of every provider, from the order to what their documents are about."""

from functions import process_document
from schemas.events.data_ingestion_completed import DataIngestionCompleted
from services.documents.process_crawl import process_crawl
from tests.flow.crawling.firecrawl.fire import Fire
from tests.flow.crawling.rig import TENANT
from tests.flow.documents.shelf import Shelf
from tests.flow.website.web_house import WebHouse
from tests.flow.website.web_site import Web, page

PAGES = {"name": "Page", "description": "What stands on a page.", "synonyms": ["water", "downhill"]}


async def test_posts_of_bright_data(shelf: Shelf) -> None:
    await shelf.concept(
        {"name": "Post", "synonyms": ["posts", "photo", "video", "reel", "likes", "shares", "hashtags"]}
    )
    crawl_id = await shelf.house.stored("ready_after:0,records:30,errors:2", order={"documents": True})
    [proven] = await shelf.house.events(crawl_id, "data.ingestion.completed")

    await shelf.tell(crawl_id)
    await shelf.work()

    rows = await shelf.rows(crawl_id)
    assert len(rows) == proven["data"]["post_count"] == proven["data"]["row_count"] - 2
    assert all(row["url"].startswith("https://") and "likes: " in row["text"] for row in rows)
    assert {row["status"] for row in rows} == {"classified"}
    assert "Post" in await shelf.labels(crawl_id)


async def test_pages_of_firecrawl(fire: Fire) -> None:
    shelf = Shelf(fire)
    await shelf.concept(PAGES)
    crawl_id = await fire.stored("ready_after:0,documents:5,errors:2", order={"documents": True})

    await shelf.tell(crawl_id)
    await shelf.work()

    rows = await shelf.rows(crawl_id)
    assert [row["title"] for row in rows] == [f"Page {number}" for number in range(5)]
    assert all(row["text"].startswith(f"# {row['title']}\n\nWhat stands on {row['url']}") for row in rows)
    assert await shelf.labels(crawl_id) == ["Page"] * 5


async def test_pages_of_our_own_browser(web_house: WebHouse, site: Web) -> None:
    site.pages["/"] = page("Lamp Nord - product", "/gone")
    crawl_id = await web_house.collected(site.url + "/")
    [told] = await web_house.rows("SELECT data FROM events WHERE type = 'data.ingestion.completed'")
    event = DataIngestionCompleted.model_validate(told["data"]).model_copy(update={"documents": True})

    assert await process_crawl(event, tenant=TENANT, database=web_house.runtime.database)
    await process_document.main.function.worker(web_house.runtime).drain(web_house.stop)

    [row] = await web_house.rows("SELECT * FROM documents WHERE crawl_id = $1", crawl_id)
    assert (row["url"], row["title"]) == (site.url + "/", "Lamp Nord - product")
    assert row["text"].startswith("Lamp Nord - product")
