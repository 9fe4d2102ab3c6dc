"""The ways of a ring do not wait for each other, and nobody waits for one that is given up."""

import asyncio
from collections.abc import Sequence

from infra.postgres.database import Database
from infra.postgres.doorbell import Doorbell

PATIENCE = 5.0


async def test_what_nobody_can_be_notified_of_is_carried_all_the_same(database_dsn: str) -> None:
    carried: list[str] = []

    async def carry(queues: Sequence[str]) -> None:
        carried.extend(queues)

    database = await Database.connect(database_dsn)
    bell = Doorbell(database)
    bell.carry = carry
    await database.close()

    bell.ring("a")
    async with asyncio.timeout(PATIENCE):
        await bell.settle()

    assert carried == ["a"]
    await bell.close()


async def test_who_waits_for_a_ring_is_let_go_when_the_doorbell_closes(database: Database) -> None:
    carrying = asyncio.Event()

    async def carry(_: Sequence[str]) -> None:
        carrying.set()
        await asyncio.Event().wait()

    bell = Doorbell(database)
    bell.carry = carry
    async with asyncio.timeout(PATIENCE):
        bell.ring("a")
        await carrying.wait()
        first = asyncio.create_task(bell.settle())
        bell.ring("b")
        second = asyncio.create_task(bell.settle())
        await asyncio.sleep(0)
        waited = first.done() or second.done()  # control: both wait
        await bell.close()
        await asyncio.gather(first, second)

    assert not waited
