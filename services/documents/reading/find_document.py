"""Look at one document."""

from typing import Any
from uuid import UUID

from infra.postgres.database import Database
from services.documents.reading.document import DocumentNotFound, listed
from services.documents.resources.resource import shown
from services.documents.store import documents, resources


async def find_document(document_id: UUID, *, tenant: str, database: Database) -> dict[str, Any]:
    """A document with its text and what was found in it. Raises ``DocumentNotFound``."""
    async with database.snapshot() as tx:
        row = await documents.one(tx, document_id, tenant=tenant)
        found = await resources.of_document(tx, document_id, tenant=tenant)
    if row is None:
        raise DocumentNotFound
    return {**listed(row), "text": row["text"], "resources": [shown(one) for one in found]}
