"""The work on a job as a span of the trace that the job belongs to."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from uuid import UUID

from infra.runtime.telemetry import trace, tracing
from infra.runtime.telemetry.tracing import Span, Value
from schemas.problem import Problem
from services.jobs.job import Job, Outcome


@contextmanager
def at_work(jobs: Sequence[Job]) -> Iterator[Mapping[UUID, Span]]:
    """A span for each of these jobs; what is done for one job alone belongs to its span."""
    spans = {job.id: _begun(job) for job in jobs}
    alone = spans[jobs[0].id].traceparent if len(jobs) == 1 else None
    with tracing.together(list(spans.values())), trace.continued(alone):
        yield spans


def note_end(span: Span, ended: Outcome | Problem) -> None:
    """What the handler said."""
    if isinstance(ended, Problem):
        span.fail(ended.code)
    span.note("job.outcome", "problem" if isinstance(ended, Problem) else type(ended).__name__.lower())


def _begun(job: Job) -> Span:
    attributes: dict[str, Value] = {
        "job.id": str(job.id),
        "job.kind": job.kind,
        "job.queue": job.queue,
        "job.attempt": job.attempt,
        "job.tries": job.tries,
    }
    return tracing.start(f"{job.queue} {job.kind}", kind="consumer", parent=job.traceparent, attributes=attributes)
