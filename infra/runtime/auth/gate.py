"""What stands before every route: whoever may not come in is answered here, and every change is written down."""

from collections.abc import Container
from typing import ClassVar, Protocol

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.postgres.away import AWAY, DatabaseAway, is_away
from infra.runtime.auth.caller import Caller, announce
from infra.runtime.http.problem_json import problem_response
from schemas.problem import Problem, ProblemClass

log = structlog.get_logger()

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_CHALLENGE = 'Bearer realm="headrace"'


class Unauthenticated(Problem):
    """Nobody said who they are."""

    code: ClassVar[str] = "UNAUTHENTICATED"
    kind: ClassVar[ProblemClass] = ProblemClass.AUTH
    status: ClassVar[int] = 401
    title: ClassVar[str] = "Say who you are"
    recovery: ClassVar[str] = "Send `Authorization: Bearer <API key>`; `headrace key create` makes a key."


class CredentialsRefused(Problem):
    """Whoever calls is not who they say, or nobody we know."""

    code: ClassVar[str] = "CREDENTIALS_REFUSED"
    kind: ClassVar[ProblemClass] = ProblemClass.AUTH
    status: ClassVar[int] = 401
    title: ClassVar[str] = "These credentials are not taken"
    recovery: ClassVar[str] = (
        "Send a key that is neither revoked nor expired (`headrace key list` shows which), or a fresh token of a"
        " member."
    )


class Gate(Protocol):
    """Decides who comes in."""

    async def admit(self, scope: Scope) -> Caller:
        """Who calls. Raises a ``Problem`` for whoever may not come in."""

    def admit_stranger(self, scope: Scope) -> None:
        """Look at a request to a path that is for everybody. Raises a ``Problem``."""


class Authenticated:
    """Lets requests pass with their caller; ``public`` paths need none."""

    def __init__(self, app: ASGIApp, *, gate: Gate, public: Container[str]) -> None:
        self.app = app
        self.gate = gate
        self.public = public

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it before its body is read."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            caller = await self._caller(scope)
        except Problem as problem:
            headers = {"WWW-Authenticate": _challenge(problem)} if problem.status == Unauthenticated.status else {}
            await problem_response(problem, instance=scope["path"], headers=headers)(scope, receive, send)
            return
        await self.app(scope, receive, _written_down(scope, send, caller) if caller else send)

    async def _caller(self, scope: Scope) -> Caller | None:
        if scope["path"] in self.public:
            self.gate.admit_stranger(scope)
            return None
        try:
            caller = await self.gate.admit(scope)
        except AWAY as error:
            if not is_away(error):
                raise
            raise DatabaseAway(f"The database does not answer: {error}"[:300], retry_after=2) from error
        announce(scope, caller)
        return caller


def _challenge(problem: Problem) -> str:
    return _CHALLENGE if isinstance(problem, Unauthenticated) else f'{_CHALLENGE}, error="invalid_token"'


def _written_down(scope: Scope, send: Send, caller: Caller) -> Send:
    if scope["method"] in SAFE or caller.name is None:
        return send

    async def noted(message: Message) -> None:
        if message["type"] == "http.response.start":
            who = {"by": caller.name, "key_id": caller.key_id, "tenant": caller.tenant, "scope": caller.scope}
            log.info("change asked", **who, method=scope["method"], path=scope["path"], status=message["status"])
        await send(message)

    return noted
