"""A completed crawl whose order asks for it becomes documents, and what they are about is found."""

from tests.flow.documents.shelf import Shelf, lamp


async def test_each_record_becomes_a_document_and_is_classified(shelf: Shelf) -> None:
    await shelf.concept()
    crawl_id = await shelf.crawl(lamp(1), {"error": "dead page", "error_code": "dead_page", "input": {}}, lamp(2))

    await shelf.tell(crawl_id)
    await shelf.work()

    rows = await shelf.rows(crawl_id)
    assert [(row["ordinal"], row["url"], row["title"], row["status"]) for row in rows] == [
        (1, "https://shop.example/1", "Lamp 1 - product", "classified"),
        (3, "https://shop.example/2", "Lamp 2 - product", "classified"),
    ]
    assert await shelf.labels(crawl_id) == ["Product", "Product"]
    [job] = await shelf.jobs()
    assert (job["state"], job["priority"], job["progress"]) == ("completed", 3, 100)
    assert job["steps_completed"] == ["extracting", "classifying"]
    assert job["result"] == {
        "crawl_id": str(crawl_id),
        "attempt": 1,
        "document_count": 2,
        "processed_count": 2,
        "error_count": 0,
    }
