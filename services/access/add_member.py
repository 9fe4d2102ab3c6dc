"""Let an identity of Google call for a tenant."""

from typing import Annotated, Any, ClassVar

import structlog
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from infra.postgres.database import Database
from infra.runtime.auth.caller import Scope
from schemas.problem import Problem
from services.access import store
from services.access.tenant import check_tenant

log = structlog.get_logger()


class MemberElsewhere(Problem):
    """The identity calls for another tenant."""

    code: ClassVar[str] = "MEMBER_ELSEWHERE"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "This identity calls for another tenant"
    recovery: ClassVar[str] = "Use another identity, or have that tenant remove it; `headrace member list` shows whose."


_PART = r"[^@\s\x00-\x1f\x7f]+"
Identity = Annotated[str, Field(max_length=320, pattern=f"^{_PART}@{_PART}$"), AfterValidator(str.lower)]


class NewMember(BaseModel):
    """Who is let in."""

    model_config = ConfigDict(extra="forbid")

    identity: Identity = Field(description="E-mail address of the person or service account, as Google knows it.")
    scope: Scope = Field(description="The most they may do; each scope includes those before it.")


async def add_member(new: NewMember, *, tenant: str, created_by: str | None, database: Database) -> dict[str, Any]:
    """The member; one that is there already gets the scope that is named.

    Raises ``MemberElsewhere``, ``TenantRefused``.
    """
    check_tenant(tenant)
    async with database.transaction() as tx:
        member = await store.add_member(tx, new.identity, tenant=tenant, scope=new.scope, created_by=created_by)
    if member is None:
        raise MemberElsewhere
    log.info("member added", identity=new.identity, tenant=tenant, scope=new.scope, by=created_by)
    return member
