"""A stand-in for Firecrawl's API v2 on loopback, which answers, delays and lies as it is told.

Set ``FIRECRAWL_API_URL`` to its address; any bearer is accepted. Run it by ``await serve()`` or
``python -m infra.local.simulators.firecrawl --port N --state-file PATH``.

Everything is scripted by one text, the ``sim`` text, which can be given in three places. Later ones win::

    house      serve(sim="ready_after:0.5"), --sim
    input      https://docs.example/?sim=documents:500,fault:status.429=2@1 in the URL of an order
    amendment  POST /simulator/script {"sim": "...", "id": "<job>"}: a job that exists

Grammar::

    sim    = item ("," item)*
    item   = key ":" value  |  "fault:" call "." name ["=" argument] ["@" times]
    call   = submit status errors cancel active credits
    times  = happens so often, then never again; without it, always. A call suffers one fault at most. Orders of the
             same pages count together, so that a retry gets on.

Keys (seconds count from the purchase)::

    ready_after:2       when it is completed; never = scraping for ever (the stuck crawl)
    kickoff:0.2         until then total is 0; then it grows
    documents:12        pages of the site of a crawl; a batch has one for each of its URLs
    document_bytes:0    text at least this long: 10 MiB end a page of results early
    errors:0            pages that failed: only in /errors, in no counter
    robots:0            pages that robots.txt forbids: only in robotsBlocked
    clamp:N             the account's credits: the limit is silently lowered to them
    failed:MESSAGE      ends as failed
    status:WORD         said instead of scraping
    expires_after:86400 404 "Job expired" from then on
    hidden:no           yes: not in the list of active crawls
    notify:once         webhooks: off, twice, late_start (completed before started), forged, unsigned

Faults: a number is an answer of that status in the provider's words (``429=VALUE`` and ``503=VALUE`` with Retry-After);
``drop`` does it, then closes the connection; ``commit_500`` does it, then answers 500; ``html`` is a login page with
200, ``garbage`` half a JSON object, ``empty`` nothing, ``elsewhere=URL`` a healthy page whose ``next`` leads there.

A repeated ``x-idempotency-key`` is refused with 409, also when the first answer was a refusal. Cancelled jobs keep
their documents. Documents follow from the order alone. Webhooks are signed with ``--secret``; without it they come
unsigned, as from a Firecrawl of one's own. ``GET /simulator/ledger`` tells what was bought.

Decided here, because nobody says it: batches are not among the active crawls, a webhook has its per-job headers also
when it is signed, and a clamped crawl leaves 0 credits.
"""

from infra.local.simulators.firecrawl.app import create_app, serve
from infra.local.simulators.serving import Server

__all__ = ["Server", "create_app", "serve"]
