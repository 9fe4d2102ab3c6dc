"""Submit crawls that wait for it: ordered with respond-async, left behind by a dead process, or of unknown fate."""

from functools import partial
from typing import TYPE_CHECKING

from infra.runtime.functions.deployed import deployed
from infra.runtime.runtime import Runtime
from services.crawling.accept_order import accept_order
from services.crawling.failure import crawl_failed, stage_of
from services.crawling.job_commands import job_commands
from services.crawling.submit_crawl import submit_crawl
from services.crawling.wiring import crawling
from services.jobs.function import works
from services.jobs.job import Work

if TYPE_CHECKING:
    from services.crawling.order import Order


def _order() -> "type[Order]":
    from services.crawling.order import Order  # noqa: PLC0415  # most starts accept none, and need no pydantic

    return Order


@deployed
@works(queue="submit", kind="crawl", accepts=_order)
def main(runtime: Runtime) -> Work:
    """Orders in, snapshots out."""
    context = runtime.once(crawling)
    run = partial(submit_crawl, database=context.database, providers=context.providers, policy=context.policy)
    accept = partial(accept_order, providers=context.providers, policy=context.policy)
    return Work(run=run, accept=accept, failed=crawl_failed, stage=stage_of, keeps=True, commands=job_commands(context))
