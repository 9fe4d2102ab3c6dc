"""Command many jobs at once, by what they have in common."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from infra.postgres.database import Database, Transaction
from schemas.problem import Problem
from services.jobs.commanding.cancel_job import cancel_locked
from services.jobs.commanding.commands import TABLE, legal, situation
from services.jobs.commanding.retry_job import start_those_that_fit
from services.jobs.job import Command, Commands, Job
from services.jobs.kinds import Kinds
from services.jobs.level import Level
from services.jobs.shapes import STATUSES
from services.jobs.store import commands as rows
from services.jobs.store.views import Place, Wanted
from services.jobs.submitting.room import QueueFull

BATCH = 200  # jobs in one transaction: nobody else waits long for them
Name = Annotated[str | None, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
Many = Literal["cancel", "retry", "priority"]
Found = tuple[UUID, str]
"""A job and its kind."""


class Filter(BaseModel):
    """Jobs of which all that is said is true; something must be said."""

    model_config = ConfigDict(extra="forbid")

    kind: Name = None
    queue: Name = None
    status: Literal[STATUSES] | None = None  # type: ignore[valid-type]  # the words of the other faces
    source_id: Name = None
    batch_id: UUID | None = None
    priority: Level | None = None

    @model_validator(mode="after")
    def _something(self) -> "Filter":
        if not self.model_dump(exclude_none=True):
            msg = "say which jobs: at least one field"
            raise ValueError(msg)
        return self


class Bulk(BaseModel):
    """Which jobs, and how many at most. With ``dry_run`` they are only counted."""

    model_config = ConfigDict(extra="forbid")

    filter: Filter
    limit: Annotated[int, Field(ge=1, le=10_000)] = 1_000
    dry_run: bool = False


class BulkPriority(Bulk):
    """As ``Bulk``, with the priority they get."""

    priority: Level


@dataclass
class Tally:
    """What became of jobs. ``stopped``: a full queue, because of which some were left as they are."""

    changed: int = 0
    refused: int = 0
    stopped: QueueFull | None = None

    def add(self, other: "Tally") -> None:
        """What became of others."""
        self.changed, self.refused = self.changed + other.changed, self.refused + other.refused
        self.stopped = other.stopped

    def counts(self, *, looked: int) -> dict[str, int]:
        """For an answer; of those that were ``looked`` at, the ones left as they are did not count."""
        matched = looked if self.stopped is None else self.changed + self.refused
        return {"matched": matched, "changed": self.changed, "refused": self.refused}

    @property
    def reason(self) -> dict[str, Any] | None:
        """Why it stopped, in the words of a problem; None if it did not."""
        if (full := self.stopped) is None:
            return None
        return {
            "code": full.code,
            "detail": full.detail,
            "recovery": full.recovery,
            "retry_after": full.retry_after,
            **full.extra,
        }


@dataclass(frozen=True, kw_only=True)
class Commanding:
    """What is done to many jobs, and by what; ``room`` is how many may wait in one queue."""

    command: Many
    tenant: str
    kinds: Kinds
    room: int
    database: Database
    priority: int | None = None

    async def all(self, bulk: Bulk) -> dict[str, Any]:
        """Command what fits, oldest first; answers counts, and whether ``more`` fits than the limit allowed.

        A queue that is full stops it: ``stopped`` says so, and the rest is as it was.
        """
        tally, place, looked = Tally(), None, 0
        look = partial(self._look, self._wanted(bulk.filter))
        while tally.stopped is None and (left := bulk.limit - looked):
            found, place = await look(place, min(BATCH, left))
            if not found:
                break
            looked += len(found)
            if not bulk.dry_run:
                tally.add(await self.batch(found))
        more = tally.stopped is not None or bool(place and (await look(place, 1))[0])
        counts = tally.counts(looked=looked)
        return {"command": self.command, "dry_run": bulk.dry_run, **counts, "more": more, "stopped": tally.reason}

    async def batch(self, found: Sequence[Found]) -> Tally:
        """Command these, in their order where a queue may fill up. A kind's own way is taken one by one."""
        own = {kind: self._own(self.kinds.commands(kind)) for _, kind in found}
        done = Tally()
        for job_id, command in [(job_id, command) for job_id, kind in found if (command := own[kind]) is not None]:
            if done.stopped is None:
                await self._alone(job_id, command, done)
        if done.stopped is None:
            await self._rest([job_id for job_id, kind in found if own[kind] is None], done)
        return done

    async def _look(self, wanted: Wanted, place: Place | None, limit: int) -> tuple[list[Found], Place | None]:
        states = _states(self.command, wanted)
        async with self.database.reading() as tx:
            found = await rows.matching(tx, wanted, states=states, after=place, limit=limit)
        last = (found[-1]["created_at"], found[-1]["id"]) if found else place
        return [(UUID(str(row["id"])), row["kind"]) for row in found], last

    def _wanted(self, said: Filter) -> Wanted:
        asked: Mapping[str, Any] = said.model_dump(exclude={"status"})
        # what has the priority already would be met first each time, and hide the rest behind the limit
        statuses = (said.status,) if said.status else None
        return Wanted(tenant=self.tenant, statuses=statuses, other_than=self.priority, **asked)

    def _own(self, commands: Commands) -> Command | None:
        return {"cancel": commands.cancel, "retry": commands.retry}.get(self.command)

    async def _alone(self, job_id: UUID, command: Command, done: Tally) -> None:
        try:
            await command(job_id, self.tenant)
        except QueueFull as full:
            done.stopped = full
        except Problem:
            done.refused += 1  # who wants to know why asks for the one
        else:
            done.changed += 1

    async def _rest(self, ids: Sequence[UUID], done: Tally) -> None:
        async with self.database.transaction() as tx:
            locked = {job.id: job for job in await rows.lock(tx, ids, tenant=self.tenant)}
            jobs = [locked[one] for one in ids if one in locked]
            takes = [job for job in jobs if self.command in legal(situation(state=job.state, want=job.want))]
            changed, done.stopped = await self._together(tx, takes)
        done.changed += changed
        done.refused += len(ids) - len(takes)

    async def _together(self, tx: Transaction, jobs: Sequence[Job]) -> tuple[int, QueueFull | None]:
        if self.command == "retry":
            return await start_those_that_fit(tx, jobs, kinds=self.kinds, room=self.room)
        if self.command == "cancel":
            await cancel_locked(tx, jobs, kinds=self.kinds)
        else:
            assert self.priority is not None  # noqa: S101  # the body says it
            await rows.prioritise(tx, jobs, self.priority)
        return len(jobs), None


def _states(command: Many, wanted: Wanted) -> list[str]:
    """States in which the command is legal; what was completed or cancelled is retried only where that is said."""
    if command == "retry" and wanted.statuses is None:
        return ["failed"]
    return [state for state, taken in TABLE.items() if command in taken]
