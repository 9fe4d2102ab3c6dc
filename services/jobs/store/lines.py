"""The timelines of all jobs as one log that many follow, and how jobs are when somebody begins to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from infra.postgres.database import Transaction
from infra.postgres.log import Log
from infra.postgres.log_cursor import Cursor
from services.jobs.store.rows import TOLD, TOLD_OF
from services.jobs.store.views import LIVING, Place

Line = dict[str, Any]
"""A line with all that is shown of its job, as ``services.jobs.shapes`` takes it."""

# A transaction that began to write first may change a job last: a line whose successor was read already is old news.
_NOT_OVERTAKEN = "NOT EXISTS (SELECT FROM job_events o WHERE o.job_id = l.job_id AND o.id > l.id AND o.xid < l.xid)"
_COLUMNS = f"{TOLD}, at, type, data"

LINES = Log[Line](table="job_events", number="id", columns=_COLUMNS, line=dict, shown=_NOT_OVERTAKEN)


@dataclass(frozen=True, kw_only=True)
class Watched:
    """Whose updates somebody follows. None: all. ``sourced``: only of jobs that belong to a data source."""

    tenant: str
    job_id: UUID | None = None
    kind: str | None = None
    batch_id: UUID | None = None
    source_id: str | None = None
    sourced: bool = False

    def __contains__(self, line: Line) -> bool:
        return (
            self.tenant == line["tenant"]
            and self.job_id in {None, line["job_id"]}
            and self.kind in {None, line["kind"]}
            and self.batch_id in {None, line["batch_id"]}
            and self.source_id in {None, line["source_id"]}
            and not (self.sourced and line["source_id"] is None)
        )

    def where(self, first: int) -> tuple[str, Sequence[object]]:
        """The same in SQL, about lines."""
        asked = self.asked()
        said = [f"l.{name} = ${number}" for number, name in enumerate(asked, start=first)]
        said += ["l.source_id IS NOT NULL"] if self.sourced else []
        return " AND ".join(said), list(asked.values())

    def asked(self) -> dict[str, object]:
        """What must be equal."""
        return {name: value for name, value in vars(self).items() if value is not None and name != "sourced"}


@dataclass(frozen=True)
class Shown:
    """A job as it is, with the place of its last line."""

    line: Line
    place: Place
    last: Cursor | None


async def shown(tx: Transaction, watched: Watched, *, epoch: int, before: Place | None, limit: int) -> list[Shown]:
    """The jobs that are not over, newest first, from just before a place in that order; a single one in any state."""
    asked = {"id" if name == "job_id" else name: value for name, value in watched.asked().items()}
    said = [f"{name} = ${number}" for number, name in enumerate(asked, start=2)]
    said += [LIVING] if watched.job_id is None else []
    said += ["source_id IS NOT NULL"] if watched.sourced else []
    said += [f"(created_at, id) < (${len(asked) + 2}::timestamptz, ${len(asked) + 3}::uuid)"] if before else []
    found = await tx.fetch(
        "SELECT j.*, last.xid, last.number, coalesce(last.at, j.created_at) AS at,"
        " coalesce(last.type, 'queued') AS type, coalesce(last.data, '{}') AS data"
        f" FROM (SELECT {TOLD_OF}, created_at FROM jobs WHERE {' AND '.join(said)}"
        f"   ORDER BY created_at DESC, id DESC LIMIT $1) AS j ({TOLD}, created_at)"
        " LEFT JOIN LATERAL (SELECT xid, id AS number, at, type, data FROM job_events l"
        "   WHERE l.job_id = j.job_id ORDER BY id DESC LIMIT 1) AS last ON true"
        " ORDER BY j.created_at DESC, j.job_id DESC",
        limit,
        *asked.values(),
        *(before or ()),
    )
    return [_shown(row, epoch) for row in found]


def _shown(row: Any, epoch: int) -> Shown:
    last = None if row["number"] is None else Cursor(epoch, row["xid"], row["number"])
    created_at: datetime = row["created_at"]
    return Shown(dict(row), (created_at, row["job_id"]), last)
