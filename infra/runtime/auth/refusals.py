"""Whoever shows wrong credentials again and again is told to wait: so many refusals for each address."""

from dataclasses import dataclass, field
from typing import ClassVar

from starlette.types import Scope

from infra.runtime.auth.address import caller_address
from infra.runtime.http.buckets import Buckets
from schemas.problem import Problem, ProblemClass

A_MINUTE = 30.0  # by one process


class RefusedTooOften(Problem):
    """Wrong credentials, one after the other."""

    code: ClassVar[str] = "REFUSED_TOO_OFTEN"
    kind: ClassVar[ProblemClass] = ProblemClass.AUTH
    status: ClassVar[int] = 429
    title: ClassVar[str] = "These credentials are not taken, and neither were many before"
    recovery: ClassVar[str] = (
        "Wait for the time in Retry-After, then send a key that is neither revoked nor expired (`headrace key list`"
        " shows which), or a fresh token of a member: good credentials are always taken."
    )


@dataclass
class Refusals:
    """Counts refused credentials by where they came from; those that are taken are not even looked for here."""

    trusted_proxies: int = 0
    buckets: Buckets = field(default_factory=lambda: Buckets(A_MINUTE / 60, burst=A_MINUTE))

    def note(self, scope: Scope) -> None:
        """Count one. Raises ``RefusedTooOften`` instead of what it was refused with."""
        seconds = self.buckets.take(caller_address(scope, trusted_proxies=self.trusted_proxies))
        if seconds:
            raise RefusedTooOften(f"{A_MINUTE:g} refusals a minute are answered", retry_after=seconds)
