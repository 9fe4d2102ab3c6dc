"""A web site that answers what a test wants, and counts who asked for what."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Web:
    """Pages by their path and query; anything else is not there."""

    url: str = ""
    pages: dict[str, str | Answer] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    at: list[tuple[str, float]] = field(default_factory=list)
    fallback: Answer | None = None

    @property
    def host(self) -> str:
        return self.url.removeprefix("http://")

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked[request.path_qs] += 1
        found = self.pages.get(request.path_qs, self.fallback)
        if found is None:
            raise web.HTTPNotFound
        return await found(request) if callable(found) else web.Response(text=found, content_type="text/html")

    def tree(self, *, width: int = 3, depth: int = 2, at: str = "/") -> None:
        """Pages that link to ``width`` pages below them, ``depth`` levels deep."""
        below = [f"{at.rstrip('/')}/{number}" for number in range(width)] if depth else []
        self.pages[at] = page(at, *below)
        for one in below:
            self.tree(width=width, depth=depth - 1, at=one)


def page(title: str, *links: str) -> str:
    """HTML with this title and these links."""
    anchors = "".join(f'<p><a href="{link}">to {link}</a></p>' for link in links)
    return f"<html><head><title>{title}</title></head><body><h1>{title}</h1>{anchors}</body></html>"


def says(body: str | bytes, *, kind: str = "text/html", status: int = 200, **headers: str) -> Answer:
    """The same words to everyone."""

    async def answer(_: web.Request) -> web.StreamResponse:
        given = {"Content-Type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}}
        raw = body.encode() if isinstance(body, str) else body
        return web.Response(status=status, body=raw, headers=given)

    return answer


@asynccontextmanager
async def serving(site: Web) -> AsyncIterator[Web]:
    """The site, at its ``url``."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", site.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        site.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield site
    finally:
        await runner.cleanup()
