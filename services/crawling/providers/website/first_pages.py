"""Where an order begins."""

from services.crawling.ports import Submission
from services.crawling.provider_problems import rejected
from services.crawling.providers.website.address import Address, address


def first_pages(order: Submission) -> list[Address]:
    """Where an order begins. Raises ``ProviderRejected`` for an input that names no page."""
    found = []
    for number, one in enumerate(order.inputs):
        url = one.get("url")
        page = address(url) if isinstance(url, str) else None
        if page is None:
            raise rejected((f"inputs.{number}.url", "must be the http:// or https:// URL of a page"))
        found.append(page)
    return found
