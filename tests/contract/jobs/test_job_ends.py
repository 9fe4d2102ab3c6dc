"""However a job ends, its row keeps nothing that only open jobs have."""

from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

import pytest

from infra.postgres.database import Transaction
from schemas.problem import Problem, ProblemClass
from services.jobs.job import Job
from services.jobs.store import commands, control, endings, held
from services.jobs.store.endings import Ending
from tests.contract.jobs.rig import Desk

OPEN_ONLY = ("want", "wanted_at", "due_at", "paused_from", "lease_until", "worker")
ALL_SET = "want = 'pause', wanted_at = now(), due_at = now(), paused_from = 'ready', finished_at = NULL"
LEASED = "lease_until = now() + interval '1 minute', worker = 'w'"

End = Callable[[Transaction, Job], Awaitable[Any]]


class Lost(Problem):
    """Nothing came."""

    code: ClassVar[str] = "LOST"
    kind: ClassVar[ProblemClass] = ProblemClass.PERMANENT
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Lost"
    recovery: ClassVar[str] = "Look for it."


HELD: dict[str, End] = {
    "complete": lambda tx, job: held.complete(tx, job, {}),
    "complete many": lambda tx, job: endings.complete_many(tx, [Ending(job, {}, None)]),
    "fail": lambda tx, job: held.fail(tx, job, Lost("nothing"), stage="here"),
    "cancel": held.cancel,
    "cancel by command": lambda tx, job: commands.cancel(tx, [job]),
}
WAITING: dict[str, End] = {
    "complete waiting": lambda tx, job: control.complete_waiting(tx, job.id, attempt=1, result={}),
    "fail waiting": lambda tx, job: control.fail_waiting(tx, job.id, Lost("nothing"), stage="here"),
    "cancel by command": lambda tx, job: commands.cancel(tx, [job]),
}


def kept(row: Any) -> list[str]:
    """What a row still has of that which only open jobs have."""
    return [name for name in OPEN_ONLY if row[name] is not None]


async def ended(desk: Desk, end: End, before: str) -> Any:
    job = await desk.held()
    await desk.change(job.id, f"{ALL_SET}, {before}")
    assert set(OPEN_ONLY[:4]) <= set(kept(await desk.row(job.id)))
    async with desk.database.transaction() as tx:
        await end(tx, job)
    return await desk.row(job.id)


@pytest.mark.parametrize("way", HELD)
async def test_a_held_job_that_ended_keeps_nothing_of_an_open_one(desk: Desk, way: str) -> None:
    row = await ended(desk, HELD[way], LEASED)

    assert row["finished_at"] is not None
    assert kept(row) == []


@pytest.mark.parametrize("way", WAITING)
async def test_a_waiting_job_that_ended_keeps_nothing_of_an_open_one(desk: Desk, way: str) -> None:
    row = await ended(desk, WAITING[way], "state = 'waiting', lease_until = NULL, worker = NULL")

    assert row["finished_at"] is not None
    assert kept(row) == []


@pytest.mark.parametrize("way", ["complete", "complete many"])
async def test_a_completed_job_keeps_no_error_of_a_try_before(desk: Desk, way: str) -> None:
    row = await ended(desk, HELD[way], "error_code = 'LOST', error_message = 'once'")

    assert (row["error_code"], row["error_message"]) == (None, None)


async def test_control_a_row_that_kept_a_wish_is_noticed(desk: Desk) -> None:
    async def careless(tx: Transaction, job: Job) -> None:
        await tx.execute("UPDATE jobs SET state = 'cancelled', finished_at = now() WHERE id = $1", job.id)

    assert kept(await ended(desk, careless, LEASED)) == list(OPEN_ONLY)
