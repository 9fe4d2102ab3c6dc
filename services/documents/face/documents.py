"""The routes of documents."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from infra.runtime.auth.scoped import Reading
from infra.runtime.http.answers import body, problems
from infra.runtime.http.page_token import InvalidPage
from infra.runtime.runtime import Runtime
from services.documents.reading.document import Document, DocumentNotFound, Status, WholeDocument, document_id_of
from services.documents.reading.find_document import find_document
from services.documents.reading.list_documents import list_documents
from services.documents.store.documents import Wanted


class Documents(BaseModel):
    """A page of documents."""

    items: list[Document]
    next_page_token: str | None = Field(description="Where the list goes on; null at its end.")


class Question(BaseModel):
    """Which documents, and which page of them."""

    model_config = ConfigDict(extra="forbid")

    source_id: Annotated[str | None, Field(max_length=200, pattern=r"^[^\x00]*$")] = None
    crawl_id: UUID | None = None
    status: Status | None = None
    page_size: int = Field(50, ge=1, le=200)
    page_token: str | None = Field(None, max_length=1000)


def routes(runtime: Runtime) -> APIRouter:
    """The routes of this subject."""
    made, database = APIRouter(prefix="/api/v1/documents", tags=["documents"]), runtime.database

    @made.get("", responses=body(Documents) | problems(InvalidPage))
    async def documents(asked: Annotated[Question, Query()], caller: Reading) -> dict[str, Any]:
        """Documents made of crawls' records, newest first, of which all that is asked for is true."""
        said = asked.model_dump(exclude={"page_size", "page_token"})
        return await list_documents(
            Wanted(tenant=caller.tenant, **said),
            page_size=asked.page_size,
            page_token=asked.page_token,
            database=database,
        )

    @made.get("/{document_id}", responses=body(WholeDocument) | problems(DocumentNotFound))
    async def document(document_id: str, caller: Reading) -> dict[str, Any]:
        """One document: its text, and what was found in it."""
        return await find_document(document_id_of(document_id), tenant=caller.tenant, database=database)

    return made
