"""A resource, as callers and jobs see it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, Field

from schemas.problem import Problem


class ResourceNotFound(Problem):
    """The tenant has no such resource."""

    code: ClassVar[str] = "NOT_FOUND"
    status: ClassVar[int] = 404
    title: ClassVar[str] = "There is no resource with this id"
    recovery: ClassVar[str] = "GET /api/v1/resources lists your resources; those of a job go when it runs again."


class Classification(BaseModel):
    """What a thing was found to be."""

    concept_id: UUID | None = Field(description="Null where no concept fits, or no model could say.")
    label: str = Field(description="The concept's name at that time, or unknown.")
    confidence: float = Field(description="0 to 1, by the model's own account; 0 for unknown.")
    model: str = Field(description="Who says so; `local` is the text classifier that comes along.")
    needs_review: bool = Field(description="A person should look: it is unsure, unknown or odd.")


class Provenance(BaseModel):
    """Where a resource comes from."""

    job_id: UUID
    attempt: int
    url: str
    objects: dict[str, str] = Field(description="What lies in the lake of it, by what it is.")
    model: str
    prompt_version: str
    ontology_version: int
    captured_at: datetime
    classified_at: datetime


class Resource(BaseModel):
    """A classified thing found on a page or in a document."""

    id: UUID
    source_id: str | None
    job_id: UUID
    document_id: UUID | None = Field(description="The document that it is about; null for what a page was captured of.")
    url: str
    title: str
    classification: Classification
    extracted_properties: dict[str, Any] = Field(description="Values of the types that the concept's properties have.")
    provenance: Provenance
    created_at: datetime


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as JSON has it."""
    made = Resource(
        id=row["id"],
        source_id=row["source_id"],
        job_id=row["job_id"],
        document_id=row["document_id"],
        url=row["url"],
        title=row["title"],
        classification=Classification.model_validate(
            {name: row[name] for name in Classification.model_fields} | {"confidence": round(row["confidence"], 3)}
        ),
        extracted_properties=row["properties"],
        provenance=Provenance.model_validate(
            {**row["provenance"], **{name: row[name] for name in ("job_id", "attempt", "url", "model")}}
        ),
        created_at=row["created_at"],
    )
    return made.model_dump(mode="json")


def resource_id_of(text: str) -> UUID:
    """The id in a path. Raises ``ResourceNotFound``."""
    try:
        return UUID(text)
    except ValueError as error:
        raise ResourceNotFound from error
