"""Erase what was stored of crawls, for whoever has to be forgotten."""

from functools import partial

from infra.runtime.functions.deployed import deployed
from infra.runtime.runtime import Runtime
from services.crawling.erase_crawl import erase_crawl
from services.crawling.wiring import crawling
from services.jobs.function import works
from services.jobs.job import Work
from services.jobs.progress import reporter

ERASE_SECONDS = 1800.0


@deployed
@works(queue="erase", kind="erase")
def main(runtime: Runtime) -> Work:
    """Crawls in, tombstones out."""
    context = runtime.once(crawling)
    run = partial(
        erase_crawl,
        database=context.database,
        lake=context.lake,
        warehouse=context.warehouse,
        reporter=runtime.once(reporter),
    )
    return Work(run=run, timeout_seconds=ERASE_SECONDS, announce=True)
