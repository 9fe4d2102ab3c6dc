"""A model that is left alone for a while when it does not answer, by everybody in this process."""

import asyncio
import time
from collections.abc import Callable, Sequence

import structlog

from services.documents.ontology.concept import Concept
from services.documents.page import Page
from services.documents.ports import Found, InvalidOutput, Model, ModelResting, ModelSilent, ModelUnavailable

MOST_SILENCES = 5  # in a row
REST_SECONDS = 60.0

log = structlog.get_logger()


class Resting:
    """Asks another model. After so many silences in a row nobody asks for a while; then one page tries for all."""

    def __init__(self, model: Model, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.name, self.prompt = model.name, model.prompt
        self._model, self._clock = model, clock
        self._silences, self._until, self._why = 0, float("-inf"), ""
        self._trial = asyncio.Lock()

    async def classify(self, page: Page, concepts: Sequence[Concept]) -> Sequence[Found]:
        """See ``Model.classify``. Raises ``ModelResting`` too."""
        if self._silent:
            async with self._trial:
                if self._silent:  # the one before did not hear anything either
                    return await self._tried(page, concepts)
        return await self._asked(page, concepts)

    @property
    def _silent(self) -> bool:
        return self._silences >= MOST_SILENCES

    async def _tried(self, page: Page, concepts: Sequence[Concept]) -> Sequence[Found]:
        if self._clock() < self._until:
            raise ModelResting(self._why)
        return await self._asked(page, concepts)

    async def _asked(self, page: Page, concepts: Sequence[Concept]) -> Sequence[Found]:
        try:
            found = await self._model.classify(page, concepts)
        except ModelSilent as silent:
            self._unheard(silent)
            raise
        except (InvalidOutput, ModelUnavailable):  # an answer, too
            self._silences = 0
            raise
        self._silences = 0
        return found

    def _unheard(self, silent: ModelSilent) -> None:
        self._silences += 1
        if not self._silent:
            return
        if self._clock() >= self._until:
            log.warning("the model rests", model=self.name, seconds=REST_SECONDS, why=silent.detail)
        self._until, self._why = self._clock() + REST_SECONDS, silent.detail
        raise ModelResting(self._why) from silent
