"""Load stored crawls into the warehouse, many in one load."""

from functools import partial

from infra.runtime.adapters import seconds_between_loads
from infra.runtime.functions.deployed import deployed
from infra.runtime.runtime import Runtime
from services.crawling.load_warehouse import load_failed, load_warehouse
from services.crawling.wiring import crawling
from services.jobs.function import works
from services.jobs.job import Work

MOST_AT_ONCE = 100
LOAD_SECONDS = 1800.0


@deployed
@works(queue="load", kind="load", concurrency=lambda _: MOST_AT_ONCE)
def main(runtime: Runtime) -> Work:
    """Objects in, rows out."""
    context = runtime.once(crawling)
    every = seconds_between_loads(runtime.settings)
    run_many = partial(load_warehouse, database=context.database, warehouse=context.warehouse, every_seconds=every)
    return Work(run_many=run_many, failed=load_failed, timeout_seconds=LOAD_SECONDS)
