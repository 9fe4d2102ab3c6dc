"""Which commands a job takes: the whole table of states and commands."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from schemas.problem import Problem
from services.jobs.job import Job

Command = Literal["cancel", "pause", "resume", "retry", "restart", "priority"]
COMMANDS: tuple[Command, ...] = ("cancel", "pause", "resume", "retry", "restart", "priority")

_QUEUED: tuple[Command, ...] = ("cancel", "pause", "restart", "priority")
_ENDED: tuple[Command, ...] = ("retry", "restart")
TABLE: Mapping[str, tuple[Command, ...]] = {
    "ready": _QUEUED,
    "scheduled": _QUEUED,
    "waiting": _QUEUED,
    "running": ("cancel", "pause", "restart"),
    "pausing": ("cancel", "pause", "resume", "restart"),
    "cancelling": ("cancel", "restart"),
    "paused": ("cancel", "resume", "restart", "priority"),
    "completed": _ENDED,
    "failed": _ENDED,
    "cancelled": _ENDED,
}
"""``pausing`` and ``cancelling``: somebody wished it, and the job's worker has not heeded it yet."""

_WISHES = {"pause": "pausing", "cancel": "cancelling"}
_OVER = ("paused", "completed", "failed", "cancelled")


class InvalidTransition(Problem):
    """The job does not take this command in its state."""

    code: ClassVar[str] = "INVALID_TRANSITION"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "The job does not take this command now"
    recovery: ClassVar[str] = "Use one of the commands in `legal`, or ask for the job again later."


def situation(*, state: str, want: str | None) -> str:
    """Where a job is in the table."""
    return state if want is None or state in _OVER else _WISHES[want]


def legal(where: str, *, own_retry: bool = False) -> tuple[Command, ...]:
    """What a job takes there. A kind that retries in a way of its own must be over before it starts anew."""
    taken = TABLE[where]
    if own_retry and "retry" not in taken:
        return tuple(command for command in taken if command != "restart")
    return taken


def require(command: Command, job: Job, *, own_retry: bool = False) -> None:
    """Raises ``InvalidTransition`` unless the job takes the command."""
    where = situation(state=job.state, want=job.want)
    if command not in (allowed := legal(where, own_retry=own_retry)):
        raise InvalidTransition(
            f"{command} is not possible while {where}; possible: {', '.join(allowed)}", legal=list(allowed)
        )
