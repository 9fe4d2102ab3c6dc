"""Import an uploaded file: its rows become a dataset."""

from functools import partial

from infra.runtime.functions.deployed import deployed
from infra.runtime.runtime import Runtime
from services.intake.files.import_file import import_file
from services.jobs.function import works
from services.jobs.job import Work
from services.jobs.progress import reporter

_SECONDS = 300.0


@deployed
@works(queue="import", kind="import", concurrency=lambda settings: settings.import_workers)
def main(runtime: Runtime) -> Work:
    """Uploads in, datasets out."""
    run = partial(import_file, database=runtime.database, lake=runtime.lake, reporter=runtime.once(reporter))
    return Work(run=run, announce=True, timeout_seconds=_SECONDS)
