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
from services.jobs.commanding.retry_job import start_anew
from services.jobs.job import Command, Commands, Job
from services.jobs.kinds import Kinds
from services.jobs.rank import Level
from services.jobs.shapes import STATUSES
from services.jobs.store import commands as rows
from services.jobs.store.views import Place, Wanted

BATCH = 200  # jobs in one transaction: nobody else waits long for them
_Name = Annotated[str | None, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
Many = Literal["cancel", "retry", "priority"]
Found = tuple[UUID, str]
"""A job and its kind."""


class Filter(BaseModel):
    """Jobs of which all that is said is true; something must be said."""

    model_config = ConfigDict(extra="forbid")

    kind: _Name = None
    queue: _Name = None
    status: Literal[STATUSES] | None = None  # type: ignore[valid-type]  # the words of the other faces
    source_id: _Name = None
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


@dataclass(frozen=True, kw_only=True)
class Commanding:
    """What is done to many jobs, and by what."""

    command: Many
    tenant: str
    kinds: Kinds
    database: Database
    priority: int | None = None

    async def all(self, bulk: Bulk) -> dict[str, Any]:
        """Command what fits, oldest first; answers counts, and whether ``more`` fits than the limit allowed."""
        counts, place = {"matched": 0, "changed": 0, "refused": 0}, None
        look = partial(self._look, self._wanted(bulk.filter))
        while room := bulk.limit - counts["matched"]:
            found, place = await look(place, min(BATCH, room))
            if not found:
                break
            changed, refused = (0, 0) if bulk.dry_run else await self.batch(found)
            counts = {
                "matched": counts["matched"] + len(found),
                "changed": counts["changed"] + changed,
                "refused": counts["refused"] + refused,
            }
        more = bool(place and (await look(place, 1))[0])
        return {"command": self.command, "dry_run": bulk.dry_run, **counts, "more": more}

    async def batch(self, found: Sequence[Found]) -> tuple[int, int]:
        """Command these; how many did it, and how many refused. A kind's own way is taken one by one."""
        own = {kind: self._own(self.kinds.commands(kind)) for _, kind in found}
        alone = [(job_id, command) for job_id, kind in found if (command := own[kind]) is not None]
        done = sum([await self._alone(job_id, command) for job_id, command in alone])
        async with self.database.transaction() as tx:
            locked = await rows.lock(tx, [one for one, kind in found if own[kind] is None], tenant=self.tenant)
            takes = [job for job in locked if self.command in legal(situation(state=job.state, want=job.want))]
            await self._together(tx, takes)
        done += len(takes)
        return done, len(found) - done

    async def _look(self, wanted: Wanted, place: Place | None, limit: int) -> tuple[list[Found], Place | None]:
        states = _states(self.command, wanted)
        async with self.database.reading() as tx:
            found = await rows.matching(tx, wanted, states=states, after=place, limit=limit)
        last = (found[-1]["created_at"], found[-1]["id"]) if found else place
        return [(UUID(str(row["id"])), row["kind"]) for row in found], last

    def _wanted(self, said: Filter) -> Wanted:
        asked: Mapping[str, Any] = said.model_dump(exclude={"status"})
        return Wanted(tenant=self.tenant, statuses=(said.status,) if said.status else None, **asked)

    def _own(self, commands: Commands) -> Command | None:
        return {"cancel": commands.cancel, "retry": commands.retry}.get(self.command)

    async def _alone(self, job_id: UUID, command: Command) -> bool:
        try:
            await command(job_id, self.tenant)
        except Problem:
            return False  # counted: who wants to know why asks for the one
        return True

    async def _together(self, tx: Transaction, jobs: Sequence[Job]) -> None:
        if self.command == "cancel":
            await cancel_locked(tx, jobs, kinds=self.kinds)
        elif self.command == "retry":
            for job in jobs:
                await start_anew(tx, job, kinds=self.kinds)
        else:
            assert self.priority is not None  # noqa: S101  # the body says it
            await rows.prioritise(tx, jobs, self.priority)


def _states(command: Many, wanted: Wanted) -> list[str]:
    """States in which the command is legal; what was completed or cancelled is retried only where that is said."""
    if command == "retry" and wanted.statuses is None:
        return ["failed"]
    return [state for state, taken in TABLE.items() if command in taken]
