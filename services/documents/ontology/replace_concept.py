"""Change a concept."""

from datetime import datetime
from uuid import UUID

from infra.postgres.database import Database
from services.documents.ontology.change import change_ontology, placed, rewritten
from services.documents.ontology.concept import Concept, ConceptNotFound, NewConcept
from services.documents.ontology.etag import check_match


async def replace_concept(
    concept_id: UUID, new: NewConcept, *, if_match: str | None, now: datetime, tenant: str, database: Database
) -> Concept:
    """Write a concept anew; returns it.

    Raises ``ConceptNotFound``, ``VersionMissing``, ``VersionStale``, ``ConceptExists``, ``ParentUnknown``,
    ``ConceptCycle``, ``OntologyFull``.
    """

    def change(there: list[Concept], _: int) -> list[Concept]:
        old = next((one for one in there if one.id == concept_id), None)
        if old is None:
            raise ConceptNotFound
        check_match(if_match, old.version)
        written = placed(rewritten(old, new), new, there)
        return [written if one.id == concept_id else one for one in there]

    _, found = await change_ontology(change, now=now, tenant=tenant, database=database)
    return next(one for one in found if one.id == concept_id)
