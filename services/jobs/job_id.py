"""Ids as callers send them."""

from typing import ClassVar
from uuid import UUID

from schemas.problem import Problem


class JobNotFound(Problem):
    """There is no such job for this caller."""

    code: ClassVar[str] = "NOT_FOUND"
    status: ClassVar[int] = 404
    title: ClassVar[str] = "There is no job with this id"
    recovery: ClassVar[str] = "Check the job_id that the submission answered; GET /api/v2/jobs lists your jobs."


def job_id(text: str) -> UUID:
    """The id in a path. Raises ``JobNotFound``."""
    try:
        return UUID(text)
    except ValueError as error:
        raise JobNotFound from error
