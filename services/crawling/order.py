"""What a caller may order."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from schemas.web_url import WebUrl, web_url
from services.jobs.level import Level

MAX_INPUTS = 10_000


def _web_url_of(number: int, value: str) -> None:
    try:
        web_url(value)
    except ValueError as error:
        msg = f"input {number}: url {error}"
        raise ValueError(msg) from error


Name = Annotated[str, Field(min_length=1, max_length=200)]


class Order(BaseModel):
    """The body of a trigger: exactly one of ``url``, ``urls`` and ``inputs`` says what to collect."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,128}$")]
    platform: Name
    competitor: Name
    url: WebUrl | None = None
    urls: Annotated[list[WebUrl], Field(min_length=1, max_length=MAX_INPUTS)] | None = None
    inputs: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MAX_INPUTS)] | None = None
    provider: Annotated[str, Field(max_length=64)] = "bright_data"
    priority: Level = 2
    source_id: Annotated[str, Field(max_length=200)] | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)
    options: dict[str, str | int | bool] = Field(default_factory=dict)
    warehouse: Literal["async", "required"] = "async"
    keep_days: Annotated[float, Field(gt=0, le=3650)] | None = Field(
        None, description="Days the result, its media and documents are kept; unset: HEADRACE_RESULT_RETENTION_DAYS."
    )
    media: bool = Field(default=False, description="Fetch the media that the records link to into the lake.")
    documents: bool = Field(default=False, description="Make a document of each record, and classify it.")

    @field_validator("inputs")
    @classmethod
    def _web_urls_inside(cls, value: list[dict[str, Any]] | None) -> list[dict[str, Any]] | None:
        for number, one in enumerate(value or []):
            if not one:
                msg = f"input {number} is empty"
                raise ValueError(msg)
            if isinstance(one.get("url"), str):
                _web_url_of(number, one["url"])
        return value

    @model_validator(mode="after")
    def _one_way_to_say_what(self) -> "Order":
        given = [name for name in ("url", "urls", "inputs") if getattr(self, name) is not None]
        if len(given) != 1:
            msg = f"give exactly one of url, urls and inputs; got {', '.join(given) or 'none'}"
            raise ValueError(msg)
        return self

    @property
    def provider_inputs(self) -> list[dict[str, Any]]:
        """The inputs as a provider takes them."""
        if self.inputs is not None:
            return self.inputs
        return [{"url": url} for url in self.urls or [str(self.url)]]
