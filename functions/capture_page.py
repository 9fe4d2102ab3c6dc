"""Capture pages: open, photograph, store, and say what they are about."""

from datetime import UTC, datetime
from functools import partial

from infra.runtime.browser.shared import shared_browsers
from infra.runtime.egress.allow import allowed
from infra.runtime.functions.deployed import deployed
from infra.runtime.runtime import Runtime
from services.documents.classify_page import classify_page
from services.documents.wiring import documents
from services.intake.capture_page import JOB_SECONDS, capture_page
from services.intake.capturing.order import Capture
from services.jobs.function import works
from services.jobs.job import Work
from services.jobs.progress import reporter


@deployed
@works(
    queue="capture",
    kind="capture",
    accepts=lambda: Capture,
    concurrency=lambda settings: settings.capture_workers,
    browser=True,
)
def main(runtime: Runtime) -> Work:
    """URLs in, captures and resources out."""
    run = partial(
        capture_page,
        browsers=runtime.once(shared_browsers),
        allow=allowed(runtime.settings.egress_allow),
        lake=runtime.lake,
        classify=partial(classify_page, model=runtime.once(documents).model, database=runtime.database),
        reporter=runtime.once(reporter),
        database=runtime.database,
        clock=partial(datetime.now, UTC),
    )
    return Work(run=run, announce=True, timeout_seconds=JOB_SECONDS)
