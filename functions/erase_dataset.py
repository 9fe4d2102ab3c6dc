"""Erase datasets that were removed, from the warehouse and the lake."""

from datetime import UTC, datetime
from functools import partial

from infra.runtime.functions.deployed import deployed
from infra.runtime.runtime import Runtime
from services.intake.datasets.erase_dataset import KIND, QUEUE, erase_dataset
from services.jobs.function import works
from services.jobs.job import Work

ERASE_SECONDS = 1800.0


@deployed
@works(queue=QUEUE, kind=KIND)
def main(runtime: Runtime) -> Work:
    """Removed datasets in, nothing out."""
    run = partial(
        erase_dataset,
        database=runtime.database,
        lake=runtime.lake,
        warehouse=runtime.warehouse({}),
        now=lambda: datetime.now(UTC),
    )
    return Work(run=run, timeout_seconds=ERASE_SECONDS)
