"""Look at documents."""

from typing import Any
from uuid import UUID

from infra.postgres.database import Database
from infra.runtime.http.page_token import Moment, read_page_token, write_page_token
from services.documents.reading.document import listed
from services.documents.store import documents
from services.documents.store.documents import Wanted


async def list_documents(
    wanted: Wanted, *, page_size: int, page_token: str | None, database: Database
) -> dict[str, Any]:
    """``items``, newest first, and ``next_page_token``, None at the end. Raises ``InvalidPage``."""
    question = ["documents", *(str(value) for value in vars(wanted).values())]
    form = tuple[Moment, UUID]
    after = read_page_token(page_token, form, asked=question, seal=database.seal) if page_token else None
    async with database.reading() as tx:
        rows = await documents.page(tx, wanted, after=after, limit=page_size + 1)
    more, rows = len(rows) > page_size, rows[:page_size]
    place = (rows[-1]["created_at"], rows[-1]["id"]) if more else None
    token = write_page_token(place, asked=question, seal=database.seal) if place else None
    return {"items": [listed(row) for row in rows], "next_page_token": token}
