"""Drills: jobs that only exercise the engine."""

from functools import partial

from infra.runtime.functions.deployed import deployed
from infra.runtime.runtime import Runtime
from services.jobs.function import works
from services.jobs.job import Work
from services.jobs.progress import reporter
from services.jobs.run_drill import Drill, run_drill


@deployed
@works(queue="drill", kind="drill", accepts=Drill)
def main(runtime: Runtime) -> Work:
    """Orders in, time and progress out."""
    return Work(run=partial(run_drill, reporter=runtime.once(reporter)), announce=True)
