"""Fetch what a link leads to, politely and within limits, and store it once a tenant."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import ClassVar
from urllib.parse import urlsplit
from uuid import UUID

from msgspec import Struct, field

from infra.postgres.database import Database
from infra.runtime.egress.fetch import Answer, Budget, GuardedSession
from schemas.problem import Problem, ProblemClass
from schemas.stored_object import ObjectExists
from services.crawling.ports import Lake
from services.crawling.store import media

TYPES = ("image/", "video/", "audio/")
OK = 200
AWAY = {429, 500, 502, 503, 504}
SECONDS = 30.0
HOST_PAUSE_SECONDS = 0.2  # between two requests to one host


class NotMedia(Problem):
    """What a link leads to is not what it was called."""

    code: ClassVar[str] = "NOT_MEDIA"
    title: ClassVar[str] = "The link does not lead to an image, a video or a sound"
    recovery: ClassVar[str] = "Nothing to do: the link's status says it, the record itself is stored."


class MediaUnavailable(Problem):
    """Hosts of media do not answer now, or say that they cannot."""

    code: ClassVar[str] = "MEDIA_UNAVAILABLE"
    kind: ClassVar[ProblemClass] = ProblemClass.RETRY
    status: ClassVar[int] = 502
    title: ClassVar[str] = "Media cannot be fetched at the moment"
    recovery: ClassVar[str] = "They are asked for again by themselves; what stays away is said of its link."


class Fetching(Struct, frozen=True, kw_only=True):
    """Fetches for one crawl. One request a host at a time."""

    crawl_id: UUID
    tenant: str
    database: Database
    lake: Lake
    session: GuardedSession
    most_bytes: int
    pause: float = HOST_PAUSE_SECONDS
    _hosts: dict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    async def fetch(self, url: str) -> None:
        """Store what the link leads to, or note why not. Raises the lake's problems."""
        async with self._hosts[urlsplit(url).netloc]:
            try:
                kind, body = await self._got(url)
            except Problem as problem:
                status = "failed" if problem.retryable else "refused"
                async with self.database.transaction() as tx:
                    said = f"{problem.code}: {problem.detail}"[:300]
                    await media.settle(tx, self.crawl_id, url, status=status, detail=said)
                return
            finally:
                await asyncio.sleep(self.pause)
        await self._store(url, kind, body)

    async def _got(self, url: str) -> tuple[str, bytes]:
        async with self.session.get(url, budget=Budget(bytes=self.most_bytes, seconds=SECONDS)) as answer:
            return _kind(answer), await answer.read()

    async def _store(self, url: str, kind: str, body: bytes) -> None:
        digest = await asyncio.to_thread(lambda: sha256(body).hexdigest())

        async def blocks() -> AsyncIterator[bytes]:
            yield body

        async with self.database.transaction() as tx:
            # nobody may remove the object between its storing and the row that says whose it is
            await media.alone(tx, self.tenant, digest)
            with contextlib.suppress(ObjectExists):  # the same bytes, of another link or crawl of this tenant
                await self.lake.create(place(self.tenant, digest), blocks())
            await media.settle(
                tx, self.crawl_id, url, status="stored", sha256=digest, size_bytes=len(body), content_type=kind
            )


def place(tenant: str, digest: str) -> str:
    """The name of an object of these bytes."""
    return f"media/{tenant}/{digest}"


def _kind(answer: Answer) -> str:
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if answer.status in AWAY:
        raise MediaUnavailable(f"HTTP {answer.status}")
    if answer.status != OK:
        raise NotMedia(f"HTTP {answer.status}")
    if not kind.startswith(TYPES):
        raise NotMedia(f"its type is {kind[:100] or 'not named'}")
    return kind
