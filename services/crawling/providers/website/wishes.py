"""What an order may wish of a site, and how far that goes."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.crawling.provider_problems import rejected
from services.crawling.providers.website.patterns import MOST, MOST_CHARACTERS

MOST_PAGES = 10_000

Patterns = Annotated[str, Field(max_length=MOST_CHARACTERS)]


class Wishes(BaseModel):
    """The options of an order. Patterns are globs, divided by spaces; what is budgeted ends the site, not the crawl."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    depth: int = Field(2, ge=0, le=20, description="Links from the first pages that are followed.")
    max_pages: int = Field(100, ge=1, le=MOST_PAGES, description="Pages that are asked for.")
    max_megabytes: int = Field(500, ge=1, le=20_000, description="Bytes that may be received, in MB.")
    max_minutes: int = Field(30, ge=1, le=720, description="Time it may take.")
    include: Patterns = ""
    exclude: Patterns = ""
    sitemap: bool = True
    subdomains: bool = False
    respect_robots: bool = True
    delay: float = Field(0.0, ge=0, le=60, description="Seconds between two requests to one host, at least.")
    javascript: bool = False
    html: bool = False

    @property
    def most_known(self) -> int:
        """More pages than this need not be remembered: they would never be asked for."""
        return 4 * self.max_pages + 100


OPTIONS = frozenset(Wishes.model_fields)


def wishes(options: dict[str, Any], *, pages: int) -> Wishes:
    """The options of an order that names so many pages: all of them are asked for unless it says less.

    Raises ``ProviderRejected`` naming those that cannot be meant.
    """
    try:
        made = Wishes.model_validate({"max_pages": min(MOST_PAGES, max(100, pages)), **options})
    except ValidationError as error:
        wrong = [(".".join(map(str, ("options", *one["loc"]))), one["msg"]) for one in error.errors()]
        raise rejected(*wrong) from error
    for name in ("include", "exclude"):
        if (given := len(getattr(made, name).split())) > MOST:
            raise rejected((f"options.{name}", f"{given} patterns are given, {MOST} may be"))
    return made
