"""Make a concept."""

from datetime import datetime
from uuid import UUID

from infra.postgres.database import Database
from services.documents.ontology.change import brought_in, change_ontology, placed
from services.documents.ontology.concept import Concept, NewConcept


async def create_concept(
    new: NewConcept, *, concept_id: UUID, now: datetime, tenant: str, created_by: str | None, database: Database
) -> Concept:
    """Returns the concept. Raises ``ConceptExists``, ``ParentUnknown``, ``ConceptCycle``, ``OntologyFull``."""

    def change(there: list[Concept], _: int) -> list[Concept]:
        made = brought_in(new, concept_id=concept_id, now=now, by=created_by)
        return [*there, placed(made, new, there)]

    _, found = await change_ontology(change, now=now, tenant=tenant, database=database)
    return next(one for one in found if one.id == concept_id)
