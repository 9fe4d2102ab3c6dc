"""Store what a provider finished: stream, verify, write, complete, tell."""

from functools import partial

from infra.runtime.functions.deployed import deployed
from infra.runtime.runtime import Runtime
from services.crawling.failure import crawl_failed, stage_of
from services.crawling.store_snapshot import FUNCTION_SECONDS, store_snapshot
from services.crawling.wiring import crawling
from services.jobs.function import works
from services.jobs.job import Work


@deployed
@works(queue="store", kind="crawl", concurrency=lambda settings: settings.store_workers)
def main(runtime: Runtime) -> Work:
    """Snapshots in, proven objects out."""
    context = runtime.once(crawling)
    run = partial(
        store_snapshot,
        database=context.database,
        lake=context.lake,
        providers=context.providers,
        policy=context.policy,
    )
    return Work(run=run, failed=crawl_failed, stage=stage_of, timeout_seconds=2 * FUNCTION_SECONDS, keeps=True)
