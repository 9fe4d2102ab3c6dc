"""The web application, and how to run it."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from infra.local.simulators.llm.answers import message
from infra.local.simulators.llm.asked import understood
from infra.local.simulators.serving import Server, started

_LARGEST_REQUEST = 64 << 20  # bytes
_MOST_KEPT = 1000
_LONG, _SLOW = 2 << 20, 30.0


@dataclass
class _Model:
    """The script, and what was asked."""

    script: list[str]
    asked: list[dict[str, Any]] = field(default_factory=list)
    strays: list[str] = field(default_factory=list)
    signed: int = 0  # requests with a bearer

    def next(self) -> tuple[str, str]:
        """The next word of the script and its argument; the last one stays."""
        word = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        name, _, argument = word.partition("=")
        return name, argument


_MODEL = web.AppKey("model", _Model)


@dataclass(frozen=True)
class Llm(Server):
    """A running simulator. ``url`` is what ``OPENAI_BASE_URL`` takes."""

    model: _Model

    @property
    def asked(self) -> list[dict[str, Any]]:
        """The bodies that came, oldest first."""
        return self.model.asked


async def _complete(request: web.Request) -> web.StreamResponse:
    model, body = request.app[_MODEL], await request.json()
    if len(model.asked) < _MOST_KEPT:
        model.asked.append(body)
    model.signed += "Authorization" in request.headers
    word, argument = model.next()
    if word == "slow":
        await asyncio.sleep(float(argument or _SLOW))
        word = "valid"
    if (odd := await _odd(request, word, argument)) is not None:
        return odd
    try:
        asked = understood(body)
    except (LookupError, TypeError, ValueError) as error:
        return web.json_response({"error": {"message": f"not understood: {error!r}"}}, status=400)
    bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
    reason = "content_filter" if word == "filtered" else "tool_calls"
    said = message("no_tool" if word == "filtered" else word, asked, bearer=bearer)
    choice = {"index": 0, "message": said, "finish_reason": reason}
    return web.json_response({"id": "chatcmpl-1", "object": "chat.completion", "model": "sim", "choices": [choice]})


async def _odd(request: web.Request, word: str, argument: str) -> web.StreamResponse | None:
    """What is no answer of a model; None for words that are."""
    if word.isdecimal():
        headers = {"Retry-After": argument} if argument else {}
        return web.json_response({"error": {"message": "not now"}}, status=int(word), headers=headers)
    if word == "garbage":
        return web.Response(text="<html>Sign in</html>", content_type="text/html")
    if word == "redirect":
        return web.Response(status=307, headers={"Location": "/elsewhere"})
    if word == "long":
        return web.Response(body=b'{"choices": "' + b"x" * int(argument or _LONG))
    if word == "cut":
        response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b'{"choices": [')
        if request.transport is not None:
            request.transport.close()
        return response
    return None


async def _script(request: web.Request) -> web.Response:
    wanted = (await request.json())["script"]
    request.app[_MODEL].script = list(wanted)
    return web.json_response({"script": wanted})


async def _ledger(request: web.Request) -> web.Response:
    model = request.app[_MODEL]
    return web.json_response({"asked": model.asked, "strays": model.strays, "signed": model.signed}, dumps=json.dumps)


async def _stray(request: web.Request) -> web.Response:
    request.app[_MODEL].strays.append(f"{request.method} {request.path_qs}")
    return web.json_response({"error": {"message": "nothing is here"}}, status=404)


def create_app(*, script: Sequence[str] = ("valid",)) -> web.Application:
    """A simulator to be run by aiohttp."""
    app = web.Application(client_max_size=_LARGEST_REQUEST)
    app[_MODEL] = _Model(list(script))
    app.router.add_post("/v1/chat/completions", _complete)
    app.router.add_post("/simulator/script", _script)
    app.router.add_get("/simulator/ledger", _ledger)
    app.router.add_route("*", "/{path:.*}", _stray)
    return app


async def serve(host: str = "127.0.0.1", port: int = 0, *, script: Sequence[str] = ("valid",)) -> Llm:
    """Run a simulator in this event loop; port 0 takes a free one. Arguments are those of ``create_app``."""
    app = create_app(script=script)
    server = await started(app, host, port)
    return Llm(f"{server.url}/v1", server.runner, app[_MODEL])
