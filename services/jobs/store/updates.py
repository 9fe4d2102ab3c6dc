"""The timeline of all jobs as one log: in commit order, and only what no running transaction can still overtake."""

from typing import Any, NamedTuple

from infra.postgres.database import Transaction

_SETTLED = "xid < pg_snapshot_xmin(pg_current_snapshot())"


class Place(NamedTuple):
    """After which line somebody reads on."""

    xid: int
    id: int


async def end(tx: Transaction) -> Place:
    """The place after all lines that are settled now."""
    return Place(await tx.fetchval("SELECT pg_snapshot_xmin(pg_current_snapshot())"), 0)


async def after(tx: Transaction, place: Place, *, tenant: str, limit: int) -> list[dict[str, Any]]:
    """The next lines, each with the steps its job has completed by now."""
    found = await tx.fetch(
        "SELECT e.xid, e.id, e.job_id, e.state, e.tries, e.started, e.progress, e.step, e.message,"
        " coalesce(j.steps_completed, '{}') AS steps_completed"
        " FROM (SELECT * FROM job_events"
        f"   WHERE (xid, id) > ($1::xid8, $2::bigint) AND {_SETTLED} AND tenant = $3 ORDER BY xid, id LIMIT $4) e"
        " LEFT JOIN jobs j ON j.id = e.job_id ORDER BY e.xid, e.id",
        place.xid,
        place.id,
        tenant,
        limit,
    )
    return [dict(row) for row in found]
