"""The routes of dead letters."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from infra.runtime.auth.scoped import Operating, Reading
from infra.runtime.events.bus import DeadLetterUnknown, SubscriptionGone
from infra.runtime.http.answers import body, problems
from infra.runtime.http.page_token import InvalidPage
from infra.runtime.runtime import Runtime
from services.jobs.bodies.commanding import Counted, DeadLetter, DeadLetterFound, Settled
from services.jobs.bodies.jobs import Page
from services.jobs.commanding.commands import InvalidTransition
from services.jobs.commanding.discard_dead_letter import discard_dead_letter
from services.jobs.commanding.list_dead_letters import Source, find_dead_letter, list_dead_letters
from services.jobs.commanding.replay_dead_letter import (
    Replay,
    replay_dead_letter,
    replay_dead_letters,
)
from services.jobs.face.reading import Name, PageSize, PageToken
from services.jobs.job_id import JobNotFound
from services.jobs.kinds import kinds
from services.jobs.store.dead import Dead
from services.jobs.submitting.room import QueueFull

_REPLAYED = body(Settled, status=202) | problems(
    DeadLetterUnknown, JobNotFound, SubscriptionGone, InvalidTransition, QueueFull
)


class Discard(BaseModel):
    """Why nobody needs it any more."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$")]


def routes(runtime: Runtime) -> APIRouter:
    """The routes of this subject."""
    made = APIRouter(prefix="/api/background/dead-letters", tags=["commands"])
    _list(made, runtime)
    _commands(made, runtime)
    return made


def _list(made: APIRouter, runtime: Runtime) -> None:
    @made.get("", responses=body(Page[DeadLetter]) | problems(InvalidPage))
    async def dead_letters(
        *,
        caller: Reading,
        source: Source | None = None,
        kind: Name = None,
        queue: Name = None,
        code: Name = None,
        page_size: PageSize = 50,
        page_token: PageToken = None,
    ) -> dict[str, Any]:
        """Jobs that failed for good and messages nobody could take, the last first, each with its reason."""
        return await list_dead_letters(
            Dead(tenant=caller.tenant, kind=kind, queue=queue, code=code),
            source=source,
            page_size=page_size,
            page_token=page_token,
            database=runtime.database,
            bus=runtime.bus,
        )

    @made.get("/{letter}", responses=body(DeadLetterFound) | problems(DeadLetterUnknown))
    async def dead_letter(letter: str, caller: Reading) -> dict[str, Any]:
        """One of them, with what it carried."""
        return await find_dead_letter(_id(letter), tenant=caller.tenant, database=runtime.database, bus=runtime.bus)


def _commands(made: APIRouter, runtime: Runtime) -> None:
    bus, database, room = runtime.bus, runtime.database, runtime.settings.max_queue_size

    @made.post("/replay", responses=body(Counted))
    async def replay_all(wanted: Replay, caller: Operating) -> dict[str, Any]:
        """Give all that fit another chance; answers how many fitted, changed and refused."""
        known = runtime.once(kinds)
        return await replay_dead_letters(
            wanted, tenant=caller.tenant, kinds=known, room=room, database=database, bus=bus
        )

    @made.post("/{letter}/replay", status_code=202, responses=_REPLAYED)
    async def replay(letter: str, caller: Operating) -> dict[str, Any]:
        """Give one another chance: a job is retried, a message delivered again."""
        source = await replay_dead_letter(
            _id(letter), tenant=caller.tenant, kinds=runtime.once(kinds), room=room, database=database, bus=bus
        )
        return {"id": letter, "source": source, "status": "replayed"}

    @made.post("/{letter}/discard", responses=body(Settled) | problems(DeadLetterUnknown))
    async def discard(letter: str, why: Discard, caller: Operating) -> dict[str, Any]:
        """Take one off the list; a job keeps the reason and can still be retried."""
        source = await discard_dead_letter(
            _id(letter), reason=why.reason, tenant=caller.tenant, database=database, bus=bus
        )
        return {"id": letter, "source": source, "status": "discarded"}


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise DeadLetterUnknown from error
