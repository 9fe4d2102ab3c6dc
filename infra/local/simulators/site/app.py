"""The web application, and how to run it."""

from collections import Counter
from dataclasses import dataclass, field

from aiohttp import web

from infra.local.simulators.serving import Server, started
from infra.local.simulators.site.faults import fault
from infra.local.simulators.site.pages import PAGES, document, robots, sitemap

ASKED: web.AppKey[Counter[str]] = web.AppKey("asked", Counter)


@dataclass(frozen=True)
class Site(Server):
    """A running site; ``asked`` counts requests by path."""

    asked: Counter[str] = field(default_factory=Counter)


def create_app(*, faults: bool = False) -> web.Application:
    """The site, to be run by aiohttp."""
    app = web.Application()
    app[ASKED] = Counter()
    if faults:
        app.router.add_get("/faults/{name:.+}", _counted_fault)
    app.router.add_get("/{path:.*}", _page)
    return app


async def serve(host: str = "127.0.0.1", port: int = 0, *, faults: bool = False) -> Site:
    """Run the site in this event loop; port 0 takes a free one."""
    app = create_app(faults=faults)
    server = await started(app, host, port)
    return Site(server.url, server.runner, app[ASKED])


async def _counted_fault(request: web.Request) -> web.StreamResponse:
    request.app[ASKED][request.path] += 1
    return await fault(request)


async def _page(request: web.Request) -> web.StreamResponse:
    request.app[ASKED][request.path] += 1
    origin = f"{request.scheme}://{request.host}"
    if request.path == "/robots.txt":
        return web.Response(text=robots(origin))
    if request.path == "/sitemap.xml":
        return web.Response(text=sitemap(origin), content_type="application/xml")
    if request.path not in PAGES:
        return web.Response(text=document("Not found", "<p>No such page.</p>"), status=404, content_type="text/html")
    return web.Response(text=document(*PAGES[request.path]), content_type="text/html")
