"""What stands before every route: bodies have a limit and a deadline, and errors nobody foresaw stay inside."""

import asyncio
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.runtime.http.problem_json import problem_response
from schemas.problem import Problem

log = structlog.get_logger()

MAX_BODY = 1 << 20  # bytes; orders are lists of URLs, not data
BODY_SECONDS = 30.0


class PayloadTooLarge(Problem):
    """A request body over the limit."""

    code: ClassVar[str] = "PAYLOAD_TOO_LARGE"
    status: ClassVar[int] = 413
    title: ClassVar[str] = "The request body is too large"
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


@dataclass(frozen=True)
class Uploads:
    """Routes that take files, by their paths as routes are written, and what a body there may be."""

    paths: Collection[str] = ()
    limit: int = MAX_BODY  # bytes
    seconds: float = BODY_SECONDS

    def take(self, path: str) -> bool:
        """Whether the path is one of theirs."""
        return self._pattern.fullmatch(path) is not None

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        parts = [re.split(r"{[^}]*}", path) for path in self.paths]
        return re.compile("|".join("[^/]+".join(map(re.escape, one)) for one in parts) or r"(?!)")


NO_UPLOADS = Uploads()


class Guard:
    """Refuses bodies over ``limit`` bytes, whatever their header promises, or slower than ``seconds``.

    ``wider`` has the limits of paths that take more; ``uploads`` go by their own.
    """

    def __init__(
        self, app: ASGIApp, *, limit: int, seconds: float, wider: Mapping[str, int], uploads: Uploads = NO_UPLOADS
    ) -> None:
        self.app = app
        self.limit = limit
        self.wider = wider
        self.seconds = seconds
        self.uploads = uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and answer where the app cannot."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit, seconds = self._bounds(scope["path"])
        exchange = _Exchange(receive, send, limit=limit, seconds=seconds)
        problem = _promised(scope, limit) or await self._pass_on(scope, exchange)
        if problem is not None:
            # what is left of the body is not worth reading
            closing = {"Connection": "close"} if isinstance(problem, RequestTimeout) else {}
            await problem_response(problem, instance=scope["path"], headers=closing)(scope, receive, send)

    def _bounds(self, path: str) -> tuple[int, float]:
        if self.uploads.take(path):
            return self.uploads.limit, self.uploads.seconds
        return self.wider.get(path, self.limit), self.seconds

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


def _promised(scope: Scope, limit: int) -> Problem | None:
    length = dict(scope["headers"]).get(b"content-length", b"0")
    return _too_large(limit) if length.isdigit() and int(length) > limit else None


def _too_large(limit: int) -> Problem:
    return PayloadTooLarge(f"This path takes bodies of at most {limit >> 20} MiB", limit=limit)


class _Exchange:
    """One request: its bytes are counted and timed, and once it is refused the app's answer is dropped."""

    def __init__(self, receive: Receive, send: Send, *, limit: int, seconds: float) -> None:
        self._receive = receive
        self._send = send
        self._limit = self._room = limit
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
            raise self._refuse(_too_large(self._limit))
        return message

    async def send(self, message: Message) -> None:
        if self.refused is None or self.started:
            self.started = True
            await self._send(message)

    def _refuse(self, problem: Problem) -> Problem:
        if not self.started:
            self.refused = problem
        return problem
