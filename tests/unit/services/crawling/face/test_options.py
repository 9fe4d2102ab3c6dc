"""Options and inputs of a trigger: only those that its provider can mean, and each that it cannot is named."""

import json
from typing import Any

import pytest

from infra.runtime.http.invalid import InvalidRequest
from services.crawling.face.read_order import read_order
from services.crawling.order import Order
from services.crawling.providers.bright_data import BrightData
from services.crawling.providers.firecrawl import Firecrawl
from services.crawling.providers.website import Website

NOBODY: Any = None  # what an order says is judged without asking anybody
PROVIDERS = {
    "bright_data": BrightData(NOBODY),
    "firecrawl": Firecrawl(NOBODY),
    "website": Website(NOBODY, NOBODY, allow=frozenset({"10.1.2.3:8080"})),
}
SITE = "https://a.example/"


def read(options: dict[str, Any], provider: str = "bright_data", **what: Any) -> Order:
    given = {"dataset_id": "gd_1", "platform": "a", "competitor": "b", "provider": provider, "options": options}
    return read_order(json.dumps({**given, **(what or {"url": SITE})}).encode(), providers=PROVIDERS)[0]


def test_an_option_that_the_provider_does_not_take_is_named_with_those_it_takes() -> None:
    with pytest.raises(InvalidRequest) as refused:
        read({"limit_per_input": 3, "notify": SITE, "endpoint": SITE})

    errors: Any = refused.value.extra["errors"]
    assert {error["field"] for error in errors} == {"options.notify", "options.endpoint"}
    assert "limit_per_input" in refused.value.detail


def test_control_options_that_the_provider_takes_are_kept() -> None:
    taken = {"limit_per_input": 3, "type": "discover_new"}

    assert read(taken).options == taken
    assert read({"limit": 5, "allowSubdomains": True, "includePaths": "blog docs"}, "firecrawl").provider == "firecrawl"
    assert read({"depth": 3, "javascript": True, "include": "/news/*"}, "website").provider == "website"


@pytest.mark.parametrize(
    ("provider", "options", "field"),
    [
        ("bright_data", {"limit_per_input": "many"}, "options.limit_per_input"),
        ("bright_data", {"limit_multiple_results": 0}, "options.limit_multiple_results"),
        ("firecrawl", {"limit": "many"}, "options.limit"),
        ("firecrawl", {"crawlEntireDomain": "perhaps"}, "options.crawlEntireDomain"),
        ("website", {"depth": 21}, "options.depth"),
        ("website", {"exclude": "*a " * 51}, "options.exclude"),
    ],
)
def test_a_value_that_the_provider_could_not_mean_is_named_before_anything_is_stored(
    provider: str, options: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read(options, provider)

    errors: Any = refused.value.extra["errors"]
    assert [error["field"] for error in errors] == [field]


def test_an_option_of_a_crawl_is_none_of_a_list_of_pages() -> None:
    with pytest.raises(InvalidRequest, match="only a crawl"):
        read({"limit": 5}, "firecrawl", urls=[SITE])

    assert read({"limit": 5}, "firecrawl", url=SITE).url == SITE


def test_our_own_browser_is_not_sent_where_no_page_may_be_asked_for() -> None:
    for url in ("http://169.254.169.254/latest/meta-data", "http://localhost:8080/", "https://a.example:22/"):
        with pytest.raises(InvalidRequest) as refused:
            read({}, "website", urls=[SITE, url])
        assert fields(refused.value) == ["urls.1"]

    assert read({}, "website", url="http://10.1.2.3:8080/").provider == "website"


def test_a_page_is_named_as_the_order_named_it() -> None:
    inner = "http://169.254.169.254/"
    for said, field in (
        ({"url": inner}, "url"),
        ({"urls": [inner]}, "urls.0"),
        ({"inputs": [{"url": SITE}, {"url": inner}]}, "inputs.1.url"),
    ):
        with pytest.raises(InvalidRequest, match=f"^{field}: ") as refused:
            read({}, "website", **said)
        assert fields(refused.value) == [field]


def fields(refused: InvalidRequest) -> list[str]:
    """The fields that it names."""
    errors: Any = refused.extra["errors"]
    return [error["field"] for error in errors]
