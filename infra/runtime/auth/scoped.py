"""What routes ask of their caller: the scope stands in the route's signature."""

from typing import Annotated, ClassVar

from fastapi import Request, Security
from fastapi.openapi.models import HTTPBearer
from fastapi.security import SecurityScopes
from fastapi.security.base import SecurityBase

from infra.runtime.auth.caller import ALL_TENANTS, HOME, SCOPES, Caller, announced
from schemas.problem import Problem, ProblemClass

SCHEME = "caller"


class ScopeMissing(Problem):
    """The caller may not do this."""

    code: ClassVar[str] = "SCOPE_MISSING"
    kind: ClassVar[ProblemClass] = ProblemClass.AUTH
    status: ClassVar[int] = 403
    title: ClassVar[str] = "This needs another scope"
    recovery: ClassVar[str] = "Use a key with the scope that is named, or ask an admin of your tenant for it."


class NotTheHouse(Problem):
    """A caller of one tenant wants what concerns all of them."""

    code: ClassVar[str] = "ALL_TENANTS"
    kind: ClassVar[ProblemClass] = ProblemClass.AUTH
    status: ClassVar[int] = 403
    title: ClassVar[str] = "This concerns every tenant"
    recovery: ClassVar[str] = "Ask whoever runs this installation: only callers of the tenant `default` may do it."


class _Callers(SecurityBase):
    """Gives a route its caller, once it has the scope that the route asks for."""

    def __init__(self) -> None:
        self.model = HTTPBearer(
            description="An API key (`hrk_...`), or an identity token of Google for one of HEADRACE_AUDIENCES."
        )
        self.scheme_name = SCHEME

    async def __call__(self, request: Request, wanted: SecurityScopes) -> Caller:
        """Raises ``ScopeMissing``, ``NotTheHouse``."""
        caller = announced(request.scope)
        assert caller is not None  # noqa: S101  # whatever is not public is not reached without one
        for scope in SCOPES:
            if scope in wanted.scopes and not caller.may(scope):
                raise ScopeMissing(f"This needs the scope {scope}; yours is {caller.scope}", scope=scope)
        if ALL_TENANTS in wanted.scopes and caller.tenant != HOME:
            raise NotTheHouse
        return caller


CALLERS = _Callers()

Reading = Annotated[Caller, Security(CALLERS, scopes=["read"])]
Triggering = Annotated[Caller, Security(CALLERS, scopes=["trigger"])]
Operating = Annotated[Caller, Security(CALLERS, scopes=["operate"])]
Administering = Annotated[Caller, Security(CALLERS, scopes=["admin"])]

ReadingAll = Annotated[Caller, Security(CALLERS, scopes=["read", ALL_TENANTS])]

READS_ALL = Security(CALLERS, scopes=["read", ALL_TENANTS])
OPERATES_ALL = Security(CALLERS, scopes=["operate", ALL_TENANTS])
"""For routes without a use for the caller: ``dependencies=[OPERATES_ALL]``."""
