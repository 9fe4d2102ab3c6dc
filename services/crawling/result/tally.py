"""What is counted of a result, and how much of it may be bad."""

from dataclasses import dataclass
from typing import ClassVar

from msgspec import Struct

from schemas.problem import Problem, ProblemClass


class RowRejectLimit(Problem):
    """So many rows are bad that the rest cannot be trusted."""

    code: ClassVar[str] = "ROW_REJECT_LIMIT"
    kind: ClassVar[ProblemClass] = ProblemClass.DATA
    status: ClassVar[int] = 502
    title: ClassVar[str] = "Too many rows of the result are bad"
    recovery: ClassVar[str] = (
        "Read the rejected lines and their reasons in the lake: the rejects objects beside the manifest; "
        "the crawl_id that GET status shows is part of their path. Then report the snapshot to the provider."
    )
    stage: ClassVar[str] = "download"


class Limits(Struct, frozen=True, kw_only=True):
    """What a result may be. A share of rejected rows is judged from ``share_from`` rows on, and at the end."""

    rejects: int = 1000
    reject_share: float = 0.01
    share_from: int = 1000
    line_bytes: int = 64 << 20
    array_bytes: int = 64 << 20
    array_commas: int = 4_000_000  # no more elements than that: each costs memory beyond its bytes


@dataclass(kw_only=True)
class Tally:
    """What was counted. Its fields are plain numbers: stored and restored, it carries on where it was."""

    rows: int = 0  # lines kept
    error_rows: int = 0  # of these, failed inputs the provider reports
    rejected: int = 0
    media_count: int = 0
    bytes: int = 0  # of the kept lines, each with one newline

    @property
    def lines(self) -> int:
        """Lines seen, without blank ones."""
        return self.rows + self.rejected


def check_rejects(tally: Tally, limits: Limits, *, lines: int | None = None, final: bool = False) -> None:
    """Raise ``RowRejectLimit`` if too many of the lines (by default all that were seen) are bad."""
    seen = tally.lines if lines is None else lines
    share_counts = final or seen >= limits.share_from
    if tally.rejected > limits.rejects or (share_counts and tally.rejected > limits.reject_share * seen):
        raise RowRejectLimit(f"{tally.rejected} of {seen} rows are bad", rejected=tally.rejected, lines=seen)
