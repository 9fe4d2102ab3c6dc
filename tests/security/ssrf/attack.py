"""One run of the range: real Chromium against everything a page can try. Prints what happened, as JSON.

Started as ``unshare --net python -m tests.security.ssrf.attack <mode> <form>``: ``guarded``, or without ``guard`` or
the flag for ``webrtc``; ``short`` or ``long``. The browser's own guard of local networks is off: versions differ in it.
"""

import asyncio
import itertools
import json
import shutil
import socket
import sys
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from playwright.async_api import Browser, Error, async_playwright

from infra.runtime.egress.chromium import FLAGS
from infra.runtime.egress.proxy import filtering_proxy
from tests.security.ssrf.pages import NAVIGATIONS, answer
from tests.security.ssrf.world import METADATA, PRIVATE, SITE, Canaries, inside, peer

SPELLINGS = [
    "127.1",
    "2130706433",
    "0x7f.1",
    "0177.0.0.1",
    "127.0.0.1.",
    "0",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "127。0。0。1",
    "①②⑦.0.0.1",
    "%31%32%37.0.0.1",
    "localhost",
    "localhost.",
    "a.localhost",
    "2852039166",
    "0xA9FEA9FE",
    "0251.0376.0251.0376",
    "169.254.43518",
    "[::ffff:169.254.169.254]",
    "167772165",
    "10.5",
    "012.0.0.5",
    "a@10.0.0.5",
    "site.example@10.0.0.5",
    "site.example\\@10.0.0.5",
    "10.0.0.5:8080",
    "10.0.0.5:443",
    "metadata.google.internal",
    "inside.example",
    "mixed.example",
    "rebinding.example",
]
NAMES = {"site.example": [SITE], "inside.example": [PRIVATE], "mixed.example": [SITE, PRIVATE]}
TARGETS = [f"http://{METADATA}", f"http://{PRIVATE}", "http://127.0.0.1:8080", "http://rebinding.example"]
_DIRECT = f"MAP site.example {SITE}, MAP metadata.google.internal {METADATA}, MAP *.example {PRIVATE}"
NOWHERE = "http://127.0.0.1:9"
_turn = itertools.count()


async def lookup(name: str) -> list[str]:
    """A resolver of the attacker: one of its names leads inside every second time."""
    if name == "rebinding.example":
        return [PRIVATE if next(_turn) % 2 else SITE]
    if name == "metadata.google.internal":
        return [METADATA]
    if name not in NAMES:
        raise socket.gaierror
    return NAMES[name]


async def serve_site(pid: int) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, EOFError, asyncio.LimitOverrunError):
            head = await reader.readuntil(b"\r\n\r\n")
            writer.write(answer(head.split(b" ")[1].decode(), SPELLINGS))
            await writer.drain()
        writer.close()

    await asyncio.start_server(serve, sock=inside(pid, lambda: socket.create_server((SITE, 80))))


@asynccontextmanager
async def browser(mode: str) -> AsyncIterator[Browser]:
    """Started as captures start it: what is of no page has a proxy where nobody listens."""
    flags = [one for one in FLAGS if "webrtc" not in one or mode != "webrtc"]
    given: dict[str, Any] = {"proxy": {"server": NOWHERE}}
    if mode == "guard":
        flags, given = [f"--host-resolver-rules={_DIRECT}"], {}
    args = [*flags, "--no-sandbox", "--disable-features=LocalNetworkAccessChecks"]
    async with async_playwright() as playwright:
        made = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=args, **given)
        yield made
        await made.close()


async def visit(opened: Browser, proxied: dict[str, Any], url: str, stay: float) -> None:
    """One capture: a fresh context, the page, and a while for what it does then."""
    context = await opened.new_context(accept_downloads=False, service_workers="block", **proxied)
    page = await context.new_page()
    with suppress(Error):
        await page.goto(url, timeout=10_000)
    await asyncio.sleep(stay)
    await context.close()


async def attack(opened: Browser, proxied: dict[str, Any], form: str) -> None:
    """Everything, a few pages at once."""
    few = asyncio.Semaphore(4)
    targets, led_to = (TARGETS, TARGETS[:2]) if form == "long" else (TARGETS[2:], TARGETS[:1])
    loaded = [(f"http://site.example/everything?to={to}", 2.0) for to in targets]
    led = [(_way(name, to), 0.4) for name in NAVIGATIONS for to in led_to]
    direct = [(f"http://{host}/hit/direct", 0.1) for host in SPELLINGS if form == "long"]

    async def one(url: str, stay: float) -> None:
        async with few:
            await visit(opened, proxied, url, stay)

    await asyncio.gather(*(one(*each) for each in [*loaded, ("http://site.example/spellings", 1.5), *led, *direct]))


def _way(name: str, to: str) -> str:
    return "http://site.example" + NAVIGATIONS[name].format(f"{to}/hit/{name}")


async def run(mode: str, form: str, pid: int) -> dict[str, Any]:
    canaries = Canaries()
    await canaries.listen(pid)
    await serve_site(pid)
    async with filtering_proxy(lookup=lookup) as proxy:
        proxy.denied = deque()  # all of them
        proxied = {} if mode == "guard" else {"proxy": {"server": proxy.url}}
        async with browser(mode) as opened:
            await attack(opened, proxied, form)
        denied = sorted({one.url for one in proxy.denied})
        return {"hits": canaries.hits, "denials": proxy.denials, "carried": proxy.carried, "denied": denied}


if __name__ == "__main__":
    with peer() as internet:
        sys.stdout.write(json.dumps(asyncio.run(run(*sys.argv[1:3], internet))))
