"""How many requests a process takes from one tenant: a bucket each, that fills with time."""

from typing import ClassVar

from starlette.types import ASGIApp, Receive, Scope, Send

from infra.runtime.auth.caller import announced
from infra.runtime.http.buckets import Buckets
from infra.runtime.http.problem_json import problem_response
from schemas.problem import Problem, ProblemClass

BURST_SECONDS = 2.0
EXEMPT = frozenset({"/livez", "/readyz", "/metrics"})  # whoever watches a process must see it under load


class RateLimited(Problem):
    """More requests than one tenant may send."""

    code: ClassVar[str] = "RATE_LIMITED"
    kind: ClassVar[ProblemClass] = ProblemClass.RETRY
    status: ClassVar[int] = 429
    title: ClassVar[str] = "Too many requests"
    recovery: ClassVar[str] = "Wait for the time in Retry-After; submit-batch takes up to 10,000 jobs in one request."


class RateLimit:
    """Refuses a tenant's requests beyond ``per_second``; bursts may be two seconds' worth."""

    def __init__(self, app: ASGIApp, *, per_second: float) -> None:
        self.app = app
        self.buckets = Buckets(per_second, burst=max(1.0, per_second * BURST_SECONDS))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it before its body is read."""
        limited = scope["type"] == "http" and scope["path"] not in EXEMPT
        if not limited or not (seconds := self.buckets.take(_whose(scope))):
            await self.app(scope, receive, send)
            return
        allowed = self.buckets.per_second
        problem = RateLimited(f"{allowed:g} requests a second are taken", retry_after=seconds, limit=allowed)
        await problem_response(problem, instance=scope["path"])(scope, receive, send)


def _whose(scope: Scope) -> str:
    caller = announced(scope)
    return caller.tenant if caller else ""  # those who need not say who they are share one bucket
