"""Lines about a crawl name it, beside the job they are about."""

import structlog

from services.jobs.job import Job


def name_crawl(job: Job) -> None:
    """Every line of this task names the job's crawl from here on, those of the engine included."""
    structlog.contextvars.bind_contextvars(crawl_id=str(job.payload.get("crawl_id", job.id)))
