"""Capture pages: open, photograph, store, and say what they are about."""

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from infra.runtime.browser.shared import shared_browsers
from infra.runtime.egress.allow import allowed
from infra.runtime.functions.deployed import deployed
from infra.runtime.runtime import Runtime
from services.intake.capture_page import JOB_SECONDS, capture_page
from services.jobs.function import works
from services.jobs.job import Work
from services.jobs.progress import reporter

if TYPE_CHECKING:
    from services.intake.capturing.order import Capture


def _capture() -> "type[Capture]":
    from services.intake.capturing.order import Capture  # noqa: PLC0415  # most starts accept none, and need no pydantic

    return Capture


async def _classify(runtime: Runtime, **page: Any) -> dict[str, Any]:
    from services.documents.classify_page import classify_page  # noqa: PLC0415  # only a page that is there needs it
    from services.documents.wiring import documents  # noqa: PLC0415  # see above

    return await classify_page(**page, model=runtime.once(documents).model, database=runtime.database)


@deployed
@works(
    queue="capture",
    kind="capture",
    accepts=_capture,
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
        classify=partial(_classify, runtime),
        reporter=runtime.once(reporter),
        database=runtime.database,
        clock=partial(datetime.now, UTC),
    )
    return Work(run=run, announce=True, timeout_seconds=JOB_SECONDS)
