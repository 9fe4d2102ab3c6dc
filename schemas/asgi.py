"""A web application of one POST endpoint, with nothing but the ASGI protocol (https://asgi.readthedocs.io)."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Protocol

MAX_BODY = 1 << 20  # bytes; events carry references, never contents

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Answer(Protocol):
    """What an endpoint returns."""

    @property
    def status(self) -> int:
        """The HTTP status."""

    @property
    def reason(self) -> str:
        """A sentence for whoever reads the sender's log."""


def post_endpoint(handle: Callable[[Mapping[str, str], bytes], Awaitable[Answer]]) -> App:
    """An application that hands headers and body of every POST, on any path, to ``handle``."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            status, reason = await _answer(scope, receive, handle)
            text = b"" if status in {204, 304} else reason.encode()
            headers = [] if status in {204, 304} else [(b"content-type", b"text/plain; charset=utf-8")]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": text})

    return app


async def _answer(scope: Scope, receive: Receive, handle: Callable[..., Awaitable[Answer]]) -> tuple[int, str]:
    if scope["method"] != "POST":
        return 405, "events are POSTed"
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return 400, "the request was cut"
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > MAX_BODY:
            return 413, "an event is never this large"
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    answer = await handle(headers, bytes(body))
    return answer.status, answer.reason


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
