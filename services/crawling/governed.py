"""A provider asked as its governor lets it be."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from infra.runtime.telemetry import tracing
from infra.runtime.telemetry.tracing import Span
from services.crawling.governor import Governor
from services.crawling.ports import Listed, Lister, Progress, Provider, Submission


class Governed:
    """A provider that is asked politely."""

    def __init__(self, provider: Provider, governor: Governor) -> None:
        self.name = provider.name
        self.governor = governor
        self._provider = provider

    @property
    def options(self) -> frozenset[str]:
        """See ``Provider.options``."""
        return self._provider.options

    def _span(self, call: str) -> AbstractContextManager[Span]:
        return tracing.span(f"{self.name} {call}", kind="client")

    def check(self, order: Submission) -> None:
        """See ``Provider.check``."""
        self._provider.check(order)

    def asked(self, order: Submission) -> int | None:
        """See ``Provider.asked``; nobody is asked for it."""
        return self._provider.asked(order)

    def most(self, order: Submission) -> int | None:
        """See ``Provider.most``; nobody is asked for it."""
        return self._provider.most(order)

    @property
    def lists(self) -> bool:
        """Whether it is a ``Lister`` too."""
        return isinstance(self._provider, Lister)

    async def snapshots(self, dataset_id: str, *, since: datetime) -> list[Listed]:
        """See ``Lister.snapshots``."""
        assert isinstance(self._provider, Lister)  # noqa: S101  # whoever asks has looked
        async with self.governor.turn():
            with self._span("snapshots"):
                return await self._provider.snapshots(dataset_id, since=since)

    async def submit(self, order: Submission) -> str:
        """See ``Provider.submit``."""
        async with self.governor.turn():
            with self._span("submit"):
                return await self._provider.submit(order)

    async def find(self, order: Submission, *, since: datetime, taken: Sequence[str]) -> str | None:
        """See ``Provider.find``."""
        async with self.governor.turn():
            with self._span("find"):
                return await self._provider.find(order, since=since, taken=taken)

    async def poll(self, snapshot_id: str) -> Progress:
        """See ``Provider.poll``."""
        async with self.governor.turn():
            with self._span("poll"):
                return await self._provider.poll(snapshot_id)

    async def parts(self, snapshot_id: str) -> int:
        """See ``Provider.parts``."""
        async with self.governor.turn():
            with self._span("parts"):
                return await self._provider.parts(snapshot_id)

    async def download(self, snapshot_id: str, part: int) -> AsyncIterator[bytes]:
        """See ``Provider.download``."""
        async with self.governor.turn() as begun:
            # its caller's context goes on between two blocks, so that the span is nobody's parent
            with tracing.together([tracing.start(f"{self.name} download", kind="client")]):
                async for block in self._provider.download(snapshot_id, part):
                    await begun()
                    yield block

    async def cancel(self, snapshot_id: str) -> None:
        """See ``Provider.cancel``."""
        async with self.governor.turn():
            with self._span("cancel"):
                await self._provider.cancel(snapshot_id)
