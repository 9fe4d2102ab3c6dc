"""The routes of concepts."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Header, Query, Response
from pydantic import BaseModel, Field

from infra.runtime.auth.scoped import Operating, Reading
from infra.runtime.http.answers import body, problems
from infra.runtime.http.page_token import InvalidPage
from infra.runtime.runtime import Runtime
from services.documents.ontology.concept import Concept, ConceptNotFound, NewConcept, Ontology, concept_id_of
from services.documents.ontology.create_concept import create_concept
from services.documents.ontology.delete_concept import ConceptInUse, delete_concept
from services.documents.ontology.etag import VersionMissing, VersionStale, etag
from services.documents.ontology.read_ontology import find_concept, list_concepts
from services.documents.ontology.replace_concept import replace_concept
from services.documents.ontology.replace_ontology import replace_ontology
from services.documents.ontology.tree import ConceptCycle, ConceptExists, OntologyFull, ParentUnknown

IfMatch = Annotated[str | None, Header(max_length=1000, description="The ETag of what is changed, or `*`.")]
_TREE = (ConceptExists, ParentUnknown, ConceptCycle, OntologyFull)
_VERSION = (VersionMissing, VersionStale)


class Concepts(BaseModel):
    """A page of concepts. The answer's ETag is the version of the whole ontology."""

    items: list[Concept]
    next_page_token: str | None = Field(description="Where the list goes on; null at its end.")


def routes(runtime: Runtime) -> APIRouter:
    """The routes of this subject."""
    made = APIRouter(prefix="/api/v1/ontology/concepts", tags=["documents"])
    _whole(made, runtime)
    _reading(made, runtime)
    _changing(made, runtime)
    return made


def _whole(made: APIRouter, runtime: Runtime) -> None:
    database = runtime.database

    @made.get("", responses=body(Concepts) | problems(InvalidPage))
    async def concepts(
        caller: Reading,
        response: Response,
        page_size: Annotated[int, Query(ge=1, le=500)] = 100,
        page_token: Annotated[str | None, Query(max_length=1000)] = None,
    ) -> dict[str, Any]:
        """Concepts by their names."""
        found = asdict(
            await list_concepts(tenant=caller.tenant, page_size=page_size, page_token=page_token, database=database)
        )
        response.headers["ETag"] = etag(found.pop("version"))
        return found

    @made.put("", responses=body(Concepts) | problems(*_VERSION, ConceptNotFound, *_TREE))
    async def replace(
        wanted: Ontology, caller: Operating, response: Response, if_match: IfMatch = None
    ) -> dict[str, Any]:
        """Keep these concepts and no others. Those there are keep their ids, by `id` or else by name."""
        version, left = await replace_ontology(
            wanted,
            if_match=if_match,
            seed=uuid4(),
            now=datetime.now(UTC),
            tenant=caller.tenant,
            created_by=caller.name,
            database=database,
        )
        response.headers["ETag"] = etag(version)
        return {"items": left, "next_page_token": None}


def _reading(made: APIRouter, runtime: Runtime) -> None:
    @made.get("/{concept_id}", responses=body(Concept) | problems(ConceptNotFound))
    async def concept(concept_id: str, caller: Reading, response: Response) -> Concept:
        """One concept; its ETag is what a change has to name."""
        found = await find_concept(concept_id_of(concept_id), tenant=caller.tenant, database=runtime.database)
        response.headers["ETag"] = etag(found.version)
        return found


def _changing(made: APIRouter, runtime: Runtime) -> None:
    database = runtime.database

    @made.post("", status_code=201, responses=body(Concept, status=201) | problems(*_TREE))
    async def create(new: NewConcept, caller: Operating, response: Response) -> Concept:
        """Make a concept."""
        found = await create_concept(
            new,
            concept_id=uuid4(),
            now=datetime.now(UTC),
            tenant=caller.tenant,
            created_by=caller.name,
            database=database,
        )
        response.headers.update({"ETag": etag(found.version), "Location": f"/api/v1/ontology/concepts/{found.id}"})
        return found

    @made.put("/{concept_id}", responses=body(Concept) | problems(ConceptNotFound, *_VERSION, *_TREE))
    async def change(
        concept_id: str, new: NewConcept, caller: Operating, response: Response, if_match: IfMatch = None
    ) -> Concept:
        """Write a concept anew. Resources that were found before stay as they are."""
        found = await replace_concept(
            concept_id_of(concept_id),
            new,
            if_match=if_match,
            now=datetime.now(UTC),
            tenant=caller.tenant,
            database=database,
        )
        response.headers["ETag"] = etag(found.version)
        return found

    @made.delete("/{concept_id}", status_code=204, responses=problems(ConceptNotFound, VersionStale, ConceptInUse))
    async def delete(concept_id: str, caller: Operating, if_match: IfMatch = None) -> None:
        """Remove a concept; resources keep its label. With If-Match only if it is still that version."""
        await delete_concept(
            concept_id_of(concept_id),
            if_match=if_match,
            now=datetime.now(UTC),
            tenant=caller.tenant,
            database=database,
        )
