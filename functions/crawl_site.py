"""Collect web sites: our own browser as a provider."""

from functools import partial

from infra.runtime.functions.deployed import deployed
from infra.runtime.runtime import Runtime
from services.crawling.crawl_site import CLAIM_SECONDS, crawl_site, outside
from services.crawling.providers.website.collecting import Manners
from services.crawling.wiring import crawling
from services.jobs.function import works
from services.jobs.job import Work
from services.jobs.progress import reporter


@deployed
@works(queue="site", kind="site", concurrency=lambda settings: settings.website_workers, browser=True)
def main(runtime: Runtime) -> Work:
    """Orders of sites in, parts of results out."""
    context, settings = runtime.once(crawling), runtime.settings
    run = partial(
        crawl_site,
        database=context.database,
        lake=context.lake,
        outside=outside(settings),
        manners=Manners(delay=settings.website_delay_seconds, a_host=settings.website_requests_a_host),
        reporter=runtime.once(reporter),
    )
    return Work(run=run, timeout_seconds=2 * CLAIM_SECONDS)
