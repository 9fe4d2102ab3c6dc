"""How often a job is tried and how long: as the job says, or its kind, or the settings."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from services.jobs.engine.terms import Terms


class Limits(Struct, frozen=True, kw_only=True):
    """What holds for one job. ``timeout_seconds`` is how long one claim may take."""

    max_retries: int
    timeout_seconds: float


def limits(row: Mapping[str, Any], *, terms: Terms, kind_seconds: float | None) -> Limits:
    """The limits of a job's row; ``kind_seconds`` is the timeout its kind names."""
    own = row["timeout_seconds"] and float(f"{row['timeout_seconds']:.7g}")  # four bytes keep no more digits
    tries = terms.max_tries if row["max_tries"] is None else row["max_tries"]
    return Limits(
        max_retries=tries - 1 if terms.retries else 0,
        timeout_seconds=own or kind_seconds or terms.timeout_seconds,
    )
