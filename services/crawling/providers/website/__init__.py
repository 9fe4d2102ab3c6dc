"""Web sites, collected by ourselves: breadth first, politely, within budgets.

- An order is a row and a job (kind ``site``); its pages are rows, so that whoever goes on after a crash
  asks for no page again whose record was written.
- Hosts are shared: pauses and requests at once count over all sites and workers.
- Pages come by plain HTTP through the egress guard, with ``javascript`` by Chromium through the filtering proxy.
- A budget that is spent ends a site with what it has; a site of which no page came failed.
- Records are ``{url, final_url, status, content_type, title, text, links, depth, fetched_at, truncated, error}``, with
  ``html`` when it is wished; a page that did not come has ``error_code`` and ``error``.
"""

from services.crawling.providers.website.provider import Website

__all__ = ["Website"]
