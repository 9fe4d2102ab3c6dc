"""The routes of what was found."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from infra.runtime.auth.scoped import Reading
from infra.runtime.http.answers import body, problems
from infra.runtime.http.page_token import InvalidPage
from infra.runtime.runtime import Runtime
from services.documents.resources.find_resource import find_resource
from services.documents.resources.list_resources import Asked, list_resources
from services.documents.resources.resource import Resource, ResourceNotFound, resource_id_of, shown


class Resources(BaseModel):
    """A page of resources."""

    items: list[Resource]
    next_page_token: str | None = Field(description="Where the list goes on; null at its end.")


class Question(BaseModel):
    """Which resources, and which page of them."""

    model_config = ConfigDict(extra="forbid")

    concept_id: UUID | None = Field(None, description="This concept, or one below it.")
    source_id: Annotated[str | None, Field(max_length=200, pattern=r"^[^\x00]*$")] = None
    job_id: UUID | None = None
    min_confidence: float = Field(0.0, ge=0, le=1)
    needs_review: bool | None = None
    text: str | None = Field(
        None,
        max_length=200,
        pattern=r"^[^\x00]*$",
        description='Words of label, title, address and values; "a phrase", -not.',
    )
    page_size: int = Field(50, ge=1, le=200)
    page_token: str | None = Field(None, max_length=1000)


def routes(runtime: Runtime) -> APIRouter:
    """The routes of this subject."""
    made, database = APIRouter(prefix="/api/v1/resources", tags=["documents"]), runtime.database

    @made.get("", responses=body(Resources) | problems(InvalidPage))
    async def resources(asked: Annotated[Question, Query()], caller: Reading) -> dict[str, Any]:
        """Resources, newest first, of which all that is asked for is true."""
        said = asked.model_dump(exclude={"page_size", "page_token"})
        rows, token = await list_resources(
            Asked(tenant=caller.tenant, **said),
            page_size=asked.page_size,
            page_token=asked.page_token,
            database=database,
        )
        return {"items": [shown(row) for row in rows], "next_page_token": token}

    @made.get("/{resource_id}", responses=body(Resource) | problems(ResourceNotFound))
    async def resource(resource_id: str, caller: Reading) -> dict[str, Any]:
        """One resource: what it was found to be, by whom, and where it comes from."""
        return await find_resource(resource_id_of(resource_id), tenant=caller.tenant, database=database)

    return made
