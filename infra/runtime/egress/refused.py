"""What ends a request that leaves."""

from typing import ClassVar

from schemas.problem import Problem, ProblemClass


class EgressRefused(Problem):
    """A request would leave for where none may go; the detail names host and reason."""

    code: ClassVar[str] = "EGRESS_REFUSED"
    status: ClassVar[int] = 422
    title: ClassVar[str] = "This address is not asked"
    recovery: ClassVar[str] = (
        "Give an http:// or https:// URL of a public host, without user name or password, on port 80 or 443; "
        "whoever operates Headrace may allow a host of its own network in HEADRACE_EGRESS_ALLOW."
    )


class EgressFailed(Problem):
    """The other side did not answer, or not as HTTP does."""

    code: ClassVar[str] = "EGRESS_FAILED"
    kind: ClassVar[ProblemClass] = ProblemClass.RETRY
    status: ClassVar[int] = 502
    title: ClassVar[str] = "The address did not answer"
    recovery: ClassVar[str] = "Look at whether the address answers in a browser, then try again."


class EgressUntrusted(EgressFailed):
    """The other side shows a certificate that nobody vouches for."""

    code: ClassVar[str] = "EGRESS_UNTRUSTED"
    kind: ClassVar[ProblemClass] = ProblemClass.DATA
    title: ClassVar[str] = "The address's certificate is not trusted"
    recovery: ClassVar[str] = "Tell its owner; try again once a browser opens the address without warning."


class EgressTooLarge(Problem):
    """An answer has more bytes than whoever asked can use."""

    code: ClassVar[str] = "EGRESS_TOO_LARGE"
    kind: ClassVar[ProblemClass] = ProblemClass.DATA
    status: ClassVar[int] = 502
    title: ClassVar[str] = "The answer is too large"
    recovery: ClassVar[str] = "Give the address of something smaller."
