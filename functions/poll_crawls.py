"""Ask providers about every crawl that is due."""

from functools import partial

from infra.runtime.functions.deployed import deployed
from infra.runtime.functions.function import Turn, ticks
from infra.runtime.runtime import Runtime
from services.crawling.poll_crawls import Poller
from services.crawling.wiring import crawling

HORIZON_SECONDS = 60.0  # what is due later is the next tick's


@deployed
@ticks(every=1.0, queue="poll")
def main(runtime: Runtime) -> Turn:
    """Waiting crawls in, ready or failed ones out."""
    context = runtime.once(crawling)
    poller = Poller(
        database=context.database, doorbell=runtime.doorbell, providers=context.providers, policy=context.policy
    )
    return partial(poller.run, horizon=HORIZON_SECONDS)
