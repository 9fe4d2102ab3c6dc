"""Run data sources, by hand or by the clock: captures of a website's pages, or a crawl."""

from functools import partial

from infra.runtime.functions.deployed import deployed
from infra.runtime.runtime import Runtime
from services.intake.data_sources.run_source import run_source
from services.intake.data_sources.source_run import SourceRun, accept_run
from services.jobs.function import works
from services.jobs.job import Work
from services.jobs.submitting.admission import door


@deployed
@works(queue="sources", kind="source_run", accepts=lambda: SourceRun)
def main(runtime: Runtime) -> Work:
    """Sources in, jobs that collect out."""
    return Work(run=partial(run_source, door=runtime.once(door), database=runtime.database), accept=accept_run)
