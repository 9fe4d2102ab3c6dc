"""Getting what a user named: every hop judged, within bytes and seconds."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from msgspec import Struct

from infra.runtime.egress.decode import decoded
from infra.runtime.egress.denials import count, counted
from infra.runtime.egress.destination import destination
from infra.runtime.egress.guard import Guard
from infra.runtime.egress.refused import EgressFailed, EgressRefused, EgressTooLarge, EgressUntrusted
from infra.runtime.egress.session import late_session

if TYPE_CHECKING:
    import aiohttp
    from yarl import URL

_REDIRECTS = {301, 302, 303, 307, 308}
_HARMLESS = {"accept", "accept-language", "user-agent"}
_AT_ONCE = 65_536
_NOTHING: Mapping[str, str] = {}


class Budget(Struct, frozen=True, kw_only=True):
    """What one answer may take, redirects included; ``bytes`` as sent and as decoded."""

    bytes: int = 10 * 1024 * 1024
    seconds: float = 30.0
    hops: int = 5


_USUAL = Budget()


class Answer:
    """What the last hop answered; its body is still to be read."""

    def __init__(self, url: "URL", response: "aiohttp.ClientResponse", budget: Budget, until: float) -> None:
        self.url = str(url)
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers
        self._response = response
        self._budget = budget
        self._until = until

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body, decoded. Raises ``EgressTooLarge`` and ``EgressFailed``."""
        async for chunk in decoded(self._raw(), self.headers.get("Content-Encoding", ""), limit=self._budget.bytes):
            yield chunk

    async def read(self) -> bytes:
        """All of ``chunks``."""
        return b"".join([chunk async for chunk in self.chunks()])

    async def _raw(self) -> AsyncIterator[bytes]:
        read = 0
        while True:
            async with _failing(self.url, self._until):
                chunk = await self._response.content.read(_AT_ONCE)
            if not chunk:
                return
            read += len(chunk)
            if read > self._budget.bytes:
                raise EgressTooLarge(f"{self.url} has more than {self._budget.bytes} bytes")
            yield chunk


class GuardedSession:
    """Asks hosts that users name. Redirects are followed by us, so that each is judged."""

    def __init__(self, session: "aiohttp.ClientSession", guard: Guard) -> None:
        self._session = session
        self._guard = guard

    @asynccontextmanager
    async def get(
        self, url: str, *, headers: Mapping[str, str] = _NOTHING, budget: Budget = _USUAL
    ) -> AsyncIterator[Answer]:
        """The answer of the last hop, whatever its status; ``headers`` that tell who asks stay with the first host.

        Raises ``EgressRefused``, ``EgressFailed``, ``EgressUntrusted``; reading raises ``EgressTooLarge`` too.
        """
        until = asyncio.get_running_loop().time() + budget.seconds
        with counted("request"):
            here, sent = self._judged(_url(url)), dict(headers)
        for _ in range(budget.hops + 1):
            response = await self._ask(here, sent, until)
            try:
                there = self._there(here, response)
                if there is None:
                    yield Answer(here, response, budget, until)
                    return
            finally:
                response.close()
            if there.origin() != here.origin():
                sent = {name: value for name, value in sent.items() if name.lower() in _HARMLESS}
            here = there
        count("request")
        raise EgressRefused(f"{here.host} is the end of more than {budget.hops} redirects")

    def _there(self, here: "URL", response: "aiohttp.ClientResponse") -> "URL | None":
        with counted("request"):
            there = _next(here, response)
            return None if there is None else self._judged(there)

    def _judged(self, url: "URL") -> "URL":
        destination(str(url), self._guard.allow, ports=self._guard.ports)
        return url

    async def _ask(self, url: "URL", headers: Mapping[str, str], until: float) -> "aiohttp.ClientResponse":
        import aiohttp  # noqa: PLC0415  # it takes a while to load

        async with _failing(str(url), until):
            return await self._session.get(
                url,
                headers={"Accept-Encoding": "identity", **headers},
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=None),
            )


def _next(here: "URL", response: "aiohttp.ClientResponse") -> "URL | None":
    location = response.headers.get("Location")
    if response.status not in _REDIRECTS or location is None:
        return None
    there = _url(location, base=here)
    if here.scheme == "https" and there.scheme != "https":
        raise EgressRefused(f"{here.host} leads from https:// to {there.scheme}://")
    return there


def _url(text: str, *, base: "URL | None" = None) -> "URL":
    from yarl import URL  # noqa: PLC0415  # it takes a while to load

    if not text.isprintable() or "\\" in text or " " in text:  # readers of URLs differ about these
        raise EgressRefused("The URL has characters that a URL must escape")
    try:
        return URL(text) if base is None else base.join(URL(text))
    except ValueError as error:
        raise EgressRefused(f"The URL cannot be read: {error}") from error


@asynccontextmanager
async def _failing(url: str, until: float) -> AsyncIterator[None]:
    import aiohttp  # noqa: PLC0415  # it takes a while to load

    try:
        async with asyncio.timeout_at(until):
            yield
    except TimeoutError as error:
        raise EgressFailed(f"{url} did not answer in time") from error
    except aiohttp.ClientConnectorCertificateError as error:
        raise EgressUntrusted(f"{url}: {error.certificate_error}") from error
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise EgressFailed(f"{url}: {type(error).__name__}") from error


@asynccontextmanager
async def guarded_session(guard: Guard) -> AsyncIterator[GuardedSession]:
    """A session for hosts that users name, closed after the block."""
    async with late_session(guard) as session:
        yield GuardedSession(session, guard)
