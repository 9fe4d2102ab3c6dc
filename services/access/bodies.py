"""Keys and members as callers see them."""

from datetime import datetime
from typing import Generic, TypeVar

from pydantic import BaseModel, Field

from infra.runtime.auth.caller import Scope

T = TypeVar("T")


class ApiKey(BaseModel):
    """An API key, without what would let anybody in."""

    id: str = Field(description="What it is found by; no secret.")
    tenant: str
    name: str
    scope: Scope
    created_at: datetime
    created_by: str | None
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None = Field(description="Exact to a minute.")


class CreatedKey(ApiKey):
    """A new key."""

    key: str = Field(description="The key itself; it is told here and never again.")


class Member(BaseModel):
    """An identity of Google that calls for the tenant."""

    identity: str
    tenant: str
    scope: Scope
    created_at: datetime
    created_by: str | None


class Listed(BaseModel, Generic[T]):
    """All there are."""

    items: list[T]
