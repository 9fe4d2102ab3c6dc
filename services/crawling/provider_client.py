"""Requests to one provider's origin, with a token nobody else gets to see."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from infra.runtime.configuration.secret import Secret
from services.crawling.provider_problems import ProviderUnavailable, ProviderUntrusted

if TYPE_CHECKING:
    import aiohttp

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 60.0
MAX_ANSWER_BYTES = 32 << 20
READ_BYTES = 1 << 20
SHORTEST_WAIT, LONGEST_WAIT = 1.0, 3600.0

OK = 200
ACCEPTED = 202
REFUSALS = range(400, 500)
BAD_REQUEST = 400
UNAUTHORIZED = 401
PAYMENT_REQUIRED = 402
FORBIDDEN = 403
NOT_FOUND = 404
REQUEST_TIMEOUT = 408
CONFLICT = 409
GONE = 410
TOO_MANY_REQUESTS = 429


class Unanswered(ProviderUnavailable):
    """The request may have arrived, but no answer came back whole."""


class Answer(Struct, frozen=True, kw_only=True):
    """What the provider said: at most ``MAX_ANSWER_BYTES`` of it."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cut: bool = False

    @property
    def ok(self) -> bool:
        """Whether it is a success."""
        return self.status == OK

    @property
    def refused(self) -> bool:
        """Whether the request was turned down for certain, so that it had no effect."""
        return self.status in REFUSALS and self.status != REQUEST_TIMEOUT

    @property
    def text(self) -> str:
        """The body as text, whatever bytes it has."""
        return self.body.decode("utf-8", "replace").replace("\0", "\ufffd").strip()

    @property
    def json(self) -> Any:
        """The body as JSON, with U+FFFD for U+0000, which no database keeps; None if it is none."""
        try:
            return msgspec.json.decode(self.body.replace(b"\\u0000", b"\\ufffd"))
        except (ValueError, RecursionError):
            return None

    @property
    def retry_after(self) -> float | None:
        """Seconds from ``Retry-After``, a number or a date, between a second and an hour; None for none or nonsense."""
        value = self.headers.get("Retry-After", "").strip()
        if re.fullmatch(r"[0-9]{1,20}(\.[0-9]{1,9})?", value):
            seconds = float(value)
        else:
            try:
                seconds = (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
            except (ValueError, TypeError, OverflowError):
                return None
        return min(LONGEST_WAIT, max(SHORTEST_WAIT, seconds))


class Client:
    """Asks ``origin``; redirects are not followed, so the token goes nowhere else.

    Every method raises ``Unanswered`` when an answer is missing or broken, ``ProviderUnavailable`` when nothing was
    sent because no connection came about, and ``ProviderUntrusted``.
    """

    def __init__(self, session: "aiohttp.ClientSession", *, origin: str, token: Secret) -> None:
        self._session, self._origin, self._token = session, origin.rstrip("/"), token

    async def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        secrets: Sequence[str] = (),
    ) -> Answer:
        """One small request and its whole answer, within a minute; ``secrets`` are blotted out of a refusal."""
        with _translated():
            async with (
                asyncio.timeout(ANSWER_SECONDS),
                self._open(method, path, query or {}, body=body, headers=headers) as response,
            ):
                return await self.read(response, secrets=secrets)

    @asynccontextmanager
    async def stream(self, path: str, query: Mapping[str, str]) -> AsyncIterator["aiohttp.ClientResponse"]:
        """A response whose headers came within a minute; its body is read, and timed, by the caller."""
        with _translated():
            async with asyncio.timeout(ANSWER_SECONDS):
                response = await self._open("GET", path, query)
        async with response:
            yield response

    def _open(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> "aiohttp.client._RequestContextManager":
        import aiohttp  # noqa: PLC0415  # loading it takes a third of a start, and a start that finds nothing asks nothing
        from yarl import URL  # noqa: PLC0415  # a part of it

        url = URL(f"{self._origin}{path}{'?' if query else ''}{urlencode(query)}", encoded=True)
        sent = {**(headers or {}), "Authorization": f"Bearer {self._token.clear}"}
        sent["Accept-Encoding"] = "identity"
        if body is not None:
            sent["Content-Type"] = "application/json"
        return self._session.request(
            method,
            url,
            data=body,
            headers=sent,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
            allow_redirects=False,
            auto_decompress=False,
        )

    async def read(self, response: "aiohttp.ClientResponse", *, secrets: Sequence[str] = ()) -> Answer:
        """The whole answer, up to ``MAX_ANSWER_BYTES``; our token and these secrets are blotted out of refusals."""
        received = bytearray()
        with _translated():
            async with asyncio.timeout(ANSWER_SECONDS):
                while len(received) <= MAX_ANSWER_BYTES and (piece := await response.content.read(READ_BYTES)):
                    received += piece
        body = bytes(received)
        if response.status != OK:
            for secret in filter(None, (self._token.clear, *secrets)):
                body = body.replace(secret.encode(), b"***")
        return Answer(status=response.status, headers=response.headers, body=body, cut=len(body) > MAX_ANSWER_BYTES)


@contextmanager
def _translated() -> Iterator[None]:
    """Turn failures of the transport into Problems.

    Neither their texts nor their traces are passed on: they can hold headers and URLs, and with them secrets.
    """
    import aiohttp  # noqa: PLC0415  # see above

    try:
        yield
    except aiohttp.ClientConnectorCertificateError as error:
        raise ProviderUntrusted(f"{error.host} shows a certificate that is not trusted") from None
    except aiohttp.ClientConnectorError as error:
        raise ProviderUnavailable(f"no connection to {error.host}:{error.port}: {error.strerror}") from None
    except aiohttp.ConnectionTimeoutError:
        raise ProviderUnavailable("no connection in time") from None
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise Unanswered(f"no whole answer: {type(error).__name__}") from None
