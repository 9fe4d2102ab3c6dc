"""How the site misbehaves."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from infra.local.simulators.site.pages import document

_MEBIBYTE = 1 << 20
_HANG_SECONDS = 60.0
_GROWS = (
    "<script>addEventListener('scroll', () => { const p = document.createElement('p'); p.style.height = '3000px';"
    " p.textContent = 'and more'; document.body.append(p) })</script><p style='height:3000px'>It never ends</p>"
)
_PDF = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>endobj
trailer<</Root 1 0 R>>
"""
_SCRIPTS = {
    "alert": "<script>alert('one'); if (confirm('two?')) document.title = 'confirmed'; print()</script><p>After</p>",
    "popup": "<script>for (let i = 0; i < 5; i++) open('/about')</script><p>Still here</p>",
    "busy": "<script>setTimeout(() => { while (true) {} }, 200)</script><p>Hot</p>",
    "endless": _GROWS,
    "later": "<script>setTimeout(() => { location = '/about' }, 50)</script><p>Soon</p>",
    "neighbour": "<script>new Image().src = `http://${location.hostname}:8099/`</script><p>Nobody there</p>",
    "blob": "<script>location = URL.createObjectURL(new Blob(['<p>Mine'], {type: 'text/html'}))</script><p>Here</p>",
    "file": "<script>location = 'file:///etc/hostname'</script><p>Here</p>",
}


async def fault(request: web.Request) -> web.StreamResponse:
    """The answer below ``/faults/``."""
    name, _, rest = request.match_info["name"].partition("/")
    if name in _SCRIPTS:
        return _html(document(name, _SCRIPTS[name]))
    if name not in _ANSWERS:
        raise web.HTTPNotFound
    return await _ANSWERS[name](request, rest)


def _html(text: str, status: int = 200) -> web.Response:
    return web.Response(text=text, status=status, content_type="text/html")


async def _status(_: web.Request, rest: str) -> web.StreamResponse:
    return _html(document(f"Status {rest}", "<p>Sorry.</p>"), int(rest))


async def _redirect(request: web.Request, _: str) -> web.StreamResponse:
    return web.Response(status=302, headers={"Location": request.query.get("to", "/about")})


async def _loop(request: web.Request, _: str) -> web.StreamResponse:
    return web.Response(status=302, headers={"Location": request.path})


async def _hang(_: web.Request, __: str) -> web.StreamResponse:
    await asyncio.sleep(_HANG_SECONDS)
    return _html(document("At last", "<p>You waited.</p>"))


async def _drip(request: web.Request, _: str) -> web.StreamResponse:
    response = await _begun(request, "text/html")
    await response.write(b"<title>drip</title><p>Slowly")
    while True:
        await response.write(b" .")
        await asyncio.sleep(0.3)


async def _tall(request: web.Request, _: str) -> web.StreamResponse:
    return _html(document("Tall", f"<div style='height:{int(request.query.get('px', '20000'))}px'>A tower</div>"))


async def _large(request: web.Request, _: str) -> web.StreamResponse:
    response = await _begun(request, "text/html")
    for _number in range(int(request.query.get("mb", "100"))):
        await response.write(b"<!--" + b"much of it" * (_MEBIBYTE // 10) + b"-->")  # quickly read, and never shown
    return response


async def _heavy(request: web.Request, _: str) -> web.StreamResponse:
    size = int(request.query.get("mb", "30"))
    load = f"<script>fetch('/faults/bytes?mb={size}').then(answer => answer.arrayBuffer())</script>"
    return _html(document("Heavy", f"{load}<p>It loads and loads</p>"))


async def _bytes(request: web.Request, _: str) -> web.StreamResponse:
    response = await _begun(request, "application/octet-stream")
    for _number in range(int(request.query["mb"])):
        await response.write(bytes(_MEBIBYTE))
    return response


async def _download(_: web.Request, __: str) -> web.StreamResponse:
    return web.Response(body=b"PK\x03\x04", headers={"Content-Disposition": "attachment; filename=prices.zip"})


async def _pdf(_: web.Request, __: str) -> web.StreamResponse:
    return web.Response(body=_PDF, content_type="application/pdf")


async def _begun(request: web.Request, kind: str) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": kind})
    await response.prepare(request)
    return response


_ANSWERS: Mapping[str, Callable[[web.Request, str], Awaitable[web.StreamResponse]]] = {
    "status": _status,
    "redirect": _redirect,
    "loop": _loop,
    "hang": _hang,
    "drip": _drip,
    "tall": _tall,
    "large": _large,
    "heavy": _heavy,
    "bytes": _bytes,
    "download": _download,
    "pdf": _pdf,
}
