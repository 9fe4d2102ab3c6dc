"""Pushes that nobody verifies: Cloud Run does it before us, and on this machine only web pages are to be feared."""

from collections.abc import Mapping
from typing import ClassVar

from starlette.types import Scope

from infra.runtime.auth.loopback import of_this_machine
from schemas.problem import Problem, ProblemClass

_CLOUD_RUN = "K_SERVICE"  # Cloud Run names itself to each process, and lets in whoever may invoke it


class UnverifiedPush(Problem):
    """Others reach this function, and nobody looks at who pushes."""

    code: ClassVar[str] = "PUSH_UNVERIFIED"
    kind: ClassVar[ProblemClass] = ProblemClass.AUTH
    status: ClassVar[int] = 403
    title: ClassVar[str] = "Others reach this function, and nobody verifies who pushes to it"
    recovery: ClassVar[str] = (
        "Set HEADRACE_PUSH_ACCOUNT and HEADRACE_AUDIENCES, or have the function listen and be called on 127.0.0.1."
    )


def refuse_unverified(scope: Scope, *, environment: Mapping[str, str]) -> None:
    """Look at a push that carries no token for us. Raises ``UnverifiedPush``."""
    if _CLOUD_RUN not in environment and not of_this_machine(scope):
        raise UnverifiedPush
