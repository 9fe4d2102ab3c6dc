"""Let an identity call for a tenant no more."""

from typing import ClassVar

import structlog

from infra.postgres.database import Database
from schemas.problem import Problem
from services.access import store

log = structlog.get_logger()


class MemberUnknown(Problem):
    """The tenant has no such member."""

    code: ClassVar[str] = "MEMBER_UNKNOWN"
    status: ClassVar[int] = 404
    title: ClassVar[str] = "No such member"
    recovery: ClassVar[str] = "List the members with GET /api/v1/members or `headrace member list`."


async def remove_member(identity: str, *, tenant: str | None, database: Database) -> None:
    """The next request of this identity is refused. Without a ``tenant`` whosever it is. Raises ``MemberUnknown``."""
    async with database.transaction() as tx:
        if not await store.remove_member(tx, identity.lower().replace("\0", ""), tenant=tenant):
            raise MemberUnknown
    log.info("member removed", identity=identity, tenant=tenant)
