"""The limits of any job, whatever its kind."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.runtime.runtime import Runtime
from services.jobs.engine.terms import Terms, terms
from services.jobs.kinds import Kinds, kinds
from services.jobs.limits import Limits, limits


@dataclass(frozen=True, kw_only=True)
class Limiting:
    """Knows the limits of any job of this installation."""

    terms: Terms
    kinds: Kinds

    def of(self, row: Mapping[str, Any]) -> Limits:
        """The limits of a job's row."""
        return limits(row, terms=self.terms, kind_seconds=self.kinds.timeout_seconds(row["kind"], queue=row["queue"]))


def limiting(runtime: Runtime) -> Limiting:
    """What knows them in this process, through ``runtime.once(limiting)``."""
    return Limiting(terms=terms(runtime.settings), kinds=runtime.once(kinds))
