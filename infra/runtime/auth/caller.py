"""The caller of a request, and what callers may do."""

from typing import Literal

from msgspec import Struct
from starlette.types import Scope as Connection

Scope = Literal["read", "trigger", "operate", "admin"]
SCOPES: tuple[Scope, ...] = ("read", "trigger", "operate", "admin")
"""What callers may do; each includes those before it."""

HOME = "default"
"""The tenant of whoever runs the installation."""

ALL_TENANTS = "all-tenants"
"""Beside a scope: the route concerns every tenant, so only callers of ``HOME`` may use it."""

_KEY = "headrace.caller"


class Caller(Struct, frozen=True, kw_only=True):
    """Whose request it is. ``name`` is what is written down of them; None while authentication is off."""

    tenant: str
    scope: Scope
    name: str | None = None
    key_id: str | None = None

    def may(self, scope: Scope) -> bool:
        """Whether the caller's scope includes this one."""
        return SCOPES.index(self.scope) >= SCOPES.index(scope)


LOCAL = Caller(tenant=HOME, scope="admin")
"""Everybody on this machine while authentication is off."""


def announce(connection: Connection, caller: Caller) -> None:
    """Make the caller known to what comes after authentication."""
    connection[_KEY] = caller


def announced(connection: Connection) -> Caller | None:
    """The caller of a request; None where nobody had to say who they are."""
    found: Caller | None = connection.get(_KEY)
    return found
