"""Revoke an API key."""

from typing import Any, ClassVar

import structlog

from infra.postgres.database import Database
from schemas.problem import Problem
from services.access import store

log = structlog.get_logger()


class KeyUnknown(Problem):
    """The tenant has no such key."""

    code: ClassVar[str] = "KEY_UNKNOWN"
    status: ClassVar[int] = 404
    title: ClassVar[str] = "No such key"
    recovery: ClassVar[str] = "List the keys with GET /api/v1/keys or `headrace key list`; the id is not the key."


async def revoke_key(key_id: str, *, tenant: str | None, database: Database) -> dict[str, Any]:
    """The key as it is shown; the next request with it is refused. Without a ``tenant`` whosever it is.

    Raises ``KeyUnknown``.
    """
    async with database.transaction() as tx:
        revoked = await store.revoke_key(tx, key_id.replace("\0", ""), tenant=tenant)
    if revoked is None:
        raise KeyUnknown
    log.info("key revoked", key_id=key_id, tenant=tenant)
    return revoked
