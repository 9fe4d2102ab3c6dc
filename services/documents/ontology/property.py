"""What is extracted of a concept, with types, and the check that every model's output passes."""

from datetime import date
from typing import Annotated, Any, Literal, NotRequired, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, model_validator
from typing_extensions import TypedDict

PropertyType = Literal["string", "number", "integer", "boolean", "date", "enum", "list"]

MAX_TEXT = 1_000  # characters of one extracted value
MAX_ITEMS = 50
_MOST = 2**53  # beyond it JSON readers disagree about numbers
_Value = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$")]
_Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]


class Property(BaseModel):
    """Something to be extracted of a concept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,62}$", description="Lower-case letters, digits, `_`.")
    type: PropertyType
    description: str = Field("", max_length=500, pattern=r"^[^\x00]*$")
    values: list[_Value] = Field(default_factory=list, max_length=100, description="Of an enum: what it may be.")

    @model_validator(mode="after")
    def _enum_has_values(self) -> Self:
        if (self.type == "enum") != bool(self.values):
            msg = "values belong to the type enum, which needs them"
            raise ValueError(msg)
        if len(set(self.values)) < len(self.values):
            msg = "values must differ"
            raise ValueError(msg)
        return self


class Extraction(BaseModel):
    """What a model says of one thing that it found; ``properties`` are checked against their concept."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    confidence: float = Field(ge=0, le=1, allow_inf_nan=False)
    properties: dict[str, Any] = Field(default_factory=dict)


def checker(properties: list[Property]) -> TypeAdapter[dict[str, Any]]:
    """Takes values of these properties and nothing else; raises pydantic's ``ValidationError``. All may be missing."""
    fields = {one.name: NotRequired[Annotated[_type(one), Field(description=one.description)]] for one in properties}
    made = TypedDict("Properties", fields)  # type: ignore[misc]  # it is computed
    made.__pydantic_config__ = ConfigDict(extra="forbid", strict=True)  # type: ignore[attr-defined]  # see above
    return TypeAdapter(made)  # type: ignore[arg-type]  # see above


def _type(one: Property) -> Any:
    if one.type == "enum":
        return Literal[tuple(one.values)]
    return {
        "string": _Text,
        "number": Annotated[float, Field(allow_inf_nan=False)],
        "integer": Annotated[int, Field(gt=-_MOST, lt=_MOST)],
        "boolean": bool,
        "date": date,
        "list": Annotated[list[_Text], Field(max_length=MAX_ITEMS)],
    }[one.type]
