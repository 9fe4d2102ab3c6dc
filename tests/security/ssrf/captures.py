"""The range again, with captures as the product makes them: each page through ``visit``. Prints what happened, as JSON.

Started as ``unshare --net python -m tests.security.ssrf.captures``.
"""

import asyncio
import json
import sys
from typing import Any

from infra.runtime.browser.pool import Browsers
from infra.runtime.configuration.settings import read_settings
from schemas.problem import Problem
from services.intake.capturing.captured import Budget
from services.intake.capturing.visit import visit
from tests.security.ssrf.attack import NOWHERE, SPELLINGS, serve_site
from tests.security.ssrf.pages import NAVIGATIONS
from tests.security.ssrf.world import METADATA, SITE, Canaries, peer

BUDGET = Budget(seconds=15.0)
LEADING = ("redirect-301", "meta-refresh")
REFUSED = [
    *(f"http://{SITE}" + NAVIGATIONS[name].format(f"http://{METADATA}/a") for name in LEADING),
    *(f"http://{host}/" for host in SPELLINGS if not host.endswith(".example")),  # here nobody knows names
    "file:///etc/hostname",
    "view-source:file:///etc/hostname",
    "chrome://version/",
    "data:text/html,a",
]
URLS = [f"http://{SITE}/everything?to=http://{METADATA}", *REFUSED]


async def captured(browsers: Browsers, url: str) -> str:
    """What became of a page: the code of its failure, or ``CAPTURED``."""
    try:
        await visit(url, browsers=browsers, allow=frozenset(), budget=BUDGET)
    except Problem as problem:
        return problem.code
    return "CAPTURED"


async def run(pid: int) -> dict[str, Any]:
    canaries = Canaries()
    await canaries.listen(pid)
    await serve_site(pid)
    browsers = Browsers(read_settings(), NOWHERE)
    try:
        ends = {url: await captured(browsers, url) for url in URLS}
    finally:
        await browsers.close()
    return {"hits": canaries.hits, "ends": ends}


if __name__ == "__main__":
    with peer() as internet:
        sys.stdout.write(json.dumps(asyncio.run(run(internet))))
