"""Firecrawl's API v2: crawls of a site, and batches of pages.

Facts are from firecrawl-docs and its OpenAPI of August 2026, the official SDK 4.55 and the open server; none was
checked with an account of ours.

- An order of one ``url`` is a crawl from there; ``urls`` or ``inputs`` are a batch of exactly these pages, whose
  snapshot ids begin with ``batch:``.
- The idempotency key is a UUID of the purchase. A repeat is refused with 409 and tells no id, so it proves that the
  order was taken; which job it became is looked up: among the active crawls by a mark of ours (an exclude path that
  fits no page: nothing else of an order is shown there); of batches and crawls that have ended a webhook tells it.
- Failed pages are in no counter, only in ``/errors``: they become error records after the documents.
- ``next`` is there while a crawl runs, also after an empty page, and its address is never followed: the next page is
  asked for at the origin that the settings name, by its number.
- More credits than there are cannot be asked for: the limit is lowered in silence. What was agreed to is read off the
  active crawls; of one that ended before it was seen there, an account without credits says the same.
"""

from services.crawling.providers.firecrawl.provider import Firecrawl, build

__all__ = ["Firecrawl", "build"]
