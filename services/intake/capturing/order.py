"""What a capture is told."""

from pydantic import BaseModel, ConfigDict, Field

from schemas.web_url import WebUrl


class Capture(BaseModel):
    """One page to be captured."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: WebUrl = Field(description="Where the page is.")
    respect_robots: bool = Field(default=True, description="Leave it if the site's robots.txt forbids it.")
    classify: bool = Field(default=True, description="Look for the ontology's concepts on it.")
