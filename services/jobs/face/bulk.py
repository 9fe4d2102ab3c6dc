"""The routes that command many jobs at once."""

from typing import Any

from fastapi import APIRouter

from infra.runtime.auth.caller import Caller
from infra.runtime.auth.scoped import Operating
from infra.runtime.http.answers import body
from infra.runtime.runtime import Runtime
from services.jobs.bodies.commanding import BulkResult
from services.jobs.commanding.command_jobs import Bulk, BulkPriority, Commanding, Many
from services.jobs.kinds import kinds


def routes(runtime: Runtime) -> APIRouter:
    """The routes of this subject. Each answers how many jobs fitted, changed and refused; full queues stop retries."""
    made = APIRouter(prefix="/api/background/jobs", tags=["commands"])

    def commanding(command: Many, caller: Caller, priority: int | None = None) -> Commanding:
        return Commanding(
            command=command,
            tenant=caller.tenant,
            kinds=runtime.once(kinds),
            room=runtime.settings.max_queue_size,
            database=runtime.database,
            priority=priority,
        )

    @made.post("/cancel", responses=body(BulkResult))
    async def cancel(bulk: Bulk, caller: Operating) -> dict[str, Any]:
        """Cancel the jobs that fit; those that are being worked are over within 5 s."""
        return await commanding("cancel", caller).all(bulk)

    @made.post("/retry", responses=body(BulkResult))
    async def retry(bulk: Bulk, caller: Operating) -> dict[str, Any]:
        """Run the jobs that fit again: those that failed, unless `status` says completed or cancelled."""
        return await commanding("retry", caller).all(bulk)

    @made.post("/priority", responses=body(BulkResult))
    async def priority(bulk: BulkPriority, caller: Operating) -> dict[str, Any]:
        """Give the jobs that fit and wait another priority."""
        return await commanding("priority", caller, bulk.priority).all(bulk)

    return made
