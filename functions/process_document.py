"""Make documents of stored results, and say what they are about, for orders that ask for it."""

from datetime import UTC, datetime
from functools import partial

from infra.runtime.functions.deployed import deployed
from infra.runtime.runtime import Runtime
from services.documents.process_document import FUNCTION_SECONDS, process_document
from services.documents.wiring import documents
from services.jobs.function import works
from services.jobs.job import Work


@deployed
@works(queue="document", kind="document")
def main(runtime: Runtime) -> Work:
    """Results in, documents and resources out."""
    context = runtime.once(documents)
    run = partial(
        process_document,
        database=context.database,
        lake=runtime.lake,
        model=context.model,
        clock=partial(datetime.now, UTC),
    )
    return Work(run=run, announce=True, timeout_seconds=2 * FUNCTION_SECONDS)
