"""Failures that are expected: each has a code, a class that decides what happens next, and a way out."""

from enum import StrEnum
from typing import ClassVar


class ProblemClass(StrEnum):
    """What a failure means for the work that met it."""

    RETRY = "retry"  # passes by itself: try again with backoff
    PERMANENT = "permanent"  # the same request will fail again
    QUOTA = "quota"  # a limit was reached: wait long, tell somebody
    AUTH = "auth"  # credentials were refused: a person must act
    DATA = "data"  # what came back is not what was promised
    AMBIGUOUS = "ambiguous"  # nobody knows whether it happened: look before doing it again


class Problem(Exception):
    """An expected failure; subclasses stand beside the code that raises them.

    ``detail`` is the sentence for this occurrence, ``extra`` are members a caller may need
    (they appear in problem+json as they are), ``retry_after`` is in seconds.
    """

    code: ClassVar[str] = "INTERNAL"
    kind: ClassVar[ProblemClass] = ProblemClass.PERMANENT
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something expected went wrong"
    tries: ClassVar[int | None] = None  # how many tries this failure deserves; None: what its kind says
    recovery: ClassVar[str] = "Try again; if it happens again, look at the log of this crawl or job."
    remedy: ClassVar[str | None] = None  # what a person can do if it does not pass by itself; None: ``recovery``

    def __init__(self, detail: str = "", *, retry_after: float | None = None, **extra: object) -> None:
        # texts of others may hold NUL, which PostgreSQL keeps nowhere
        self.detail = (detail or self.title).replace("\0", "\N{REPLACEMENT CHARACTER}")
        super().__init__(self.detail)
        self.retry_after = retry_after
        self.extra = extra

    @property
    def retryable(self) -> bool:
        """Whether another try can help without a person or a look-up."""
        return self.tries is not None or self.kind in {ProblemClass.RETRY, ProblemClass.QUOTA}

    @property
    def by_hand(self) -> str:
        """What a person can do about it, whatever happens by itself."""
        return (self.remedy if self.retryable else None) or self.recovery

    @property
    def way_out(self) -> str:
        """What is left to do once nothing is tried again by itself."""
        return f"{self.by_hand} Its tries are used up." if self.retryable else self.recovery
