"""Orders on their way: how they age, get lost, and die with their process."""

from datetime import timedelta
from uuid import UUID

import pytest

from services.crawling.governed import Governed
from services.crawling.ports import Submission
from services.crawling.providers import bright_data
from services.crawling.submit_crawl import submit_crawl
from tests.flow.crawling.rig import House, Killed


async def age(house: House, crawl_id: UUID, seconds: float = 4000) -> None:
    """The order was sent that much earlier."""
    await house.sql(
        "UPDATE crawls SET submitted_at = submitted_at - $2::interval WHERE id = $1",
        crawl_id,
        timedelta(seconds=seconds),
    )


async def expire(house: House, crawl_id: UUID) -> None:
    """The attempt's time is over."""
    await house.sql("UPDATE crawls SET deadline = now() - interval '1 s' WHERE id = $1", crawl_id)


async def again(house: House) -> None:
    await house.hurry()
    await house.work("submit")


class Dying(Governed):
    """Its process dies just before or just after the order is sent."""

    def __init__(self, whole: Governed, *, sends: bool) -> None:
        super().__init__(whole._provider, whole.governor)
        self.sends = sends

    async def submit(self, order: Submission) -> str:
        if self.sends:
            await super().submit(order)
        raise Killed


def use(house: House, provider: Governed) -> None:
    house.replace(providers={"bright_data": provider})


async def submit_and_die(house: House, crawl_id: UUID, *, sends: bool) -> None:
    alive = house.context.providers["bright_data"]
    job, context = await house.take(crawl_id), house.context
    providers = {"bright_data": Dying(alive, sends=sends)}
    with pytest.raises(Killed):
        await submit_crawl(job, database=context.database, providers=providers, policy=context.policy)
    await house.end_leases()


def closed(house: House, port: int) -> Governed:
    """The provider at an address where nobody listens."""
    provider = bright_data.build(house.runtime.settings, house.runtime.session, url=f"http://127.0.0.1:{port}")
    return Governed(provider, house.context.providers["bright_data"].governor)
