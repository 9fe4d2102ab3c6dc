"""Make an API key."""

from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar

import structlog
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from infra.postgres.database import Database
from infra.runtime.auth.caller import Scope
from infra.runtime.auth.key import Key
from schemas.problem import Problem
from services.access import store
from services.access.tenant import check_tenant

log = structlog.get_logger()


class ExpiryPassed(Problem):
    """A key was wanted that would never hold."""

    code: ClassVar[str] = "EXPIRY_PASSED"
    status: ClassVar[int] = 422
    title: ClassVar[str] = "The key would have expired before it is made"
    recovery: ClassVar[str] = "Give `expires_at` a time in the future, or leave it out."


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        msg = "must be a time until the year 9999"
        raise ValueError(msg) from error


class NewKey(BaseModel):
    """What a key is asked for with."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*$")] = Field(
        description="Who uses it, for what; yours to choose."
    )
    scope: Scope = Field(description="The most it may do; each scope includes those before it.")
    expires_at: Annotated[AwareDatetime, AfterValidator(_in_utc)] | None = Field(
        None, description="When it holds no more; unset: never by itself."
    )


async def create_key(
    new: NewKey, *, key: Key, now: datetime, tenant: str, created_by: str | None, database: Database
) -> dict[str, Any]:
    """What is shown of the key, and the ``key`` itself, which is told here and never again.

    Raises ``ExpiryPassed``, ``TenantRefused``.
    """
    check_tenant(tenant)
    if new.expires_at is not None and new.expires_at <= now:
        raise ExpiryPassed
    async with database.transaction() as tx:
        made = await store.add_key(
            tx, key.id, digest=key.digest, tenant=tenant, created_by=created_by, **new.model_dump()
        )
    log.info("key created", key_id=key.id, tenant=tenant, scope=new.scope, by=created_by)
    return {**made, "key": key.text}
