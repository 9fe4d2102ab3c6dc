"""Load imported datasets into the warehouse, many in one load."""

from functools import partial

from infra.runtime.adapters import seconds_between_loads
from infra.runtime.functions.deployed import deployed
from infra.runtime.runtime import Runtime
from services.intake.datasets.load_datasets import load_datasets, load_failed
from services.intake.datasets.load_job import KIND, QUEUE
from services.jobs.function import works
from services.jobs.job import Work

MOST_AT_ONCE = 100
LOAD_SECONDS = 1800.0


@deployed
@works(queue=QUEUE, kind=KIND, concurrency=lambda _: MOST_AT_ONCE)
def main(runtime: Runtime) -> Work:
    """Datasets in, rows of the warehouse out."""
    every = seconds_between_loads(runtime.settings)
    warehouse = runtime.warehouse({})
    run_many = partial(load_datasets, database=runtime.database, warehouse=warehouse, every_seconds=every)
    return Work(run_many=run_many, failed=load_failed, announce=True, timeout_seconds=LOAD_SECONDS)
