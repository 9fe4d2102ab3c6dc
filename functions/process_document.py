"""Make documents of stored results, and say what they are about, for orders that ask for it."""

from datetime import UTC, datetime
from functools import partial

from infra.runtime.functions.deployed import deployed
from infra.runtime.runtime import Runtime
from services.documents.run import FUNCTION_SECONDS
from services.jobs.function import works
from services.jobs.job import Job, Outcome, Work


async def _process(job: Job, *, runtime: Runtime) -> Outcome:
    from services.documents.process_document import process_document  # noqa: PLC0415  # an empty queue needs none of it
    from services.documents.wiring import documents  # noqa: PLC0415  # see above

    context = runtime.once(documents)
    return await process_document(
        job,
        database=context.database,
        lake=runtime.lake,
        model=context.model,
        clock=partial(datetime.now, UTC),
    )


@deployed
@works(queue="document", kind="document")
def main(runtime: Runtime) -> Work:
    """Results in, documents and resources out."""
    return Work(run=partial(_process, runtime=runtime), announce=True, timeout_seconds=2 * FUNCTION_SECONDS)
