"""What a data source is, to callers."""

from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from schemas.problem import Problem
from schemas.web_url import WebUrl
from services.jobs.level import Level
from services.jobs.rank import Priority

SourceType = Literal["file_upload", "website", "crawl"]
MAX_URLS = 1_000


class SourceNotFound(Problem):
    """There is no such data source for this caller."""

    code: ClassVar[str] = "NOT_FOUND"
    status: ClassVar[int] = 404
    title: ClassVar[str] = "There is no data source with this id"
    recovery: ClassVar[str] = "GET /api/v1/data-sources lists your data sources."


def source_id_of(text: str) -> UUID:
    """The id in a path. Raises ``SourceNotFound``."""
    try:
        return UUID(text)
    except ValueError as error:
        raise SourceNotFound from error


def _different(value: list[str]) -> list[str]:
    if len(set(value)) != len(value):
        msg = "must not name a URL twice"
        raise ValueError(msg)
    return value


WebUrls = Annotated[list[WebUrl], Field(max_length=MAX_URLS), AfterValidator(_different)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class _Config(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FileUpload(_Config):
    """Files come by hand: there is nothing to say."""


class Website(_Config):
    """Pages that are captured at each run, and how."""

    urls: WebUrls = Field(default_factory=list)
    respect_robots: bool = Field(default=True, description="Capture only what the site's robots.txt allows.")
    classify: bool = Field(default=True, description="Look for the ontology's concepts in what was captured.")


class Crawl(_Config):
    """The order that is given to a provider at each run, as `POST /api/v1/crawl/trigger` takes it."""

    dataset_id: Name
    platform: Name
    competitor: Name
    url: WebUrl | None = None
    urls: list[WebUrl] | None = None
    inputs: list[dict[str, Any]] | None = None
    provider: Name = "bright_data"
    priority: Level = Priority.NORMAL.value
    metadata: dict[str, Any] = Field(default_factory=dict)
    options: dict[str, Any] = Field(default_factory=dict, description="What this provider takes beside.")
    warehouse: Literal["async", "required"] = "async"
    keep_days: float | None = Field(None, description="Days each result, its media and documents are kept.")
    media: bool = Field(default=False, description="Fetch the media that the records link to.")
    documents: bool = Field(default=False, description="Make a document of each record, and classify it.")


CONFIGS: dict[SourceType, type[_Config]] = {"file_upload": FileUpload, "website": Website, "crawl": Crawl}
"""What a source of each type is told."""
