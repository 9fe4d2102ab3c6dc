"""Models that read documents in ways of their own."""

import asyncio
from collections.abc import Sequence

from services.documents.ontology.concept import Concept
from services.documents.page import Page
from services.documents.ports import Found, ModelSilent, ModelUnavailable
from tests.flow.crawling.rig import Killed


class Reader:
    """Finds the first concept, and remembers the titles of what it read."""

    name, prompt = "reader", "1"

    def __init__(self) -> None:
        self.read: list[str] = []

    async def classify(self, page: Page, concepts: Sequence[Concept]) -> Sequence[Found]:
        self.read.append(page.title)
        return [Found(concept=concepts[0], confidence=0.75)]


class Mortal(Reader):
    """Its process dies with this document."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title

    async def classify(self, page: Page, concepts: Sequence[Concept]) -> Sequence[Found]:
        if page.title == self._title:
            raise Killed
        return await super().classify(page, concepts)


class Moody(Reader):
    """Does not answer about this document."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title

    async def classify(self, page: Page, concepts: Sequence[Concept]) -> Sequence[Found]:
        if page.title == self._title:
            raise ModelUnavailable("not now")
        return await super().classify(page, concepts)


class Away(Reader):
    """Gives no answer until it is back."""

    def __init__(self) -> None:
        super().__init__()
        self.back = False

    async def classify(self, page: Page, concepts: Sequence[Concept]) -> Sequence[Found]:
        found = await super().classify(page, concepts)
        if not self.back:
            raise ModelSilent("reader did not answer")
        return found


class Slow(Reader):
    """Answers when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.let = asyncio.Event(), asyncio.Event()

    async def classify(self, page: Page, concepts: Sequence[Concept]) -> Sequence[Found]:
        self.asked.set()
        await self.let.wait()
        return await super().classify(page, concepts)
