"""A bell that rings at the worst moment."""

import asyncio
from typing import Any

import pytest

from services.jobs.job import Job
from services.jobs.store import held
from tests.contract.jobs.rig import Desk


async def test_a_ring_while_a_claim_finds_nothing_is_not_lost(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    worker, find, rung = desk.worker(), held.claim, False

    async def claim(*args: Any, **more: Any) -> list[Job]:
        """The job comes after the claim has looked, and before it is back."""
        nonlocal rung
        found = await find(*args, **more)
        if not rung:
            rung = True
            await desk.queue()
            worker.bell.set()
            await asyncio.sleep(0.05)  # whoever answers the bell has its turn
        return found

    monkeypatch.setattr(held, "claim", claim)

    assert await worker.drain(asyncio.Event()) == 1
    assert await desk.states() == {"completed": 1}


async def test_control_without_a_ring_nobody_looks_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    worker, find = desk.worker(), held.claim

    async def claim(*args: Any, **more: Any) -> list[Job]:
        found = await find(*args, **more)
        await desk.queue()
        return found

    monkeypatch.setattr(held, "claim", claim)

    assert await worker.drain(asyncio.Event()) == 0
