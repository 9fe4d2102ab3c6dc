"""A concept, as editors write it and as it is kept."""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from schemas.problem import Problem
from services.documents.ontology.property import Property

UNKNOWN = "unknown"
"""What is no concept's: the label of what nothing fits."""

READ_ONLY = frozenset({"id", "parent_id", "version", "created_at", "created_by", "updated_at"})

Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]*$")
]


class ConceptNotFound(Problem):
    """The tenant has no such concept."""

    code: ClassVar[str] = "NOT_FOUND"
    status: ClassVar[int] = 404
    title: ClassVar[str] = "There is no concept with this id"
    recovery: ClassVar[str] = "GET /api/v1/ontology/concepts lists your concepts."


class NewConcept(BaseModel):
    """What an editor says of a concept. What only the service sets may stand beside it, and is passed over."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name = Field(description="Yours to choose; no two concepts share one, whatever its case.")
    description: str = Field(
        "", max_length=2_000, pattern=r"^[^\x00]*$", description="What it is, in a sentence or two."
    )
    synonyms: list[Name] = Field(default_factory=list, max_length=50, description="Other words for it.")
    parent: Name | None = Field(None, description="The name of the broader concept.")
    properties: list[Property] = Field(default_factory=list, max_length=40, description="What is extracted of it.")
    classifiable: bool = Field(
        default=True, description="Whether something may be found to be this; false: it only groups."
    )

    @model_validator(mode="before")
    @classmethod
    def _passes_over(cls, said: Any) -> Any:
        if not isinstance(said, dict):
            return said
        if said.get("parent_id") is not None and "parent" not in said:
            msg = "parent_id is only shown: name the broader concept as parent"
            raise ValueError(msg)
        ours = READ_ONLY - cls.model_fields.keys()
        return {name: value for name, value in said.items() if name not in ours}

    @field_validator("name")
    @classmethod
    def _is_known(cls, name: str) -> str:
        if key_of(name) == UNKNOWN:
            msg = f"{UNKNOWN} is what everything else is called"
            raise ValueError(msg)
        return name

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        names = [one.name for one in self.properties]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            msg = f"properties name {', '.join(twice)} more than once"
            raise ValueError(msg)
        return self


class ListedConcept(NewConcept):
    """A concept of a whole ontology; with an id it keeps what it was, also under another name."""

    id: UUID | None = Field(None, description="Of a concept that is there; unset: the one of this name, or a new one.")


class Ontology(BaseModel):
    """All concepts of a tenant, as they are to be."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    items: list[ListedConcept] = Field(max_length=500)


class Concept(BaseModel):
    """A concept as it is kept."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    name: str
    description: str
    synonyms: list[str]
    parent: str | None
    parent_id: UUID | None
    properties: list[Property]
    classifiable: bool
    version: int = Field(description="Rises with every change; its ETag.")
    created_at: datetime
    created_by: str | None
    updated_at: datetime


def key_of(name: str) -> str:
    """What tells names apart."""
    return name.casefold()


def concept_id_of(text: str) -> UUID:
    """The id in a path. Raises ``ConceptNotFound``."""
    try:
        return UUID(text)
    except ValueError as error:
        raise ConceptNotFound from error
