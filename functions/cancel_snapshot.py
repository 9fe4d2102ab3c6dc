"""Stop snapshots at their provider that nobody wants any more."""

from functools import partial

from infra.runtime.functions.deployed import deployed
from infra.runtime.runtime import Runtime
from services.crawling.cancel_snapshot import cancel_snapshot
from services.crawling.wiring import crawling
from services.jobs.function import works
from services.jobs.job import Work


@deployed
@works(queue="cancel", kind="cancel_snapshot")
def main(runtime: Runtime) -> Work:
    """Best effort: the crawl is cancelled for us whatever the provider says."""
    return Work(run=partial(cancel_snapshot, providers=runtime.once(crawling).providers))
