"""A model that does not answer is left alone, and tried again by one for all."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import pytest

from schemas.problem import Problem
from services.documents.models.resting import MOST_SILENCES, REST_SECONDS, Resting
from services.documents.ontology.concept import Concept
from services.documents.page import Page
from services.documents.ports import Found, InvalidOutput, ModelResting, ModelSilent, ModelUnavailable

NOTHING = [Found(concept=None, confidence=0.0)]
PAGE = Page(
    tenant="t",
    source_id=None,
    job_id=UUID(int=1),
    attempt=1,
    url="",
    title="",
    text="",
    captured_at=datetime(2026, 1, 1, tzinfo=UTC),
    objects={},
)
SILENT, REFUSED = ModelSilent("eyes did not answer within 90 s"), ModelUnavailable("status 400")


@dataclass
class Script:
    """Says what it is told to, and counts who asks."""

    says: Problem | None = None
    asked: int = 0
    name: str = "eyes"
    prompt: str = "1"
    let: asyncio.Event = field(default_factory=asyncio.Event)

    async def classify(self, _page: Page, _concepts: Sequence[Concept]) -> Sequence[Found]:
        self.asked += 1
        await self.let.wait()
        if self.says is not None:
            raise self.says
        return NOTHING


@dataclass
class Rig:
    """A model at rest or not, and the time."""

    model: Script = field(default_factory=Script)
    now: float = 1_000.0

    def __post_init__(self) -> None:
        self.model.let.set()
        self.resting = Resting(self.model, clock=lambda: self.now)

    async def ask(self, says: Problem | None = None) -> str:
        """What comes of a page while the model says this: a code, or nothing."""
        self.model.says = says
        try:
            await self.resting.classify(PAGE, [])
        except Problem as problem:
            return problem.code
        return ""

    async def tire(self) -> None:
        for _ in range(MOST_SILENCES):
            await self.ask(SILENT)


async def test_after_so_many_silences_nobody_is_asked_and_the_reason_is_told() -> None:
    rig = Rig()
    await rig.tire()

    with pytest.raises(ModelResting, match="eyes did not answer within 90 s"):
        await rig.resting.classify(PAGE, [])
    rig.now += REST_SECONDS - 1
    assert await rig.ask() == "MODEL_RESTING"
    assert rig.model.asked == MOST_SILENCES


@pytest.mark.parametrize("answer", [None, REFUSED, InvalidOutput("no tool")])
async def test_control_any_answer_between_keeps_it_awake(answer: Problem | None) -> None:
    rig = Rig()
    for says in [*[SILENT] * (MOST_SILENCES - 1), answer, *[SILENT] * (MOST_SILENCES - 1)]:
        assert await rig.ask(says) != "MODEL_RESTING"

    assert await rig.ask() == ""


async def test_it_is_awake_again_when_one_page_was_answered() -> None:
    rig = Rig()
    await rig.tire()
    rig.now += REST_SECONDS

    assert [await rig.ask() for _ in range(3)] == ["", "", ""]


async def test_one_silence_more_and_it_rests_again() -> None:
    rig = Rig()
    await rig.tire()
    rig.now += REST_SECONDS

    assert [await rig.ask(SILENT) for _ in range(2)] == ["MODEL_RESTING", "MODEL_RESTING"]
    assert rig.model.asked == MOST_SILENCES + 1


@pytest.mark.parametrize(("says", "asked"), [(SILENT, 1), (None, 9)])
async def test_of_many_at_once_one_tries_and_the_others_go_by_what_it_hears(says: Problem | None, asked: int) -> None:
    rig = Rig()
    await rig.tire()
    rig.now, rig.model.asked = rig.now + REST_SECONDS, 0
    rig.model.let.clear()
    told = asyncio.gather(*(rig.ask(says) for _ in range(9)))
    for _ in range(20):  # all have come as far as they can
        await asyncio.sleep(0)
    assert rig.model.asked == 1

    rig.model.let.set()

    assert set(await told) == {"MODEL_RESTING" if says else ""}
    assert rig.model.asked == asked


async def test_a_page_that_is_given_up_lets_another_try() -> None:
    rig = Rig()
    await rig.tire()
    rig.now += REST_SECONDS
    rig.model.let.clear()
    trying = asyncio.create_task(rig.ask())
    await asyncio.sleep(0)
    trying.cancel()
    await asyncio.gather(trying, return_exceptions=True)
    rig.model.let.set()

    assert await rig.ask() == ""
