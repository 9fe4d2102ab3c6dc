"""The documents of a job, part by part: each page is asked for by the number of its first document."""

import time
from collections.abc import AsyncIterator, Iterable, Iterator

import msgspec

from services.crawling.provider_client import Client
from services.crawling.provider_problems import NotReady, ProviderUnavailable
from services.crawling.providers.firecrawl.answers import ENDED, Page, failures_of, page_of, refusal

A_PAGE = 100
_BLOCK = 1 << 20
_WAIT_SECONDS = 5.0


class Documents:
    """Parts of ``a_part`` documents each, the last one with all that is left; ``seconds`` is what one part may take."""

    def __init__(self, client: Client, *, a_part: int, seconds: float) -> None:
        self._client, self._a_part, self._seconds = client, a_part, seconds

    async def parts(self, path: str) -> int:
        """How many there are. Raises ``NotReady``, and what a refusal says."""
        page = await self._page(path, skip=0, limit=1)
        return max(1, -(-page.completed // self._a_part))

    async def part(self, path: str, number: int) -> AsyncIterator[bytes]:
        """One part in blocks of at most 1 MiB; the last one ends with the pages that failed, as error records.

        Raises ``NotReady``, ``ResultExpired``, ``ResultTruncated``, ``ResultNotData``, ``ResultTooLarge``,
        ``ProviderUnavailable`` and what else a refusal says.
        """
        ends_at = time.monotonic() + self._seconds
        skip, end, last = (number - 1) * self._a_part, number * self._a_part, False
        while last or skip < end:
            page = await self._page(path, skip=skip, limit=A_PAGE if last else min(A_PAGE, end - skip))
            last = end >= page.completed  # whatever comes beyond what was counted belongs to the last part
            documents = page.documents if last else page.documents[: end - skip]
            for block in _blocks(documents):
                yield block
            skip += len(documents)
            if not documents or not page.more:
                break
            if time.monotonic() > ends_at:
                raise ProviderUnavailable(f"the part took longer than {self._seconds:g} s")
        if last:
            for block in _blocks(await self._failures(path)):
                yield block

    async def _page(self, path: str, *, skip: int, limit: int) -> Page:
        answer = await self._client.ask("GET", path, {"skip": str(skip), "limit": str(limit)})
        if not answer.ok:
            raise refusal(answer, about=path)
        page = page_of(answer, about=path)
        if page.status.lower() not in ENDED:
            raise NotReady(f"{path}: {page.status}", retry_after=answer.retry_after or _WAIT_SECONDS)
        return page

    async def _failures(self, path: str) -> list[bytes]:
        answer = await self._client.ask("GET", f"{path}/errors")
        if not answer.ok:
            raise refusal(answer, about=path)
        return [msgspec.json.encode(one) for one in failures_of(answer, about=path)]


def _blocks(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The lines, each with its end, in blocks. A line end between two tokens is a space: a document is one line."""
    text = b"".join(line.replace(b"\n", b" ") + b"\n" for line in lines)
    for start in range(0, len(text), _BLOCK):
        yield text[start : start + _BLOCK]
