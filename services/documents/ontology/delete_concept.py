"""Remove a concept."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from infra.postgres.database import Database
from schemas.problem import Problem
from services.documents.ontology.change import change_ontology
from services.documents.ontology.concept import Concept, ConceptNotFound
from services.documents.ontology.etag import check_match


class ConceptInUse(Problem):
    """Other concepts stand below it."""

    code: ClassVar[str] = "CONCEPT_IN_USE"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "Other concepts stand below this one"
    recovery: ClassVar[str] = "Remove them first, or give them another parent."


async def delete_concept(
    concept_id: UUID, *, if_match: str | None, now: datetime, tenant: str, database: Database
) -> None:
    """Remove a concept; resources keep its label. Raises ``ConceptNotFound``, ``VersionStale``, ``ConceptInUse``."""

    def change(there: list[Concept], _: int) -> list[Concept]:
        old = next((one for one in there if one.id == concept_id), None)
        if old is None:
            raise ConceptNotFound
        check_match(if_match, old.version, needed=False)
        if narrower := [one.name for one in there if one.parent_id == concept_id]:
            raise ConceptInUse(f"Below it: {', '.join(narrower[:10])}")
        return [one for one in there if one.id != concept_id]

    await change_ontology(change, now=now, tenant=tenant, database=database)
