"""What is of this machine is asked by nobody, also where its address is one of the internet."""

import pytest

from infra.runtime.egress import destination as destinations
from infra.runtime.egress import resolve as resolving
from infra.runtime.egress.destination import destination
from infra.runtime.egress.guard import Guard
from infra.runtime.egress.refused import EgressRefused
from infra.runtime.egress.resolve import resolve
from infra.runtime.egress.session import late_session

OTHERS = "203.0.113.7"  # nobody has it


@pytest.fixture(autouse=True)
def all_addresses_are_public(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine that has a public one: what is left to tell it by is that it is its own."""
    for module in (destinations, resolving):
        monkeypatch.setattr(module, "public", lambda _: True)


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "http://site.example/"])
async def test_an_address_of_this_machine_is_refused(url: str) -> None:
    async def here(_: str) -> list[str]:
        return [OTHERS, "127.0.0.1"]

    with pytest.raises(EgressRefused, match="which is this machine"):
        await resolve(destination(url), lookup=here)


async def test_control_one_of_another_machine_is_not() -> None:
    assert await resolve(destination(f"http://{OTHERS}/")) == [OTHERS]


async def test_a_session_asks_it_by_its_number_as_little_as_by_a_name() -> None:
    async with late_session(Guard()) as session:
        with pytest.raises(EgressRefused, match="which is this machine"):
            await session.get("http://127.0.0.1/")
