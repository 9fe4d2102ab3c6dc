"""A drill: a job that takes as long and fails as often as its payload says, to see how everything around it behaves."""

import asyncio
from typing import TYPE_CHECKING, ClassVar

from schemas.problem import Problem, ProblemClass
from services.jobs.job import Done, Job, Outcome
from services.jobs.progress import Reporter

if TYPE_CHECKING:
    from services.jobs.drill import Drill

_SHORT = 95.0  # where a try ends that fails: whoever watches must not see it done


class DrillFailed(Problem):
    """The drill was told to fail for good."""

    code: ClassVar[str] = "DRILL_FAILED"
    title: ClassVar[str] = "The drill failed, as it was told to"
    recovery: ClassVar[str] = "Nothing is wrong: submit it without `fail`, or retry it to see it fail again."


class DrillStumbled(Problem):
    """The drill was told to fail in a way that passes."""

    code: ClassVar[str] = "DRILL_STUMBLED"
    kind: ClassVar[ProblemClass] = ProblemClass.RETRY
    title: ClassVar[str] = "The drill stumbled, as it was told to"
    recovery: ClassVar[str] = "It is tried again by itself."
    remedy: ClassVar[str | None] = "Nothing is wrong: retry it to see it run, or submit it with more `max_retries`."


async def run_drill(job: Job, *, reporter: Reporter) -> Outcome:
    """Work as told. Raises ``DrillFailed``, ``DrillStumbled`` and ``LeaseLost``."""
    from services.jobs.drill import Drill  # noqa: PLC0415  # an empty queue needs no pydantic

    drill = Drill.model_validate(job.payload)
    whole = 100.0 if job.tries >= drill.stumbles and not drill.fail else _SHORT
    for number, step in enumerate(drill.steps):
        await reporter.report(job, whole * number / len(drill.steps), step=step)
        await _work(job, drill, number, whole, reporter)
    if job.tries < drill.stumbles:
        raise DrillStumbled(f"stumbled {job.tries + 1} of {drill.stumbles} times")
    if drill.fail:
        raise DrillFailed
    return Done(result=drill.result)


async def _work(job: Job, drill: "Drill", number: int, whole: float, reporter: Reporter) -> None:
    each = drill.seconds / len(drill.steps)
    slices = max(1, min(20, round(each / 0.1)))
    for done in range(slices):
        await asyncio.sleep(each / slices)
        await reporter.report(job, whole * (number + (done + 1) / slices) / len(drill.steps))
