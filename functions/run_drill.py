"""Drills: jobs that only exercise the engine."""

from functools import partial
from typing import TYPE_CHECKING

from infra.runtime.functions.deployed import deployed
from infra.runtime.runtime import Runtime
from services.jobs.function import works
from services.jobs.job import Work
from services.jobs.progress import reporter
from services.jobs.run_drill import run_drill

if TYPE_CHECKING:
    from services.jobs.drill import Drill


def _drill() -> "type[Drill]":
    from services.jobs.drill import Drill  # noqa: PLC0415  # most starts accept none, and need no pydantic

    return Drill


@deployed
@works(queue="drill", kind="drill", accepts=_drill)
def main(runtime: Runtime) -> Work:
    """Orders in, time and progress out."""
    return Work(run=partial(run_drill, reporter=runtime.once(reporter)), announce=True)
