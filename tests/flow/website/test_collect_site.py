"""A web site becomes a crawl's result, as any other provider's would."""

from tests.flow.website.web_house import WebHouse
from tests.flow.website.web_site import Web


async def test_a_site_is_collected_breadth_first_stored_and_told(house: WebHouse, site: Web) -> None:
    site.tree(width=2, depth=2)

    crawl_id = await house.trigger(f"{site.url}/")
    status = await house.finish(crawl_id)

    assert (status["pipeline_status"], status.get("error")) == ("completed", None)
    paths = await house.paths(crawl_id, site.url)
    assert sorted(paths) == ["/", "/0", "/0/0", "/0/1", "/1", "/1/0", "/1/1"]
    assert [one["depth"] for one in await house.records(crawl_id)] == [0, 1, 1, 2, 2, 2, 2]
    told = await house.rows("SELECT type FROM events WHERE subject = $1 ORDER BY seq", str(crawl_id))
    assert [row["type"] for row in told] == ["crawl.triggered", "data.ingestion.completed"]
