"""Run data sources, by hand or by the clock: captures of a website's pages, or a crawl."""

from functools import partial
from typing import TYPE_CHECKING

from infra.runtime.functions.deployed import deployed
from infra.runtime.runtime import Runtime
from services.intake.data_sources.held_source import accept_run
from services.intake.data_sources.run_source import run_source
from services.jobs.function import works
from services.jobs.job import Work
from services.jobs.submitting.admission import door

if TYPE_CHECKING:
    from services.intake.data_sources.source_run import SourceRun


def _source_run() -> "type[SourceRun]":
    from services.intake.data_sources.source_run import SourceRun  # noqa: PLC0415  # most starts accept none, and need no pydantic

    return SourceRun


@deployed
@works(queue="sources", kind="source_run", accepts=_source_run)
def main(runtime: Runtime) -> Work:
    """Sources in, jobs that collect out."""
    return Work(run=partial(run_source, door=runtime.once(door), database=runtime.database), accept=accept_run)
