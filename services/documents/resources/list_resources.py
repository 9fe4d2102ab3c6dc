"""Look at what was found."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from infra.postgres.database import Database, Transaction
from infra.runtime.http.page_token import Moment, read_page_token, write_page_token
from services.documents.ontology.tree import below
from services.documents.store import concepts, resources
from services.documents.store.resources import Wanted


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Which resources; None is any. ``concept_id`` means what is narrower too."""

    tenant: str
    concept_id: UUID | None = None
    source_id: str | None = None
    job_id: UUID | None = None
    min_confidence: float = 0.0
    needs_review: bool | None = None
    text: str | None = None


async def list_resources(
    asked: Asked, *, page_size: int, page_token: str | None, database: Database
) -> tuple[list[dict[str, Any]], str | None]:
    """Rows, newest first, and the token of the next page. Raises ``InvalidPage``."""
    question = ["resources", *(str(value) for value in vars(asked).values())]
    form = tuple[Moment, UUID]
    after = read_page_token(page_token, form, asked=question, seal=database.seal) if page_token else None
    async with database.reading() as tx:
        rows = await resources.page(tx, await _wanted(tx, asked), after=after, limit=page_size + 1)
    more, rows = len(rows) > page_size, rows[:page_size]
    place = (rows[-1]["created_at"], rows[-1]["id"]) if more else None
    return rows, write_page_token(place, asked=question, seal=database.seal) if place else None


async def _wanted(tx: Transaction, asked: Asked) -> Wanted:
    said = vars(asked) | {"concepts": None}
    if (concept_id := said.pop("concept_id")) is not None:
        said["concepts"] = sorted(below(concept_id, await concepts.all_of(tx, tenant=asked.tenant)))
    return Wanted(**said)
