"""Fetch the media that stored results link to, for orders that ask for it."""

from infra.runtime.egress.allow import allowed
from infra.runtime.egress.fetch import guarded_session
from infra.runtime.egress.guard import Guard
from infra.runtime.functions.deployed import deployed
from infra.runtime.runtime import Runtime
from services.crawling.process_media import FUNCTION_SECONDS, process_media
from services.crawling.wiring import crawling
from services.jobs.engine.terms import terms
from services.jobs.function import works
from services.jobs.job import Job, Outcome, Work
from services.jobs.progress import reporter


@deployed
@works(queue="media", kind="media")
def main(runtime: Runtime) -> Work:
    """Results in, objects out."""
    context, settings = runtime.once(crawling), runtime.settings

    async def run(job: Job) -> Outcome:
        async with guarded_session(Guard(allow=allowed(settings.egress_allow))) as session:
            return await process_media(
                job,
                database=context.database,
                lake=context.lake,
                session=session,
                most_bytes=settings.media_max_bytes,
                reporter=runtime.once(reporter),
                terms=terms(settings),
            )

    return Work(run=run, timeout_seconds=2 * FUNCTION_SECONDS)
