"""A job, and what a handler may say became of it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct, field

from infra.postgres.database import Transaction
from schemas.problem import Problem

Also = Callable[[Transaction], Awaitable[None]]
"""Writes that must commit together with the job's change of state."""


class Job(Struct, frozen=True, kw_only=True):
    """One unit of background work, as a worker holds it. ``lease_token`` proves the hold.

    ``max_tries`` and ``timeout_seconds`` are None where the job names none: then its kind or the settings decide.
    """

    id: UUID
    tenant: str
    kind: str
    queue: str
    state: str
    attempt: int
    tries: int
    max_tries: int | None
    claims: int
    lease_token: int
    step: str | None = None
    want: str | None = None
    timeout_seconds: float | None = None
    batch_id: UUID | None = None
    traceparent: str | None = None
    payload: dict[str, Any] = {}  # a struct copies it
    cursor: dict[str, Any] | None = None


class NewJob(Struct, frozen=True, kw_only=True):
    """Work to be queued. ``priority`` is 0 (critical) to 4 (background); with ``due_at`` it waits until then.

    ``adjust_seconds`` moves its rank (see ``services.jobs.rank``), ``fingerprint`` tells requests of the same id apart.
    """

    id: UUID
    kind: str
    queue: str
    tenant: str = "default"
    state: str = "ready"
    priority: int = 2
    max_tries: int | None = None
    timeout_seconds: float | None = None
    due_at: datetime | None = None
    adjust_seconds: float = 0.0
    step: str | None = None
    payload: dict[str, Any] = {}  # a struct copies it
    metadata: dict[str, Any] = {}
    source_id: str | None = None
    related_dataset_id: str | None = None
    created_by: str | None = None
    batch_id: UUID | None = None
    schedule_id: UUID | None = None
    fingerprint: str | None = None
    traceparent: str | None = None


class Done(Struct, frozen=True, kw_only=True):
    """Finished; ``also`` commits with it."""

    result: dict[str, Any] = field(default_factory=dict)
    also: Also | None = None


class Waiting(Struct, frozen=True, kw_only=True):
    """Nothing to do until somebody outside says so; ``also`` stores what is waited for."""

    queue: str
    step: str
    also: Also | None = None


class Snooze(Struct, frozen=True, kw_only=True):
    """Not yet, and nobody's fault: come back after ``seconds``. Costs no try."""

    seconds: float
    step: str | None = None
    reason: str | None = None  # for whoever asks why the job waits


class Resume(Struct, frozen=True, kw_only=True):
    """Part of the work is done and stands in the cursor; go on at once, in a fresh claim."""


class Cancelled(Struct, frozen=True, kw_only=True):
    """The handler honoured the wish to cancel; ``also`` commits with it."""

    also: Also | None = None


class Paused(Struct, frozen=True, kw_only=True):
    """The handler honoured the wish to pause; if that was taken back meanwhile, the job goes on at once."""


Outcome = Done | Waiting | Snooze | Resume | Cancelled | Paused

Failed = Callable[[Transaction, Job, Problem], Awaitable[None]]
"""Called in the transaction in which a job fails for good: the place for the event that says so."""

Followed = Callable[[Transaction, Job], Awaitable[None]]
"""Called in the transaction in which a command changes a job, for the rows its context keeps beside it."""

Accept = Callable[[Transaction, NewJob], Awaitable[NewJob]]
"""Called in the transaction that accepts a job from outside; returns what is queued. Raises a ``Problem`` to refuse."""

Command = Callable[[UUID, str], Awaitable[None]]
"""A kind's own way to do what was commanded, of a job id and a tenant. Raises a ``Problem`` where it cannot."""


class Commands(Struct, frozen=True, kw_only=True):
    """What a kind does itself when it is commanded; where it says nothing, the engine does it.

    ``cancel``, ``pause`` and ``retry`` replace the engine's; ``paused`` and ``resumed`` follow it in its transaction.
    While a job is paused nothing moves it on: a kind that waits for others says in ``pause`` what becomes of that.
    """

    cancel: Command | None = None
    pause: Command | None = None
    retry: Command | None = None
    paused: Followed | None = None
    resumed: Followed | None = None


class Work(Struct, frozen=True, kw_only=True):
    """How jobs of one kind on one queue are worked: one by one (``run``), or many at once (``run_many``).

    What ``run_many`` raises is every job's failure; a ``Problem`` it returns is that job's alone. ``announce``: its end
    is told as ``job.finished``. ``timeout_seconds`` is how long one claim may take where the job does not say; of jobs
    that are worked together the longest time holds. ``keeps``: its context keeps rows beside its jobs and archives
    both together.
    """

    run: Callable[[Job], Awaitable[Outcome]] | None = None
    run_many: Callable[[Sequence[Job]], Awaitable[Mapping[UUID, Outcome | Problem]]] | None = None
    failed: Failed | None = None
    stage: Callable[[Job, Problem], str] | None = None
    accept: Accept | None = None
    commands: Commands = field(default_factory=Commands)
    announce: bool = False
    timeout_seconds: float | None = None
    keeps: bool = False
