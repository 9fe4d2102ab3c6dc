"""Concepts as rows, always those of one tenant."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from infra.postgres.database import Transaction, uuids
from services.documents.ontology.concept import Concept, key_of

_ALL = """
SELECT c.id, c.name, c.description, c.synonyms, p.name AS parent, c.parent_id, c.properties, c.classifiable, c.version,
       c.created_at, c.created_by, c.updated_at
FROM concepts c LEFT JOIN concepts p ON p.id = c.parent_id
WHERE c.tenant = $1 ORDER BY c.name_key
"""

_LOCK = """
INSERT INTO ontologies AS o (tenant, version) VALUES ($1, 1)
ON CONFLICT (tenant) DO UPDATE SET version = o.version + 1 RETURNING version
"""

_SAVE = """
INSERT INTO concepts AS c (id, tenant, name, name_key, description, synonyms, parent_id, properties, classifiable,
                           version, created_at, created_by, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, name_key = excluded.name_key, description = excluded.description,
  synonyms = excluded.synonyms, parent_id = excluded.parent_id, properties = excluded.properties,
  classifiable = excluded.classifiable, version = excluded.version, updated_at = excluded.updated_at
WHERE c.tenant = excluded.tenant
"""


async def lock(tx: Transaction, *, tenant: str) -> int:
    """The version that a change makes; nobody else changes this tenant's concepts until the transaction ends."""
    return int(await tx.fetchval(_LOCK, tenant))


async def version(tx: Transaction, *, tenant: str) -> int:
    """The version of the whole; 0 before the first concept."""
    return int(await tx.fetchval("SELECT version FROM ontologies WHERE tenant = $1", tenant) or 0)


async def all_of(tx: Transaction, *, tenant: str) -> list[Concept]:
    """All concepts by their names."""
    return [Concept.model_validate(dict(row)) for row in await tx.fetch(_ALL, tenant)]


async def save(tx: Transaction, concepts: Iterable[Concept], *, tenant: str) -> None:
    """Store concepts as they are now. Names and parents are checked at the end of the transaction."""
    for one in concepts:
        said: dict[str, Any] = one.model_dump(mode="json", include={"synonyms", "properties"})
        await tx.execute(
            _SAVE,
            one.id,
            tenant,
            one.name,
            key_of(one.name),
            one.description,
            said["synonyms"],
            one.parent_id,
            said["properties"],
            one.classifiable,
            one.version,
            one.created_at,
            one.created_by,
            one.updated_at,
        )


async def remove(tx: Transaction, ids: Iterable[UUID], *, tenant: str) -> None:
    """Forget concepts; what was found to be one keeps its label."""
    await tx.execute("DELETE FROM concepts WHERE tenant = $1 AND id = ANY($2::uuid[])", tenant, uuids(ids))
