"""What happened to a job, line by line."""

from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta

from infra.postgres.database import Database
from infra.runtime.http.page_token import read_page_token, write_page_token
from services.jobs.shapes import line
from services.jobs.store import views

_Line = Annotated[int, Meta(ge=0, le=2**63 - 1)]


async def job_timeline(job_id: UUID, *, page_size: int, page_token: str | None, database: Database) -> dict[str, Any]:
    """``items``, oldest first, and ``next_page_token`` (None at the end). Raises ``InvalidPage``."""
    asked = ["timeline", str(job_id)]
    [after] = read_page_token(page_token, tuple[_Line], asked=asked, seal=database.seal) if page_token else (0,)
    async with database.reading() as tx:
        rows = await views.timeline(tx, job_id, after=after, limit=page_size + 1)
    token = (
        write_page_token((rows[page_size - 1]["id"],), asked=asked, seal=database.seal)
        if len(rows) > page_size
        else None
    )
    return {"items": [line(row) for row in rows[:page_size]], "next_page_token": token}
