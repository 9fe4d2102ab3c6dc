"""Pages by plain HTTP, through the egress guard."""

from collections.abc import Container, Mapping

from infra.runtime.egress.fetch import Answer, Budget, GuardedSession
from infra.runtime.egress.refused import EgressFailed, EgressRefused, EgressTooLarge, EgressUntrusted
from services.crawling.providers.website.fetching import AGENT, MOST_BYTES, PAGE_SECONDS, Fetched, NoPage

AGAIN_SECONDS = 2.0
_HEADERS = {
    "User-Agent": f"Mozilla/5.0 (compatible; {AGENT})",
    "Accept": "text/html,application/xhtml+xml,text/plain;q=0.5,*/*;q=0.1",
}


class Plain:
    """See ``Fetch``."""

    def __init__(self, session: GuardedSession) -> None:
        self._session = session

    async def __call__(
        self,
        url: str,
        *,
        most_bytes: int = MOST_BYTES,
        seconds: float = PAGE_SECONDS,
        types: Container[str] | None = None,
    ) -> Fetched:
        """See ``Fetch``."""
        budget = Budget(bytes=most_bytes, seconds=seconds)
        try:
            async with self._session.get(url, headers=_HEADERS, budget=budget) as answer:
                return await _read(answer, types)
        except EgressTooLarge as error:
            raise NoPage("TOO_LARGE", error.detail) from error
        except EgressRefused as error:
            raise NoPage("EGRESS_REFUSED", error.detail) from error
        except EgressUntrusted as error:
            raise NoPage("UNTRUSTED", error.detail) from error
        except EgressFailed as error:
            slow = isinstance(error.__cause__, TimeoutError)
            raise NoPage("TIMEOUT" if slow else "UNREACHABLE", error.detail, again=AGAIN_SECONDS) from error


async def _read(answer: Answer, types: Container[str] | None) -> Fetched:
    headers: Mapping[str, str] = {name.lower(): value for name, value in answer.headers.items()}
    found = Fetched(url=answer.url, status=answer.status, body=b"", headers=headers)
    if types is not None and found.content_type not in types:
        return found
    return Fetched(url=answer.url, status=answer.status, body=await answer.read(), headers=headers)
