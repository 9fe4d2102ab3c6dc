"""The HTTP face of who may call: wiring only. Each tenant has its own keys and members."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter

from infra.runtime.auth.key import new_key
from infra.runtime.auth.scoped import Administering
from infra.runtime.http.answers import body, problems
from infra.runtime.http.faces import Service
from infra.runtime.runtime import Runtime
from services.access.add_member import MemberElsewhere, NewMember, add_member
from services.access.bodies import ApiKey, CreatedKey, Listed, Member
from services.access.create_key import ExpiryPassed, NewKey, create_key
from services.access.list_keys import list_keys
from services.access.list_members import list_members
from services.access.remove_member import MemberUnknown, remove_member
from services.access.revoke_key import KeyUnknown, revoke_key


@asynccontextmanager
async def lifespan(_: Runtime) -> AsyncIterator[None]:
    """Nothing runs beside the routes."""
    yield


def router(runtime: Runtime) -> APIRouter:
    """All routes of the context."""
    made = APIRouter(prefix="/api/v1", tags=["access"])
    _keys(made, runtime)
    _members(made, runtime)
    return made


def _keys(made: APIRouter, runtime: Runtime) -> None:
    database = runtime.database

    @made.post("/keys", status_code=201, responses=body(CreatedKey, status=201) | problems(ExpiryPassed))
    async def create(new: NewKey, caller: Administering) -> dict[str, Any]:
        """Make an API key. Keep it: it is not shown again."""
        now = datetime.now(UTC)
        return await create_key(
            new, key=new_key(), now=now, tenant=caller.tenant, created_by=caller.name, database=database
        )

    @made.get("/keys", responses=body(Listed[ApiKey]))
    async def keys(caller: Administering) -> dict[str, Any]:
        """All keys, oldest first, also those that hold no more."""
        return await list_keys(tenant=caller.tenant, database=database)

    @made.delete("/keys/{key_id}", responses=body(ApiKey) | problems(KeyUnknown))
    async def revoke(key_id: str, caller: Administering) -> dict[str, Any]:
        """Revoke a key: the next request with it is refused."""
        return await revoke_key(key_id, tenant=caller.tenant, database=database)


def _members(made: APIRouter, runtime: Runtime) -> None:
    database = runtime.database

    @made.post("/members", status_code=201, responses=body(Member, status=201) | problems(MemberElsewhere))
    async def add(new: NewMember, caller: Administering) -> dict[str, Any]:
        """Let an identity of Google call, or change its scope."""
        return await add_member(new, tenant=caller.tenant, created_by=caller.name, database=database)

    @made.get("/members", responses=body(Listed[Member]))
    async def members(caller: Administering) -> dict[str, Any]:
        """All identities that may call, by their names."""
        return await list_members(tenant=caller.tenant, database=database)

    @made.delete("/members/{identity}", status_code=204, responses=problems(MemberUnknown))
    async def remove(identity: str, caller: Administering) -> None:
        """Let an identity call no more: its next request is refused."""
        await remove_member(identity, tenant=caller.tenant, database=database)


app = Service("access")
