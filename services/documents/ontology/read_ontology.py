"""Read concepts."""

from dataclasses import dataclass
from uuid import UUID

from infra.postgres.database import Database
from infra.runtime.http.page_token import read_page_token, write_page_token
from services.documents.ontology.concept import Concept, ConceptNotFound, key_of
from services.documents.store import concepts as store


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A page of concepts, and the version of the whole."""

    items: list[Concept]
    next_page_token: str | None
    version: int


async def list_concepts(*, tenant: str, page_size: int, page_token: str | None, database: Database) -> Listing:
    """Concepts by their names. Raises ``InvalidPage``."""
    asked = ["concepts", tenant]
    after = read_page_token(page_token, tuple[str], asked=asked, seal=database.seal)[0] if page_token else ""
    async with database.snapshot() as tx:
        version = await store.version(tx, tenant=tenant)
        there = sorted(await store.all_of(tx, tenant=tenant), key=lambda one: key_of(one.name))
    rest = [one for one in there if key_of(one.name) > after]
    items, more = rest[:page_size], len(rest) > page_size
    token = write_page_token((key_of(items[-1].name),), asked=asked, seal=database.seal) if more else None
    return Listing(items=items, next_page_token=token, version=version)


async def find_concept(concept_id: UUID, *, tenant: str, database: Database) -> Concept:
    """One concept. Raises ``ConceptNotFound``."""
    async with database.reading() as tx:
        there = await store.all_of(tx, tenant=tenant)
    found = next((one for one in there if one.id == concept_id), None)
    if found is None:
        raise ConceptNotFound
    return found
