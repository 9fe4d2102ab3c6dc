"""A document, as callers see it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from schemas.problem import Problem
from services.documents.resources.resource import Resource

Status = Literal["pending", "classified", "failed"]


class DocumentNotFound(Problem):
    """The tenant has no such document."""

    code: ClassVar[str] = "NOT_FOUND"
    status: ClassVar[int] = 404
    title: ClassVar[str] = "There is no document with this id"
    recovery: ClassVar[str] = (
        "GET /api/v1/documents lists your documents; a crawl's go when it runs again or is erased."
    )


class Warned(BaseModel):
    """What went wrong, or was left out, when a document was classified."""

    code: str
    detail: str
    recovery: str | None = None


class Document(BaseModel):
    """What became of one record of a crawl."""

    id: UUID
    source_id: str | None
    crawl_id: UUID
    attempt: int = Field(description="The crawl's.")
    job_id: UUID = Field(description="The job that made it.")
    ordinal: int = Field(description="The line of its record in the crawl's result, from 1.")
    url: str
    title: str
    status: Status = Field(description="Whether it is classified yet, or no model could say what it is about.")
    warnings: list[Warned]
    created_at: datetime
    classified_at: datetime | None


class WholeDocument(Document):
    """A document with all that is known of it."""

    text: str = Field(description="At most 100,000 characters: the record's main text, then its other fields.")
    resources: list[Resource] = Field(description="What was found in it.")


def listed(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as lists show it, as JSON has it."""
    return Document.model_validate(dict(row)).model_dump(mode="json")


def document_id_of(text: str) -> UUID:
    """The id in a path. Raises ``DocumentNotFound``."""
    try:
        return UUID(text)
    except ValueError as error:
        raise DocumentNotFound from error
