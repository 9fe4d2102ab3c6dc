"""Write all concepts of a tenant anew."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID, uuid5

from infra.postgres.database import Database
from services.documents.ontology.change import brought_in, change_ontology, placed, rewritten
from services.documents.ontology.concept import Concept, ConceptNotFound, ListedConcept, Ontology, key_of
from services.documents.ontology.etag import check_match
from services.documents.ontology.tree import named


async def replace_ontology(
    wanted: Ontology,
    *,
    if_match: str | None,
    seed: UUID,
    now: datetime,
    tenant: str,
    created_by: str | None,
    database: Database,
) -> tuple[int, list[Concept]]:
    """Keep these concepts and no others; returns the version of the whole, and all. ``seed`` decides new ids.

    Raises ``VersionMissing``, ``VersionStale``, ``ConceptNotFound`` for an id that is not there, ``ConceptExists``,
    ``ParentUnknown``, ``ConceptCycle``, ``OntologyFull``.
    """

    def change(there: list[Concept], version: int) -> list[Concept]:
        check_match(if_match, version)
        drafts = list(_drafts(there))
        return [placed(draft, one, drafts) for draft, one in zip(drafts, wanted.items, strict=True)]

    def _drafts(there: list[Concept]) -> Iterator[Concept]:
        for one in wanted.items:
            old = _meant(one, there)
            new_id = uuid5(seed, key_of(one.name))
            yield rewritten(old, one) if old else brought_in(one, concept_id=new_id, now=now, by=created_by)

    return await change_ontology(change, now=now, tenant=tenant, database=database)


def _meant(one: ListedConcept, there: list[Concept]) -> Concept | None:
    if one.id is None:
        return named(one.name, there)
    found = next((old for old in there if old.id == one.id), None)
    if found is None:
        raise ConceptNotFound(f"There is no concept {one.id}; leave the id of {one.name} out to make it")
    return found
