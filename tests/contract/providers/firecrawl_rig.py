"""Orders to Firecrawl, and its adapter under test."""

from typing import Any
from uuid import UUID, uuid4

import aiohttp

from infra.runtime.configuration.secret import Secret
from services.crawling.ports import Submission
from services.crawling.provider_client import Client
from services.crawling.providers.firecrawl.provider import Firecrawl
from tests.contract.providers.rig import CRAWL, TOKEN

SITE = "https://docs.example/start"


def site(sim: str = "", *, correlation: UUID = CRAWL, **more: Any) -> Submission:
    """An order to crawl a site, which the simulator answers as scripted."""
    url = f"{SITE}?sim=ready_after:0,kickoff:0,{sim}".rstrip(",")
    given: dict[str, Any] = {"purchase": uuid4(), "inputs": [{"url": url}]}
    return Submission(correlation=correlation, dataset_id="pages", **(given | more))


def pages(*urls: str, sim: str = "", **more: Any) -> Submission:
    """An order of these pages."""
    inputs = [{"url": f"{url}?sim=ready_after:0,kickoff:0,{sim}".rstrip(",")} for url in urls]
    return site(inputs=inputs, listed=True, **more)


def firecrawl_at(session: aiohttp.ClientSession, url: str, **more: Any) -> Firecrawl:
    """The adapter, talking to this address."""
    usual: dict[str, Any] = {"documents": 250, "seconds": 20}
    return Firecrawl(Client(session, origin=url, token=Secret(TOKEN)), **(usual | more))
