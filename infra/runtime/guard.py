"""What stands before every route: bodies have a limit and a deadline, and errors nobody foresaw stay inside."""

import asyncio
from typing import ClassVar

import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.runtime.problem_json import problem_response
from schemas.problem import Problem

log = structlog.get_logger()

MAX_BODY = 1 << 20  # bytes; orders are lists of URLs, not data
BODY_SECONDS = 30.0


class PayloadTooLarge(Problem):
    """A request body over the limit."""

    code: ClassVar[str] = "PAYLOAD_TOO_LARGE"
    status: ClassVar[int] = 413
    title: ClassVar[str] = "The request body is larger than 1 MiB"
    recovery: ClassVar[str] = "Split the request into several smaller ones."


class RequestTimeout(Problem):
    """A request body that did not arrive in time."""

    code: ClassVar[str] = "REQUEST_TIMEOUT"
    status: ClassVar[int] = 408
    title: ClassVar[str] = "The request body took too long"
    recovery: ClassVar[str] = "Send the request again over a faster connection, or split it."


class Unexpected(Problem):
    """An error nobody foresaw; only the log knows what it is."""

    code: ClassVar[str] = "INTERNAL"
    title: ClassVar[str] = "An unexpected error"
    recovery: ClassVar[str] = "Look at the log around this time; repeat the request with its Idempotency-Key."


class Guard:
    """Refuses bodies over ``limit`` bytes, whatever their header promises, or slower than ``seconds``."""

    def __init__(self, app: ASGIApp, *, limit: int, seconds: float) -> None:
        self.app = app
        self.limit = limit
        self.seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and answer where the app cannot."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        exchange = _Exchange(receive, send, limit=self.limit, seconds=self.seconds)
        problem = self._promised(scope) or await self._pass_on(scope, exchange)
        if problem is not None:
            # what is left of the body is not worth reading
            closing = {"Connection": "close"} if isinstance(problem, RequestTimeout) else {}
            await problem_response(problem, instance=scope["path"], headers=closing)(scope, receive, send)

    def _promised(self, scope: Scope) -> Problem | None:
        length = dict(scope["headers"]).get(b"content-length", b"0")
        return PayloadTooLarge() if length.isdigit() and int(length) > self.limit else None

    async def _pass_on(self, scope: Scope, exchange: "_Exchange") -> Problem | None:
        try:
            await self.app(scope, exchange.receive, exchange.send)
        except ClientDisconnect:
            return None
        except Exception:
            if exchange.started:
                raise  # the server cuts the connection: half an answer must not look whole
            if exchange.refused is None:
                log.exception("unexpected error", path=scope["path"])
                return Unexpected("An unexpected error; it was logged.")
        return exchange.refused


class _Exchange:
    """One request: its bytes are counted and timed, and once it is refused the app's answer is dropped."""

    def __init__(self, receive: Receive, send: Send, *, limit: int, seconds: float) -> None:
        self._receive = receive
        self._send = send
        self._room = limit
        self._deadline = asyncio.get_running_loop().time() + seconds
        self._whole = False
        self.started = False
        self.refused: Problem | None = None

    async def receive(self) -> Message:
        if self._whole:  # what comes now is the end of the connection, and may take hours
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            raise self._refuse(RequestTimeout()) from None
        self._whole = not message.get("more_body", False)
        self._room -= len(message.get("body", b""))
        if self._room < 0:
            raise self._refuse(PayloadTooLarge())
        return message

    async def send(self, message: Message) -> None:
        if self.refused is None or self.started:
            self.started = True
            await self._send(message)

    def _refuse(self, problem: Problem) -> Problem:
        if not self.started:
            self.refused = problem
        return problem
