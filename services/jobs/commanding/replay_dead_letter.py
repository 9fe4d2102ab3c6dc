"""Give dead letters another chance."""

from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from infra.postgres.database import Database
from schemas.problem import Problem
from services.jobs.commanding.command_jobs import BATCH, Commanding, Name, Tally
from services.jobs.commanding.list_dead_letters import Messages, Source
from services.jobs.commanding.retry_job import retry_job
from services.jobs.kinds import Kinds
from services.jobs.store import dead
from services.jobs.store.dead import Dead


class DeadFilter(BaseModel):
    """Dead letters of which all that is said is true; something must be said. Of jobs, where no source is."""

    model_config = ConfigDict(extra="forbid")

    source: Source | None = None
    kind: Name = None
    queue: Name = None
    code: Name = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_dump(exclude_none=True):
            msg = "say which dead letters: at least one field"
            raise ValueError(msg)
        if self.source == "bus" and (self.kind or self.queue):
            msg = "messages of the bus have neither kind nor queue: name a code, or jobs"
            raise ValueError(msg)
        return self


class Replay(BaseModel):
    """Which dead letters, the last to fail first, and how many at most. With ``dry_run`` they are only counted."""

    model_config = ConfigDict(extra="forbid")

    filter: DeadFilter
    limit: Annotated[int, Field(ge=1, le=10_000)] = 1_000
    dry_run: bool = False


async def replay_dead_letter(
    letter: UUID, *, tenant: str, kinds: Kinds, room: int, database: Database, bus: Messages
) -> Source:
    """A job is retried, a message delivered again; says which it was.

    ``room`` is how many jobs may wait in one queue. Raises ``DeadLetterUnknown``, ``SubscriptionGone``, ``QueueFull``
    and what the job's kind raises of a retry.
    """
    async with database.reading() as tx:
        is_job = await dead.is_dead(tx, letter, tenant=tenant)
    if is_job:
        await retry_job(letter, tenant=tenant, kinds=kinds, room=room, database=database)
        return "jobs"
    await bus.replay(str(letter), tenant=tenant)
    return "bus"


async def replay_dead_letters(
    wanted: Replay, *, tenant: str, kinds: Kinds, room: int, database: Database, bus: Messages
) -> dict[str, Any]:
    """Replay what fits; answers counts. What refuses stays a dead letter, and so does all that a full queue stops."""
    said = wanted.filter
    asked = Dead(tenant=tenant, kind=said.kind, queue=said.queue, code=said.code)
    if said.source == "bus":
        return await _messages_again(wanted, asked, bus=bus)
    commanding = Commanding(command="retry", tenant=tenant, kinds=kinds, room=room, database=database)
    tally, before, looked = Tally(), None, 0
    while tally.stopped is None and (left := wanted.limit - looked):
        async with database.reading() as tx:
            failed = await dead.names(tx, asked, before=before, limit=min(BATCH, left))
        if not failed:
            break
        looked, before = looked + len(failed), (failed[-1]["finished_at"], failed[-1]["id"])
        if not wanted.dry_run:
            tally.add(await commanding.batch([(UUID(str(row["id"])), row["kind"]) for row in failed]))
    return _answer(wanted, tally, looked)


async def _messages_again(wanted: Replay, asked: Dead, *, bus: Messages) -> dict[str, Any]:
    tally, before, looked = Tally(), None, 0
    while left := wanted.limit - looked:
        found = await bus.dead_letters(min(BATCH, left), tenant=asked.tenant, reason=asked.code, before=before)
        if not found:
            break
        looked, before = looked + len(found), (found[-1].at, UUID(found[-1].id))
        if not wanted.dry_run:
            changed = sum([await _again(one.id, tenant=asked.tenant, bus=bus) for one in found])
            tally.add(Tally(changed=changed, refused=len(found) - changed))
    return _answer(wanted, tally, looked)


async def _again(message: str, *, tenant: str, bus: Messages) -> bool:
    try:
        await bus.replay(message, tenant=tenant)
    except Problem:
        return False
    return True


def _answer(wanted: Replay, tally: Tally, looked: int) -> dict[str, Any]:
    return {"dry_run": wanted.dry_run, **tally.counts(looked=looked), "stopped": tally.reason}
